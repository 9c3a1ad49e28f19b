import { Remembered } from './remembered.ts'

/** Prompts are compared by their beginnings, which are never cut. */
const COMPARED_CHARACTERS = 40
const MAX_PROMPTS = 4096

/**
 * What a person said in a session. Gemini CLI writes a conversation again when it compacts it, and when it hides old
 * results: prompts have other ids and other times then, and only their words tell that they are not new.
 */
export class Prompts {
  readonly #beginnings = new Remembered(MAX_PROMPTS)
  #isReplay = false

  get isEmpty(): boolean {
    return this.#beginnings.isEmpty
  }

  /** The conversation begins: again, where something was said in it before. */
  begin(): void {
    this.#isReplay = !this.isEmpty
  }

  /** What follows is new. */
  goOn(): void {
    this.#isReplay = false
  }

  /** What is being read may have been said before. */
  get isReplay(): boolean {
    return this.#isReplay
  }

  /** Whether a person said this now. */
  take(text: string): boolean {
    const isNew = this.#beginnings.add(text.slice(0, COMPARED_CHARACTERS))
    return isNew || !this.#isReplay
  }
}
