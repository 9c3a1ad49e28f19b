import type { Event } from '../../core/events.ts'
import type { Database } from '../sqlite.ts'

/** Scopes that are remembered at most; beyond that they are asked for anew. */
const MAX_REMEMBERED = 5000

type Columns = readonly [source: string, session: string, project: string, tag: string, assistant: string]

function columnsOf({ source, payload }: Event): Columns {
  return [source, payload.sessionId, payload.project, payload.projectTag ?? '', payload.assistant]
}

function keyOf({ source, payload }: Event): string {
  const { sessionId, project, projectTag = '', assistant } = payload
  return `${source} ${sessionId} ${project} ${projectTag} ${assistant}`
}

/** Numbers for what most events of a session have in common. */
export class Scopes {
  readonly #db: Database
  readonly #numbers = new Map<string, number>()

  constructor(db: Database) {
    this.#db = db
  }

  /** The number of each event's scope; new ones are written. Called within the transaction of the rows. */
  async numbersOf(events: readonly Event[]): Promise<number[]> {
    if (this.#numbers.size > MAX_REMEMBERED) this.#numbers.clear()
    const keys = events.map(keyOf)
    const missing = new Map<string, Columns>()
    keys.forEach((key, i) => {
      if (!this.#numbers.has(key)) missing.set(key, columnsOf(events[i]!))
    })
    if (missing.size > 0) await this.#learn([...missing.values()])
    return keys.map((key) => this.#numbers.get(key)!)
  }

  async #learn(missing: readonly Columns[]): Promise<void> {
    const json = JSON.stringify(missing)
    await this.#db.run(
      `INSERT INTO scopes (source, session, project, tag, assistant)
       SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?) WHERE true
       ON CONFLICT DO NOTHING`,
      [json],
    )
    const rows = await this.#db.all<{ scope: number; key: string }>(
      `SELECT s.scope, concat_ws(' ', s.source, s.session, s.project, s.tag, s.assistant) AS key
       FROM json_each(?) j JOIN scopes s ON s.source = j.value->>0 AND s.session = j.value->>1
         AND s.project = j.value->>2 AND s.tag = j.value->>3 AND s.assistant = j.value->>4`,
      [json],
    )
    for (const { scope, key } of rows) this.#numbers.set(key, scope)
  }

  /** Forgets all: after a rollback the numbers may be others'. */
  clear(): void {
    this.#numbers.clear()
  }
}
