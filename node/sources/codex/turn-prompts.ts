import type { Prompt } from './record.ts'

/**
 * The prompts of a turn, each once. Until 0.147 a prompt is an event, later an item; some versions write both. A file
 * of events that Codex has turned into one of items may have an item twice, one after the other.
 */
export class TurnPrompts {
  #toldAs: Prompt['toldAs'] | null = null
  #lastItem: string | null = null

  /** Whether a prompt was not told before. */
  isNew({ text, toldAs }: Prompt): boolean {
    this.#toldAs ??= toldAs
    const isAgain = toldAs === 'item' && text === this.#lastItem
    if (toldAs === 'item') this.#lastItem = text
    return toldAs === this.#toldAs && !isAgain
  }

  /** Something was done: the same text after it is another prompt. */
  work(): void {
    this.#lastItem = null
  }

  endTurn(): void {
    this.#toldAs = null
    this.#lastItem = null
  }
}
