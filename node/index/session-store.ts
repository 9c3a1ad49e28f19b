import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from '../sqlite.ts'
import type { Entry } from './rows.ts'
import { entryOf, EVENT_COLUMNS, storedRows } from './rows.ts'
import type { SessionFold } from './session-fold.ts'
import { awaitsAnswer, emptyFold, foldAgain, foldIn, isExact, isOpen } from './session-fold.ts'

/** Sessions that are remembered between batches at most. */
const MAX_REMEMBERED = 500
/** Events that are folded at a time: between two the event loop is free. */
const SLICE = 500
/** Events of a session that are read at a time when it is folded anew. */
const PAGE = 1000

/** One version of an event takes the place of another; null where there was, or is, none. */
export interface Change {
  before: Entry | null
  after: Entry | null
}

interface StoredFold {
  fold: string
}

/** `Infinity` has no JSON; an empty session is never written. */
function parseFold({ fold }: StoredFold): SessionFold {
  return JSON.parse(fold) as SessionFold
}

const keyOf = (source: string, session: string): string => `${session} ${source}`

/** Keeps the session table: folds changes in, or folds a session anew where that would not be exact. */
export class SessionStore {
  readonly #db: Database
  readonly #folds = new Map<string, SessionFold>()

  constructor(db: Database) {
    this.#db = db
  }

  /**
   * Takes over changes; `written` resolves when their rows have been written. Called within their transaction.
   * Answers the sessions that changed and still have events.
   */
  async apply(changes: readonly Change[], written: Promise<unknown>): Promise<SessionFold[]> {
    const touched = await this.#load(changes)
    const anew = new Set<string>()
    let folded = 0
    for (const { before, after } of changes) {
      if (++folded % SLICE === 0) await nextTurn()
      for (const entry of after ? [before, after] : [before]) {
        if (!entry) continue
        const { source, payload } = entry.event
        const key = keyOf(source, payload.sessionId)
        const fold = touched.get(key)!
        if (!after || !isExact(fold, before, after)) anew.add(key)
        if (entry !== after || anew.has(key)) continue
        if (before) foldAgain(fold, before, after)
        else foldIn(fold, after)
      }
    }
    await written
    const gone: SessionFold[] = []
    for (const key of anew) {
      const { source, sessionId } = touched.get(key)!
      const fold = await this.#foldAnew(source, sessionId)
      if (fold.lastRow >= 0) touched.set(key, fold)
      else {
        gone.push(fold)
        touched.delete(key)
        this.#folds.delete(key)
      }
    }
    const changed = [...touched.values()]
    await this.#write(changed, gone)
    if (this.#folds.size > MAX_REMEMBERED) this.#folds.clear()
    for (const [key, fold] of touched) this.#folds.set(key, fold)
    return changed
  }

  /** Forgets all: after a rollback the folds are ahead of the table. */
  clear(): void {
    this.#folds.clear()
  }

  /** The sessions of all entries, by key; those that are new are empty. */
  async #load(changes: readonly Change[]): Promise<Map<string, SessionFold>> {
    const touched = new Map<string, SessionFold>()
    const missing: [source: string, session: string][] = []
    for (const entry of changes.flatMap(({ before, after }) => [before, after])) {
      if (!entry) continue
      const { source, payload } = entry.event
      const key = keyOf(source, payload.sessionId)
      if (touched.has(key)) continue
      const remembered = this.#folds.get(key)
      touched.set(key, remembered ?? emptyFold(source, payload.sessionId))
      if (!remembered) missing.push([source, payload.sessionId])
    }
    if (missing.length === 0) return touched
    const rows = await this.#db.all<StoredFold>(
      `SELECT s.fold FROM json_each(?) j
       JOIN sessions s ON s.source = j.value->>0 AND s.session = j.value->>1`,
      [JSON.stringify(missing)],
    )
    for (const fold of rows.map(parseFold)) touched.set(keyOf(fold.source, fold.sessionId), fold)
    return touched
  }

  async #foldAnew(source: string, sessionId: string): Promise<SessionFold> {
    const fold = emptyFold(source, sessionId)
    for (;;) {
      const rows = await storedRows(
        this.#db,
        `SELECT ${EVENT_COLUMNS} FROM events e JOIN scopes s USING (scope)
         WHERE scope IN (SELECT scope FROM scopes WHERE source = ? AND session = ?) AND e.row > ?
         ORDER BY e.row LIMIT ${PAGE}`,
        [source, sessionId, fold.maxRow],
      )
      for (const row of rows) foldIn(fold, entryOf(row))
      if (rows.length < PAGE) return fold
    }
  }

  async #write(changed: readonly SessionFold[], gone: readonly SessionFold[]): Promise<void> {
    if (gone.length > 0) {
      await this.#db.run(
        `DELETE FROM sessions WHERE (source, session) IN (SELECT value->>0, value->>1 FROM json_each(?))`,
        [JSON.stringify(gone.map(({ source, sessionId }) => [source, sessionId]))],
      )
    }
    if (changed.length === 0) return
    await this.#db.run(
      `INSERT OR REPLACE INTO sessions
       SELECT ${Array.from({ length: 8 }, (_, i) => `value->>${i}`).join(', ')} FROM json_each(?)`,
      [JSON.stringify(changed.map(columnsOf))],
    )
  }
}

function columnsOf(fold: SessionFold): (string | number)[] {
  const { source, sessionId, firstAt, lastAt, clock } = fold
  const until = Math.max(clock.lastAt || firstAt, clock.endedAt)
  return [
    source,
    sessionId,
    firstAt,
    lastAt,
    until,
    Number(awaitsAnswer(fold)),
    Number(isOpen(fold)),
    JSON.stringify(fold),
  ]
}
