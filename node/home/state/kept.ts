import type { Database } from '../../sqlite.ts'

/** Single values that outlive the process, by name. */
export class Kept {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async get(key: string): Promise<string | null> {
    const row = await this.#database.get<{ value: string }>('SELECT value FROM kept WHERE key = ?', [key])
    return row?.value ?? null
  }

  async set(key: string, value: string): Promise<void> {
    await this.#database.run(
      'INSERT INTO kept (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      [key, value],
    )
  }
}
