/** Wakes the one who waits; a ring that nobody waits for is kept for who waits next. */
export class Alarm {
  #hasRung = false
  #wake: (() => void) | null = null

  ring(): void {
    this.#hasRung = true
    this.#wake?.()
  }

  /** Resolves with the next ring, or at once where it has rung since the last time. */
  async wait(): Promise<void> {
    if (!this.#hasRung) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#wake = null
    this.#hasRung = false
  }
}
