import type { Timers } from '../core/timers.ts'

/** Written at most so often: a node that is ended at once forgets a minute at most. */
const SAVE_AFTER_MS = 60_000

/** Where it is kept; times in ms since 1970, by z32 of the device key. */
export interface SeenStore {
  load(): Promise<Map<string, number>>
  save(times: ReadonlyMap<string, number>): Promise<void>
}

/** When each device was last met. */
export class LastSeen {
  readonly times: ReadonlyMap<string, number>
  readonly #times: Map<string, number>
  readonly #unsaved = new Map<string, number>()
  readonly #store: SeenStore
  readonly #timers: Timers
  readonly #onError: (error: unknown) => void
  #stopTimer: (() => void) | null = null

  private constructor(
    times: Map<string, number>,
    store: SeenStore,
    timers: Timers,
    onError: (error: unknown) => void,
  ) {
    this.times = this.#times = times
    this.#store = store
    this.#timers = timers
    this.#onError = onError
  }

  /** `onError` hears of times that could not be written; they are written with the next. */
  static async load(store: SeenStore, timers: Timers, onError: (error: unknown) => void): Promise<LastSeen> {
    return new LastSeen(await store.load(), store, timers, onError)
  }

  note(device: string, at: number): void {
    if ((this.#times.get(device) ?? 0) >= at) return
    this.#times.set(device, at)
    this.#unsaved.set(device, at)
    this.#stopTimer ??= this.#timers.after(SAVE_AFTER_MS, () => void this.flush().catch(this.#onError))
  }

  /** Writes what has not been written. */
  async flush(): Promise<void> {
    this.#stopTimer?.()
    this.#stopTimer = null
    const times = new Map(this.#unsaved)
    await this.#store.save(times)
    for (const [device, at] of times) if (this.#unsaved.get(device) === at) this.#unsaved.delete(device)
  }
}
