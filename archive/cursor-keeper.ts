import { quoted } from '../core/printable.ts'
import type { Timers } from '../core/timers.ts'
import type { ArchiveCursors } from './port.ts'
import type { Say } from './say.ts'

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 60_000

/**
 * Keeps the cursors, one save at a time. Where one fails, as on a full disk, archiving goes on and it is tried again:
 * what is sent twice after a restart is stored once.
 */
export class CursorKeeper {
  readonly #cursors: ArchiveCursors
  readonly #timers: Timers
  readonly #say: Say
  #unsaved = new Map<string, number>()
  #saving: Promise<void> | null = null
  #retry: (() => void) | null = null
  #waitMs = FIRST_WAIT_MS

  constructor(cursors: ArchiveCursors, timers: Timers, say: Say) {
    this.#cursors = cursors
    this.#timers = timers
    this.#say = say
  }

  /** Those of one call: they are saved together. */
  move(moved: ReadonlyMap<string, number>): void {
    for (const [core, cursor] of moved) this.#unsaved.set(core, cursor)
    if (!this.#retry) this.#save()
  }

  /** Resolves when what was moved so far is saved, or could not be. */
  async settled(): Promise<void> {
    while (this.#saving) await this.#saving
  }

  /** Tries once more what could not be saved. */
  async close(): Promise<void> {
    this.#callOff()
    this.#save()
    await this.settled()
    this.#callOff()
  }

  #callOff(): void {
    this.#retry?.()
    this.#retry = null
  }

  #save(): void {
    if (this.#saving || this.#unsaved.size === 0) return
    this.#saving = this.#saveAll().finally(() => (this.#saving = null))
  }

  async #saveAll(): Promise<void> {
    while (this.#unsaved.size > 0) {
      const moved = this.#unsaved
      this.#unsaved = new Map()
      try {
        await this.#cursors.save(moved)
      } catch (error) {
        this.#unsaved = new Map([...moved, ...this.#unsaved])
        this.#failed(error)
        return
      }
      if (this.#waitMs > FIRST_WAIT_MS) this.#say('info', 'How far the archive has come is kept again.')
      this.#waitMs = FIRST_WAIT_MS
    }
  }

  #failed(error: unknown): void {
    if (this.#waitMs === FIRST_WAIT_MS) {
      const why = quoted(error instanceof Error ? error.message : String(error))
      this.#say(
        'warning',
        `How far the archive has come cannot be kept: ${why}. Archiving goes on; after a restart some is sent again, which does no harm. Make room on the disk of VIBETEA_HOME.`,
      )
    }
    this.#retry = this.#timers.after(this.#waitMs, () => {
      this.#retry = null
      this.#save()
    })
    this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_WAIT_MS)
  }
}
