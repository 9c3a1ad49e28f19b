import type { Timers } from '../core/timers.ts'

/** New blocks are looked at so often, so that they are not read one by one. */
const LOOK_MS = 1000

export interface PaceOptions {
  timers: Timers
  /** From 0 to 1. */
  random: () => number
  intervalMs: number
  /** Something may be due. */
  onDue: () => void
}

/** When it is time for a call that is not full, and to look for more: by timers alone, so that no clock that jumps matters. */
export class Pace {
  readonly #options: PaceOptions
  /** The first call goes at once. */
  #isTime = true
  #isFirst = true
  #stopInterval: (() => void) | null = null
  #stopLook: (() => void) | null = null

  constructor(options: PaceOptions) {
    this.#options = options
  }

  get isTime(): boolean {
    return this.#isTime
  }

  /** A call was made. */
  called(): void {
    const { timers, random, intervalMs, onDue } = this.#options
    // Two archivers that were started together do not go on together.
    const ms = this.#isFirst ? Math.round(intervalMs * (0.5 + random() / 2)) : intervalMs
    this.#isFirst = false
    this.#isTime = false
    this.#stopInterval?.()
    this.#stopInterval = timers.after(ms, () => {
      this.#isTime = true
      onDue()
    })
  }

  /** There is more to read. */
  lookSoon(): void {
    this.#stopLook ??= this.#options.timers.after(LOOK_MS, () => {
      this.#stopLook = null
      this.#options.onDue()
    })
  }

  stop(): void {
    this.#stopInterval?.()
    this.#stopLook?.()
  }
}
