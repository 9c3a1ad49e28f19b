import type { Event, Tokens } from '../../core/events.ts'
import type { Database, SqlParams } from '../sqlite.ts'
import type { KnownEvents } from './port.ts'
import { EVENT_COLUMNS, eventOf, hasId, storedId, storedRows } from './rows.ts'

/** What intake asks of the index. */
export class Known implements KnownEvents {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async known(source: string, ids: readonly string[]): Promise<Map<string, Tokens | null>> {
    const rows = await storedRows(
      this.#db,
      `SELECT ${EVENT_COLUMNS} FROM json_each(?) j CROSS JOIN events e ON ${hasId('j')}
       JOIN scopes s ON s.scope = e.scope AND s.source = ?`,
      [JSON.stringify(ids.map(storedId)), source],
    )
    return new Map(
      rows.map(eventOf).map(({ id, payload }) => [id, 'model' in payload ? { ...payload.tokens } : null]),
    )
  }

  openSessions(source: string): Promise<Map<string, Event[]>> {
    return this.#eventsOf(`SELECT session FROM sessions WHERE source = ? AND open = 1`, source, [source])
  }

  sessionEvents(source: string, sessionIds: readonly string[]): Promise<Map<string, Event[]>> {
    return this.#eventsOf('SELECT value FROM json_each(?)', source, [JSON.stringify(sessionIds)])
  }

  /** All events of a source's sessions that a statement selects, by session, in time order. */
  async #eventsOf(selected: string, source: string, params: SqlParams): Promise<Map<string, Event[]>> {
    const rows = await storedRows(
      this.#db,
      `SELECT ${EVENT_COLUMNS} FROM scopes s JOIN events e USING (scope)
       WHERE s.source = ? AND s.session IN (${selected}) ORDER BY e.at, e.row`,
      [source, ...params],
    )
    const sessions = new Map<string, Event[]>()
    for (const event of rows.map(eventOf)) {
      const list = sessions.get(event.payload.sessionId)
      if (list) list.push(event)
      else sessions.set(event.payload.sessionId, [event])
    }
    return sessions
  }
}
