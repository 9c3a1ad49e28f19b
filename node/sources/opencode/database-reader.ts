import type { Draft } from '../../../core/rule.ts'
import { Database } from '../../sqlite.ts'
import type { Fields } from '../json-line.ts'
import type { Changes, DatabaseReader } from '../port.ts'
import type { ChangedRow } from './changed-rows.ts'
import { ChangedRows } from './changed-rows.ts'
import { databaseError, unknownVersion } from './database-error.ts'
import { messageDrafts, partDrafts } from './facts.ts'
import { messageOf, partOf } from './record.ts'
import type { Columns, Table } from './rows.ts'
import * as rows from './rows.ts'
import { Sessions } from './sessions.ts'

/** How long a statement waits for a lock, in ms: OpenCode's own statements take less. */
const BUSY_TIMEOUT_MS = 250
/** Rows in one piece of changes. */
const PIECE_ROWS = 300
/** Rows are visible a little after the time of their change, and a clock may be set back a little. */
const MARGIN_MS = 10_000
/** How long only what was added is looked for, in ms. */
const LOOK_ALL_EVERY_MS = 5 * 60_000

export interface OpenCodeDatabaseOptions {
  /** ms since 1970. */
  now?: () => number
}

/** Reads OpenCode's database, which OpenCode writes meanwhile: short statements, no transaction, nothing changed. */
export class OpenCodeDatabaseReader implements DatabaseReader {
  readonly #database: Database
  readonly #now: () => number
  readonly #changed = { message: new ChangedRows('message'), part: new ChangedRows('part') }
  /** When all was looked through last; what that look began from is the mark until the next. */
  #lookedAt = -Infinity
  #mark = 0

  private constructor(database: Database, now: () => number) {
    this.#database = database
    this.#now = now
  }

  /** Throws a `VibeTeaError` where there is no database that can be read, or it is locked. */
  static async open(
    path: string,
    { now = Date.now }: OpenCodeDatabaseOptions = {},
  ): Promise<OpenCodeDatabaseReader> {
    const database = await opened(path)
    try {
      await database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA query_only = ON`)
    } catch (error) {
      await database.close()
      throw error
    }
    return new OpenCodeDatabaseReader(database, now)
  }

  async *changes(since: number): AsyncGenerator<Changes> {
    const columns = await this.#columns()
    // A database of somebody else, or one that OpenCode has just begun.
    if (!rows.areOurs(columns)) return
    const missing = rows.missingIn(columns)
    const sessions = new Sessions(this.#database, columns)
    const isRecent = since === this.#mark && this.#isRecent()
    const lookedAt = this.#lookedAt
    // Whoever stops in the middle of this reading has missed the rest of it.
    this.#lookedAt = -Infinity
    const added = isRecent ? await this.#added(columns) : null
    if (added) {
      yield* this.#read(added, columns, sessions, () => since)
      this.#lookedAt = lookedAt
    } else {
      yield* this.#readAll(since, columns, sessions)
    }
    if (missing.length > 0) throw unknownVersion(missing)
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  async *#readAll(since: number, columns: Columns, sessions: Sessions): AsyncGenerator<Changes> {
    const lookedAt = this.#now()
    const found = await this.#all(columns, since)
    let mark = since
    yield* this.#read(found, columns, sessions, (next) => {
      mark = Math.max(mark, Math.min(next, lookedAt) - MARGIN_MS)
      return mark
    })
    this.#lookedAt = lookedAt
    this.#mark = mark
  }

  #isRecent(): boolean {
    const ago = this.#now() - this.#lookedAt
    return ago >= 0 && ago < LOOK_ALL_EVERY_MS
  }

  async #columns(): Promise<Columns> {
    const columns: Record<Table, Set<string>> = { session: new Set(), message: new Set(), part: new Set() }
    for (const table of rows.TABLES) {
      const found = await this.#database.all<{ name: string }>(rows.columnsOf(table))
      for (const { name } of found) columns[table].add(name)
    }
    return columns
  }

  async #added(columns: Columns): Promise<ChangedRow[] | null> {
    const messages = await this.#changed.message.added(this.#database, columns)
    const parts = await this.#changed.part.added(this.#database, columns)
    return messages && parts && [...messages, ...parts]
  }

  /** All that was changed at `since` or later, oldest first, as far as the database tells. */
  async #all(columns: Columns, since: number): Promise<ChangedRow[]> {
    const messages = await this.#changed.message.since(this.#database, columns, since)
    const parts = await this.#changed.part.since(this.#database, columns, since)
    return [...messages, ...parts].sort((a, b) => a.updated - b.updated || a.row - b.row)
  }

  /** `markAt` gives the mark where all that changed before a time was read. */
  async *#read(
    found: readonly ChangedRow[],
    columns: Columns,
    sessions: Sessions,
    markAt: (time: number) => number,
  ): AsyncGenerator<Changes> {
    const titled = await sessions.changed(markAt(-Infinity))
    await sessions.load(titled)
    for (const id of titled) sessions.originOf(id)
    let from = 0
    do {
      const piece = found.slice(from, from + PIECE_ROWS)
      from += PIECE_ROWS
      const drafts = await this.#drafts(piece, columns, sessions)
      const locals = sessions.seen()
      const mark = markAt((found[from] ?? piece.at(-1))?.updated ?? -Infinity)
      if (piece.length > 0 || locals.size > 0) yield { drafts, mark, locals }
    } while (from < found.length)
  }

  async #drafts(piece: readonly ChangedRow[], columns: Columns, sessions: Sessions): Promise<Draft[]> {
    const of = (table: Table) => piece.filter((each) => each.table === table).map(({ row }) => row)
    const [messages, parts] = [of('message'), of('part')]
    const found = {
      messages: messages.length > 0 ? await this.#rows(rows.messageRows(columns, messages), messages) : [],
      parts: parts.length > 0 ? await this.#rows(rows.partRows(columns, parts), parts) : [],
    }
    for (const row of messages) this.#changed.message.open.delete(row)
    for (const row of parts) this.#changed.part.open.delete(row)
    await sessions.load([...found.messages, ...found.parts].map(({ sessionID }) => sessionID))
    const drafts = [
      ...found.messages.flatMap((row) => this.#messageDrafts(row, sessions)),
      ...found.parts.flatMap((row) => this.#partDrafts(row, sessions)),
    ]
    const replayed = await this.#replayed(drafts, columns)
    return drafts.filter(({ fact }) => fact.type !== 'prompt' || !replayed.has(fact.text))
  }

  /** Messages among the prompts that nobody wrote. */
  async #replayed(drafts: readonly Draft[], columns: Columns): Promise<ReadonlySet<string>> {
    const ids = new Set(drafts.flatMap(({ fact }) => (fact.type === 'prompt' ? [fact.text] : [])))
    if (ids.size === 0 || !rows.knowsReplays(columns)) return new Set()
    const found = await this.#database.all<{ id: string }>(rows.replayedMessages([...ids]), [...ids])
    return new Set(found.map(({ id }) => id))
  }

  #rows(sql: string, ids: readonly number[]): Promise<RecordRow[]> {
    return this.#database.all<RecordRow>(sql, ids)
  }

  #messageDrafts({ row, id, sessionID, fields }: RecordRow, sessions: Sessions): Draft[] {
    const { record } = messageOf({ ...rows.fieldsOf(fields), id, sessionID })
    if (!record) return []
    if (record.role === 'assistant' && record.completedAt === null) this.#changed.message.open.add(row)
    return messageDrafts(record, sessions.originOf(record.sessionId))
  }

  #partDrafts({ row, id, sessionID, messageID, fields, message }: RecordRow, sessions: Sessions): Draft[] {
    const data: Fields = rows.fieldsOf(fields)
    const { record } = partOf({ ...data, id, sessionID, messageID })
    if (data.type === 'tool' && (!record || (record.type === 'tool' && record.status === 'running')))
      this.#changed.part.open.add(row)
    if (!record || record.sessionId === null) return []
    const own = messageOf({ ...rows.fieldsOf(message), id: messageID, sessionID }).record
    return partDrafts(record, own, sessions.originOf(record.sessionId))
  }
}

async function opened(path: string): Promise<Database> {
  try {
    return await Database.open(path, { readOnly: true, explain: databaseError })
  } catch (error) {
    throw error instanceof Error ? databaseError(error) : error
  }
}

/** A row of messages or parts; ids can be anything. */
interface RecordRow {
  row: number
  id: unknown
  sessionID: unknown
  messageID?: unknown
  fields: unknown
  message?: unknown
}
