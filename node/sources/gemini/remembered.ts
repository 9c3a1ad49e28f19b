import { keepNewest } from '../fields.ts'

/** The last of what was added, at most `size` texts. */
export class Remembered {
  readonly #members = new Set<string>()
  readonly #size: number

  constructor(size: number) {
    this.#size = size
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  has(member: string): boolean {
    return this.#members.has(member)
  }

  /** Whether it was not there before. */
  add(member: string): boolean {
    if (this.#members.has(member)) return false
    this.#members.add(member)
    keepNewest(this.#members, this.#size)
    return true
  }
}
