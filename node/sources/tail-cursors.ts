import type { Timers } from '../../core/timers.ts'
import type { Cursor, CursorStore } from './tail-port.ts'

/** Cursors that have moved are saved together, at most this often. */
export const SAVE_EVERY_MS = 250

/** Saves places soon after they have moved, many at once, and one save at a time. */
export class CursorKeeper {
  readonly #store: CursorStore
  readonly #timers: Timers
  readonly #saved: (error: unknown) => void
  /** By path; null where the file is gone. */
  #moved = new Map<string, (() => Cursor) | null>()
  #cancel: (() => void) | null = null
  #saving: Promise<void> = Promise.resolve()

  /** `saved` is told of each save with its error, or undefined; what could not be saved is tried again. */
  constructor(store: CursorStore, timers: Timers, saved: (error: unknown) => void) {
    this.#store = store
    this.#timers = timers
    this.#saved = saved
  }

  /** Notes that a file's place has moved; `cursor` is asked for it when it is saved. */
  moved(path: string, cursor: () => Cursor): void {
    this.#note(path, cursor)
  }

  removed(path: string): void {
    this.#note(path, null)
  }

  /** Saves what has moved. Rejects where the store does; what was not saved is kept for the next time. */
  flush(): Promise<void> {
    this.#cancel?.()
    this.#cancel = null
    const saved = this.#saving.then(() => this.#save())
    this.#saving = saved.catch(() => undefined)
    return saved
  }

  #note(path: string, cursor: (() => Cursor) | null): void {
    this.#moved.set(path, cursor)
    this.#schedule()
  }

  #schedule(): void {
    this.#cancel ??= this.#timers.after(SAVE_EVERY_MS, () => {
      this.#cancel = null
      void this.flush().catch(() => undefined)
    })
  }

  async #save(): Promise<void> {
    const moved = this.#moved
    if (moved.size === 0) return
    this.#moved = new Map()
    const cursors: Cursor[] = []
    const gone: string[] = []
    for (const [path, cursor] of moved) {
      if (cursor) cursors.push(cursor())
      else gone.push(path)
    }
    try {
      if (cursors.length > 0) await this.#store.save(cursors)
      if (gone.length > 0) await this.#store.remove(gone)
    } catch (error) {
      for (const [path, cursor] of moved) if (!this.#moved.has(path)) this.#moved.set(path, cursor)
      this.#schedule()
      this.#saved(error)
      throw error
    }
    this.#saved(undefined)
  }
}
