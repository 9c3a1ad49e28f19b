import type { Event } from '../../core/events.ts'
import type { Database } from '../sqlite.ts'

/** Scopes that are remembered at most; beyond that they are asked for anew. */
const MAX_REMEMBERED = 5000

/** What a scope's events have in common. */
interface Scope {
  /** -1 until it is known. */
  number: number
  columns: readonly [source: string, session: string, project: string, tag: string, assistant: string]
}

/** Numbers for what most events of a session have in common. */
export class Scopes {
  readonly #db: Database
  readonly #bySession = new Map<string, Scope[]>()
  #remembered = 0

  constructor(db: Database) {
    this.#db = db
  }

  /** The number of each event's scope; new ones are written. Called within the transaction of the rows. */
  async numbersOf(events: readonly Event[]): Promise<number[]> {
    if (this.#remembered > MAX_REMEMBERED) this.clear()
    const scopes = events.map((event) => this.#scopeOf(event))
    const missing = new Set(scopes.filter(({ number }) => number < 0))
    if (missing.size > 0) await this.#learn([...missing])
    return scopes.map(({ number }) => number)
  }

  #scopeOf({ source, payload }: Event): Scope {
    const { sessionId, project, projectTag = '', assistant } = payload
    let list = this.#bySession.get(sessionId)
    if (!list) this.#bySession.set(sessionId, (list = []))
    for (const scope of list) {
      const { columns } = scope
      if (
        columns[0] === source &&
        columns[2] === project &&
        columns[3] === projectTag &&
        columns[4] === assistant
      )
        return scope
    }
    const scope: Scope = { number: -1, columns: [source, sessionId, project, projectTag, assistant] }
    list.push(scope)
    this.#remembered++
    return scope
  }

  async #learn(missing: readonly Scope[]): Promise<void> {
    const json = JSON.stringify(missing.map(({ columns }) => columns))
    await this.#db.run(
      `INSERT INTO scopes (source, session, project, tag, assistant)
       SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?) WHERE true
       ON CONFLICT DO NOTHING`,
      [json],
    )
    const rows = await this.#db.all<{ scope: number; place: number }>(
      `SELECT s.scope, j.key AS place
       FROM json_each(?) j JOIN scopes s ON s.source = j.value->>0 AND s.session = j.value->>1
         AND s.project = j.value->>2 AND s.tag = j.value->>3 AND s.assistant = j.value->>4`,
      [json],
    )
    for (const { scope, place } of rows) missing[place]!.number = scope
  }

  /** Forgets all: after a rollback the numbers may be others'. */
  clear(): void {
    this.#bySession.clear()
    this.#remembered = 0
  }
}
