import sqlite3 from 'sqlite3'

export type SqlValue = string | number | null | Uint8Array
export type SqlParams = readonly SqlValue[]

export interface DatabaseOptions {
  readOnly?: boolean
  /** Is given the error of a statement; what it answers is thrown. */
  explain?: (error: Error) => Error
}

/**
 * One handle of SQLite with promises. Statements of one handle interleave, so a batch that must hold together is one
 * statement, or runs in `transaction`, which lets nothing of the same handle in between.
 */
export class Database {
  readonly #handle: sqlite3.Database
  readonly #explain: (error: Error) => Error
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(handle: sqlite3.Database, explain: (error: Error) => Error) {
    this.#handle = handle
    this.#explain = explain
  }

  /** Opens a file, making it where it does not exist unless `readOnly`. Throws SQLite's error (`code`: SQLITE_…). */
  static async open(path: string, { readOnly = false, explain }: DatabaseOptions = {}): Promise<Database> {
    const mode = readOnly ? sqlite3.OPEN_READONLY : sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE
    const handle = await new Promise<sqlite3.Database>((resolve, reject) => {
      const opened: sqlite3.Database = new sqlite3.Database(path, mode, (error) =>
        error ? reject(error) : resolve(opened),
      )
    })
    handle.configure('busyTimeout', 5000)
    return new Database(handle, explain ?? ((error) => error))
  }

  all<Row>(sql: string, params: SqlParams = []): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.#handle.all<Row>(sql, params, (error, rows) => {
        if (error) reject(this.#explain(error))
        else resolve(rows)
      })
    })
  }

  async get<Row>(sql: string, params: SqlParams = []): Promise<Row | undefined> {
    return (await this.all<Row>(sql, params))[0]
  }

  /** Runs one statement; the number of rows that it changed. */
  run(sql: string, params: SqlParams = []): Promise<number> {
    return new Promise((resolve, reject) => {
      const explain = this.#explain
      this.#handle.run(sql, params, function (error) {
        if (error) reject(explain(error))
        else resolve(this.changes)
      })
    })
  }

  /** Runs statements without parameters, in order. */
  exec(sql: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#handle.exec(sql, (error) => (error ? reject(this.#explain(error)) : resolve()))
    })
  }

  /** Runs `work` between BEGIN and COMMIT; transactions of one handle wait for each other. Rolls back on an error. */
  transaction<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(async () => {
      await this.exec('BEGIN IMMEDIATE')
      try {
        const value = await work()
        await this.exec('COMMIT')
        return value
      } catch (error) {
        await this.#rollBack(error)
        throw error
      }
    })
    this.#turn = result.catch(() => undefined)
    return result
  }

  /** After some errors, a full disk among them, SQLite has rolled back by itself. */
  async #rollBack(cause: unknown): Promise<void> {
    try {
      await this.exec('ROLLBACK')
    } catch (error) {
      if (error instanceof Error && error.message.includes('no transaction is active')) return
      throw new AggregateError([cause, error], 'a transaction failed and could not be rolled back', {
        cause: error,
      })
    }
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#handle.close((error) => (error ? reject(error) : resolve()))
    })
  }
}
