import type { Event } from '../../core/events.ts'
import type { Timers } from '../../core/timers.ts'

/** Where a batcher's blocks go: each list of events becomes one block. Resolves when they are stored. */
export type AppendBlocks = (blocks: readonly (readonly Event[])[]) => Promise<void>

/** After a block the next one waits this long, so that a busy session costs at most 40 blocks a second. */
export const BATCH_WINDOW_MS = 25
/** Events in a block when more wait than fit; what replicates and packs best. */
export const BLOCK_EVENTS = 100

/**
 * Packs events into blocks. The first event after silence goes at once, then at most one block per 25 ms; when 100 or
 * more wait they go without waiting, 100 a block.
 */
export class Batcher {
  readonly #append: AppendBlocks
  readonly #timers: Timers
  #queue: Event[] = []
  #waiters: { resolve: () => void; reject: (error: unknown) => void }[] = []
  #readyAt = 0
  #isBusy = false
  #isScheduled = false
  #isUrgent = false

  constructor(append: AppendBlocks, timers: Timers) {
    this.#append = append
    this.#timers = timers
  }

  /**
   * Resolves when these events are stored; rejects where storing failed, and they are not. `isUrgent` ones do not wait
   * for the interval to be over: those of a backfill, whose files come one after the other.
   */
  add(events: readonly Event[], isUrgent = false): Promise<void> {
    if (events.length === 0) return Promise.resolve()
    this.#queue.push(...events)
    this.#isUrgent ||= isUrgent
    const stored = new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }))
    this.#schedule()
    return stored
  }

  #schedule(): void {
    if (this.#isBusy || this.#queue.length === 0) return
    const isDue = this.#isUrgent || this.#queue.length >= BLOCK_EVENTS
    const waitMs = isDue ? 0 : this.#readyAt - this.#timers.now()
    if (waitMs <= 0) {
      void this.#flush()
    } else if (!this.#isScheduled) {
      this.#isScheduled = true
      this.#timers.after(waitMs, () => {
        this.#isScheduled = false
        this.#schedule()
      })
    }
  }

  async #flush(): Promise<void> {
    this.#isBusy = true
    const events = this.#queue
    const waiters = this.#waiters
    this.#queue = []
    this.#waiters = []
    this.#isUrgent = false
    const blocks: Event[][] = []
    for (let i = 0; i < events.length; i += BLOCK_EVENTS) blocks.push(events.slice(i, i + BLOCK_EVENTS))
    try {
      await this.#append(blocks)
      for (const { resolve } of waiters) resolve()
    } catch (error) {
      for (const { reject } of waiters) reject(error)
    } finally {
      this.#isBusy = false
      this.#readyAt = this.#timers.now() + BATCH_WINDOW_MS
      this.#schedule()
    }
  }
}
