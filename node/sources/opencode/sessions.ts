import type { LocalFields } from '../../../core/api.ts'
import type { Database } from '../../sqlite.ts'
import type { Origin } from './facts.ts'
import { MAX_DEPTH, originOf } from './facts.ts'
import type { SessionRecord } from './record.ts'
import { sessionOf } from './record.ts'
import type { Columns } from './rows.ts'
import { changedSessions, isReadable, sessionRows } from './rows.ts'

/** Sessions that one statement asks for. */
const PIECE_ROWS = 300

/** The sessions of the records that are read, as they are during one reading. */
export class Sessions {
  readonly #database: Database
  readonly #columns: Columns
  readonly #known = new Map<string, SessionRecord | null>()
  readonly #locals = new Map<string, LocalFields>()

  constructor(database: Database, columns: Columns) {
    this.#database = database
    this.#columns = columns
  }

  /** The sessions that were changed at `since` or later. */
  async changed(since: number): Promise<string[]> {
    if (!isReadable(this.#columns, 'session')) return []
    const found = await this.#database.all<{ id: unknown }>(changedSessions(this.#columns), [since])
    return found.map(({ id }) => id).filter((id) => typeof id === 'string')
  }

  /** What their owner sees of the sessions that came up since the last call. */
  seen(): Map<string, LocalFields> {
    const seen = new Map(this.#locals)
    this.#locals.clear()
    return seen
  }

  /** Reads the sessions of some ids and those above them. */
  async load(ids: readonly unknown[]): Promise<void> {
    if (!isReadable(this.#columns, 'session')) return
    let missing = this.#unknown(ids)
    for (let depth = 0; missing.length > 0 && depth <= MAX_DEPTH; depth++) {
      for (const id of missing) this.#known.set(id, null)
      const parents: unknown[] = []
      for (let from = 0; from < missing.length; from += PIECE_ROWS) {
        const piece = missing.slice(from, from + PIECE_ROWS)
        for (const row of await this.#database.all<SessionRow>(sessionRows(this.#columns, piece), piece)) {
          const { record } = sessionOf({ ...row, time: { created: row.created } })
          if (!record) continue
          this.#known.set(record.id, record)
          parents.push(record.parentId)
        }
      }
      missing = this.#unknown(parents)
    }
  }

  originOf(sessionId: string): Origin {
    const origin = originOf(sessionId, (id) => this.#known.get(id) ?? null)
    if (origin.title !== null) this.#locals.set(origin.sessionId, { title: origin.title })
    return origin
  }

  #unknown(ids: readonly unknown[]): string[] {
    const texts = ids.filter((id) => typeof id === 'string' && id !== '' && !this.#known.has(id))
    return [...new Set(texts as string[])]
  }
}

type SessionRow = Record<'id' | 'parentID' | 'directory' | 'title' | 'created', unknown>
