import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LocalFields } from '../../core/api.ts'
import type { Draft } from '../../core/rule.ts'
import type { Timers } from '../../core/timers.ts'
import type { Adapter, DatabaseReader } from './port.ts'
import type { DatabaseSink } from './tail-port.ts'

/** A database that nobody writes to for so long is closed, so that nothing of ours keeps it from others. */
export const IDLE_MS = 60_000

/** Sessions of the last day keep their titles and branches over a restart, as `readAgainMs` of the tail. */
const RECENT_LOCALS_MS = 86_400_000

export interface DatabaseIntakeOptions {
  adapter: Adapter
  record(drafts: readonly Draft[]): Promise<void>
  /** What a database says of a session for the owner alone; the session's id is the assistant's own. */
  onLocal(sessionId: string, local: LocalFields): void
  /** What goes wrong while nobody waits for it. */
  onError: (error: unknown) => void
  timers: Timers
}

interface OpenDatabase {
  reader: DatabaseReader
  /** Calls off the closing. */
  stopWaiting: () => void
}

/** Asks one assistant's databases through its adapter what has changed, and has it recorded. */
export class DatabaseIntake implements DatabaseSink {
  readonly #options: DatabaseIntakeOptions
  readonly #open = new Map<string, OpenDatabase>()
  /** Whose sessions' titles and branches are known. */
  readonly #recalled = new Set<string>()
  readonly #closing = new Set<Promise<void>>()

  constructor(options: DatabaseIntakeOptions) {
    this.#options = options
  }

  async changes(
    path: string,
    since: number,
    { marked, isStopping }: { marked: (mark: number) => void; isStopping: () => boolean },
  ): Promise<void> {
    const database = await this.#database(path)
    database.stopWaiting()
    try {
      await this.#recall(path, database.reader)
      for await (const { drafts, mark, locals } of database.reader.changes(since)) {
        await this.#options.record(drafts)
        this.#tell(locals)
        marked(mark)
        if (isStopping()) break
        await nextTurn()
      }
    } catch (error) {
      this.forget(path)
      throw error
    }
    database.stopWaiting = this.#options.timers.after(IDLE_MS, () => this.forget(path))
  }

  forget(path: string): void {
    const database = this.#open.get(path)
    if (!database) return
    this.#open.delete(path)
    database.stopWaiting()
    const closing = database.reader.close().catch(this.#options.onError)
    this.#closing.add(closing)
    void closing.then(() => this.#closing.delete(closing))
  }

  /** Closes every database. */
  async close(): Promise<void> {
    for (const path of this.#open.keys()) this.forget(path)
    await Promise.all(this.#closing)
  }

  async #recall(path: string, reader: DatabaseReader): Promise<void> {
    if (this.#recalled.has(path)) return
    const since = this.#options.timers.now() - RECENT_LOCALS_MS
    this.#tell((await reader.recentLocals?.(since)) ?? new Map())
    this.#recalled.add(path)
  }

  #tell(locals: ReadonlyMap<string, LocalFields>): void {
    for (const [sessionId, local] of locals) this.#options.onLocal(sessionId, local)
  }

  async #database(path: string): Promise<OpenDatabase> {
    const known = this.#open.get(path)
    if (known) return known
    const reader = await this.#options.adapter.openDatabase!(path)
    const database = { reader, stopWaiting: () => undefined }
    this.#open.set(path, database)
    return database
  }
}
