import type { EventRow } from '../../core/api.ts'

/** Ids by source. */
type Ids = Map<string, Set<string>>

/**
 * Which events were counted, so that one that comes again is not counted twice. It knows at least the last half of
 * `capacity`, and forgets the older half when it is full: an id alone takes a fifth of what its row would.
 */
export class Counted {
  readonly #half: number
  #newer: Ids = new Map()
  #older: Ids = new Map()
  /** How many ids the newer half has. */
  #size = 0

  constructor(capacity: number) {
    this.#half = Math.ceil(capacity / 2)
  }

  has({ source, id }: EventRow): boolean {
    return [this.#newer, this.#older].some((ids) => ids.get(source)?.has(id) ?? false)
  }

  /** Adds an event that it does not have. */
  add({ source, id }: EventRow): void {
    if (this.#size >= this.#half) {
      this.#older = this.#newer
      this.#newer = new Map()
      this.#size = 0
    }
    const ids = this.#newer.get(source) ?? new Set()
    ids.add(id)
    this.#newer.set(source, ids)
    this.#size++
  }

  clear(): void {
    this.#newer = new Map()
    this.#older = new Map()
    this.#size = 0
  }
}
