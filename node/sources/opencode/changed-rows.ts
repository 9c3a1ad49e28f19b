import type { Database } from '../../sqlite.ts'
import type { Columns, Table } from './rows.ts'
import { changedRows, idOfRow, isReadable, lastRow, pieceEnd } from './rows.ts'

/** Rows that one statement looks through: so few that nobody waits for it. */
const SCANNED_ROWS = 20_000
/** Rows that may still change that are looked at each time. */
const MAX_OPEN_ROWS = 500

/** A row of a table, and when it was changed, ms since 1970; 0 where it does not tell. */
export interface ChangedRow {
  table: Table
  row: number
  updated: number
}

/**
 * Finds the rows of a table that were changed. OpenCode has no index on the time of a change, so looking for it reads the
 * whole table. In between only what was added is looked for, and what is known to be unfinished.
 */
export class ChangedRows {
  /** Rows that were read and will change yet: a message without its end, a call without its result. */
  readonly open = new Set<number>()
  readonly #table: Table
  #last = 0
  #lastId: unknown = null

  constructor(table: Table) {
    this.#table = table
  }

  /** All rows changed at `since` or later. */
  async since(database: Database, columns: Columns, since: number): Promise<ChangedRow[]> {
    const found: ChangedRow[] = []
    if (!isReadable(columns, this.#table)) return found
    this.#last = 0
    for (;;) {
      const end = await this.#endAfter(database, this.#last)
      // In a damaged table rows can follow that have the numbers of earlier ones, and it would never end.
      if (end === null || end <= this.#last) break
      await this.#addChanged(database, columns, found, this.#last, end, since)
      this.#last = end
    }
    this.#lastId = await this.#idOf(database)
    return found
  }

  /** The rows added since the last look, and those that are open; null where only a whole look can tell. */
  async added(database: Database, columns: Columns): Promise<ChangedRow[] | null> {
    const found: ChangedRow[] = []
    if (!isReadable(columns, this.#table)) return found
    const now = await database.get<{ last: unknown; id: unknown }>(lastRow(this.#table), [this.#last])
    const last = typeof now?.last === 'number' ? now.last : 0
    // Rows that were removed give their numbers to later ones.
    if (last < this.#last || now?.id !== this.#lastId) return null
    await this.#addChanged(database, columns, found, this.#last, last, 0)
    for (const row of [...this.open].slice(-MAX_OPEN_ROWS))
      found.push({ table: this.#table, row, updated: 0 })
    this.#last = last
    this.#lastId = await this.#idOf(database)
    return found
  }

  async #endAfter(database: Database, row: number): Promise<number | null> {
    const found = await database.get<{ last: unknown }>(pieceEnd(this.#table), [row, SCANNED_ROWS])
    return typeof found?.last === 'number' ? found.last : null
  }

  async #addChanged(
    database: Database,
    columns: Columns,
    found: ChangedRow[],
    after: number,
    to: number,
    since: number,
  ): Promise<void> {
    const rows = await database.all<{ row: number; updated: unknown }>(changedRows(columns, this.#table), [
      after,
      to,
      since,
    ])
    for (const { row, updated } of rows) {
      const isTime = Number.isSafeInteger(updated) && (updated as number) > 0
      found.push({ table: this.#table, row, updated: isTime ? (updated as number) : 0 })
    }
  }

  async #idOf(database: Database): Promise<unknown> {
    return (await database.get<{ id: unknown }>(idOfRow(this.#table), [this.#last]))?.id ?? null
  }
}
