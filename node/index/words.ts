import type { Database } from '../sqlite.ts'

/** Words that are remembered at most; beyond that they are asked for anew. */
const MAX_REMEMBERED = 5000

/** Numbers for the names that counts are kept by: projects, models and the like. */
export class Words {
  readonly #db: Database
  readonly #numbers = new Map<string, number>()

  constructor(db: Database) {
    this.#db = db
  }

  /** Tells the number of each of these; new ones are written. Called within the transaction of the rows. */
  async numbersOf(texts: ReadonlySet<string>): Promise<(text: string) => number> {
    if (this.#numbers.size > MAX_REMEMBERED) this.clear()
    const missing = [...texts].filter((text) => !this.#numbers.has(text))
    if (missing.length > 0) await this.#learn(JSON.stringify(missing))
    return (text) => this.#numbers.get(text)!
  }

  async #learn(missing: string): Promise<void> {
    await this.#db.run(
      'INSERT INTO words (text) SELECT value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING',
      [missing],
    )
    const rows = await this.#db.all<{ word: number; text: string }>(
      'SELECT w.word, w.text FROM json_each(?) j CROSS JOIN words w ON w.text = j.value',
      [missing],
    )
    for (const { word, text } of rows) this.#numbers.set(text, word)
  }

  /** Forgets all: after a rollback the numbers may be others'. */
  clear(): void {
    this.#numbers.clear()
  }
}
