import type { Timers } from '../../core/timers.ts'
import type { Growth } from './growth.ts'

/** What is kept of a log of the team beside its blocks. */
export interface LogState extends Growth {
  /** Blocks before this have been cleared here. */
  floor: number
  /** The log begins here, as its writer had cleared what is before when it came; 0 where it is whole. */
  start: number
  /** Why the log is read no more, a sentence; null where it is. */
  quarantine: string | null
}

/** Where log states are kept: a table of `state.db`. `core` is z32 of the log's key. */
export interface LogStateStore {
  load(): Promise<({ core: string } & LogState)[]>
  save(core: string, state: LogState): Promise<void>
}

/** Counters are written this long after a change, at the latest. */
const SAVE_AFTER_MS = 5000

/** The states of all logs, in memory; counters are written now and then. */
export class LogStates {
  readonly #store: LogStateStore
  readonly #timers: Timers
  readonly #onFailure: (error: unknown) => void
  readonly #states: Map<string, LogState>
  readonly #unsaved = new Set<string>()
  #stopTimer: (() => void) | null = null

  private constructor(
    store: LogStateStore,
    timers: Timers,
    onFailure: (error: unknown) => void,
    states: Map<string, LogState>,
  ) {
    this.#store = store
    this.#timers = timers
    this.#onFailure = onFailure
    this.#states = states
  }

  /** `onFailure` is told where counters could not be written; they are written again later. */
  static async load(
    store: LogStateStore,
    timers: Timers,
    onFailure: (error: unknown) => void,
  ): Promise<LogStates> {
    const rows = await store.load()
    return new LogStates(store, timers, onFailure, new Map(rows.map(({ core, ...state }) => [core, state])))
  }

  get(core: string): LogState {
    return this.#states.get(core) ?? { floor: 0, start: 0, day: 0, bytes: 0, events: 0, quarantine: null }
  }

  /** Resolves when it is written: for what must not be lost. */
  async save(core: string, change: Partial<LogState>): Promise<void> {
    this.#change(core, change)
    await this.#store.save(core, this.get(core))
  }

  /** Writes it soon. */
  saveSoon(core: string, change: Partial<LogState>): void {
    this.#change(core, change)
    this.#unsaved.add(core)
    this.#stopTimer ??= this.#timers.after(SAVE_AFTER_MS, () => {
      this.#stopTimer = null
      this.flush().catch(this.#onFailure)
    })
  }

  /** Writes what has not been written. */
  async flush(): Promise<void> {
    this.#stopTimer?.()
    this.#stopTimer = null
    for (const core of [...this.#unsaved]) {
      this.#unsaved.delete(core) // before, for it may change again while it is written
      try {
        await this.#store.save(core, this.get(core))
      } catch (error) {
        this.#unsaved.add(core)
        throw error
      }
    }
  }

  #change(core: string, change: Partial<LogState>): void {
    this.#states.set(core, { ...this.get(core), ...change })
  }
}
