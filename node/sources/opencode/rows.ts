import { LOOKED_AT } from '../api-errors.ts'
import type { Fields } from '../json-line.ts'
import { isFields } from '../json-line.ts'

/**
 * The statements on OpenCode's database: named columns and named fields only. What stands in the texts of messages and in
 * the output of tools never gets into this process: of a text only whether there is one, of an error its first words.
 */

/** By table the columns without which it cannot be read, those that are missed, and those that are used if there. */
const COLUMNS = {
  session: {
    needed: ['id'],
    missed: ['parent_id', 'directory'],
    used: ['title', 'time_created', 'time_updated'],
  },
  message: { needed: ['id', 'session_id', 'data'], missed: ['time_updated'], used: ['time_created'] },
  part: { needed: ['id', 'message_id', 'data'], missed: ['time_updated'], used: ['session_id'] },
} as const

export type Table = keyof typeof COLUMNS
export const TABLES = Object.keys(COLUMNS) as Table[]

/** Which columns each table has; none where there is no such table. */
export type Columns = Readonly<Record<Table, ReadonlySet<string>>>

/**
 * Lists the columns of a table. Views are no tables of OpenCode's, and what they do nobody knows; rows are found by their
 * number, which a table without one does not have.
 */
export const columnsOf = (table: Table) => `SELECT info.name FROM pragma_table_list AS tables,
  pragma_table_info(tables.name, tables.schema) AS info
  WHERE tables.schema = 'main' AND tables.name = '${table}' AND tables.type = 'table' AND tables.wr = 0`

/** Whether a table can be read. */
export function isReadable(columns: Columns, table: Table): boolean {
  return COLUMNS[table].needed.every((name) => columns[table].has(name))
}

/** Whether tables are OpenCode's: others have some of those names too. */
export function areOurs({ session, message, part }: Columns): boolean {
  const has = (table: ReadonlySet<string>, ...names: string[]) => names.every((name) => table.has(name))
  return (
    has(session, 'parent_id', 'directory') ||
    has(message, 'session_id', 'data') ||
    has(part, 'message_id', 'data')
  )
}

/** What OpenCode's tables should have and do not, as `message.data`; whole tables by their name. */
export function missingIn(columns: Columns): string[] {
  return TABLES.flatMap((table) => {
    if (columns[table].size === 0) return [table]
    const { needed, missed } = COLUMNS[table]
    return [...needed, ...missed]
      .filter((name) => !columns[table].has(name))
      .map((name) => `${table}.${name}`)
  })
}

/** A column, or NULL where the table has none of the name. */
function column(columns: Columns, table: Table, name: string, alias: string = table): string {
  return columns[table].has(name) ? `${alias}.${name}` : 'NULL'
}

/** The last row of those that follow `?1`, at most `?2`; rows are looked through in such pieces. */
export const pieceEnd = (table: Table) =>
  `SELECT max(rowid) AS last FROM (SELECT rowid FROM ${table} WHERE rowid > ?1 ORDER BY rowid LIMIT ?2)`

/** Rows after `?1` up to `?2` that were changed at `?3` or later; a row that does not tell counts as changed. */
export function changedRows(columns: Columns, table: Table): string {
  const updated = column(columns, table, 'time_updated')
  return `SELECT rowid AS row, ${updated} AS updated FROM ${table}
    WHERE rowid > ?1 AND rowid <= ?2 AND (${updated} < ?3) IS NOT 1`
}

/** The last row of a table, and the id that a certain row has now. */
export const lastRow = (table: Table) =>
  `SELECT (SELECT max(rowid) FROM ${table}) AS last, (SELECT id FROM ${table} WHERE rowid = ?1) AS id`

/** The id of the last row, to know it again. */
export const idOfRow = (table: Table) => `SELECT id FROM ${table} WHERE rowid = ?1`

/** Sessions changed at `?1` or later. */
export function changedSessions(columns: Columns): string {
  return `SELECT id FROM session WHERE (${column(columns, 'session', 'time_updated')} < ?1) IS NOT 1`
}

const list = (values: readonly unknown[]) => values.map(() => '?').join(',')

/** Larger records are not read, in bytes: they are parsed whole for each of their fields. As large as a line may be. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024

/** Whether the JSON of a message or part can be read. */
const isRead = (data: string) =>
  `typeof(${data}) = 'text' AND octet_length(${data}) <= ${MAX_RECORD_BYTES} AND json_valid(${data})`

/** A JSON object of named fields of another one, in the same places. Booleans and numbers stay what they are. */
function picked(data: string, fields: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(fields).map(([name, value]) => `'${name}', ${value}`)
  return `CASE WHEN ${isRead(data)} THEN json_object(${pairs.join(', ')}) END`
}

const object = (fields: Readonly<Record<string, string>>) =>
  `json_object(${Object.entries(fields)
    .map(([name, value]) => `'${name}', ${value}`)
    .join(', ')})`

/** The first words of a text. */
const beginning = (data: string, path: string) =>
  `CASE json_type(${data}, '${path}') WHEN 'text' THEN substr(${data} ->> '${path}', 1, ${LOOKED_AT}) END`

/** 'x' for a text that is more than white space. */
const hasText = (data: string, path: string) =>
  `CASE WHEN json_type(${data}, '${path}') = 'text' AND trim(${data} ->> '${path}', char(9, 10, 11, 12, 13, 32)) <> '' THEN 'x' END`

const errorFields = (data: string) =>
  `CASE json_type(${data}, '$.error') WHEN 'object' THEN ${object({
    name: `${data} -> '$.error.name'`,
    data: object({
      statusCode: `${data} -> '$.error.data.statusCode'`,
      message: beginning(data, '$.error.data.message'),
    }),
  })} END`

/** A session: id, parent, directory, title and time, of each of `ids`. */
export function sessionRows(columns: Columns, ids: readonly string[]): string {
  const of = (name: string) => column(columns, 'session', name)
  return `SELECT id, ${of('parent_id')} AS parentID, ${of('directory')} AS directory, ${of('title')} AS title,
    ${of('time_created')} AS created FROM session WHERE id IN (${list(ids)})`
}

/** Messages by row. */
export function messageRows(columns: Columns, rows: readonly number[]): string {
  const fields = {
    role: `data -> '$.role'`,
    time: object({
      created: `coalesce(data -> '$.time.created', ${column(columns, 'message', 'time_created')})`,
      completed: `data -> '$.time.completed'`,
    }),
    modelID: `data -> '$.modelID'`,
    tokens: `data -> '$.tokens'`,
    finish: `data -> '$.finish'`,
    error: errorFields('data'),
    summary: `CASE json_type(data, '$.summary') WHEN 'true' THEN json('true') END`,
    path: object({ cwd: `data -> '$.path.cwd'` }),
  }
  return `SELECT rowid AS row, id, session_id AS sessionID, ${picked('data', fields)} AS fields
    FROM message WHERE rowid IN (${list(rows)})`
}

/** Parts by row that tell something, each with what matters of its message: who wrote it and when. */
export function partRows(columns: Columns, rows: readonly number[]): string {
  const data = 'part.data'
  const fields = {
    type: `${data} -> '$.type'`,
    text: hasText(data, '$.text'),
    synthetic: `${data} -> '$.synthetic'`,
    ignored: `${data} -> '$.ignored'`,
    time: object({ created: `${data} -> '$.time.created'` }),
    error: errorFields(data),
    callID: `${data} -> '$.callID'`,
    tool: `${data} -> '$.tool'`,
    state: object({
      status: `${data} -> '$.state.status'`,
      error: beginning(data, '$.state.error'),
      time: object({ start: `${data} -> '$.state.time.start'`, end: `${data} -> '$.state.time.end'` }),
      input: object({
        filePath: `${data} -> '$.state.input.filePath'`,
        path: `${data} -> '$.state.input.path'`,
        subagent_type: `${data} -> '$.state.input.subagent_type'`,
      }),
      metadata: object({
        sessionId: `${data} -> '$.state.metadata.sessionId'`,
        interrupted: `${data} -> '$.state.metadata.interrupted'`,
        background: `${data} -> '$.state.metadata.background'`,
      }),
    }),
  }
  const hasMessages = isReadable(columns, 'message')
  const message = {
    role: `message.data -> '$.role'`,
    time: object({
      created: `coalesce(message.data -> '$.time.created', ${column(columns, 'message', 'time_created')})`,
    }),
    path: object({ cwd: `message.data -> '$.path.cwd'` }),
  }
  const told = `CASE WHEN ${isRead(data)}
    THEN ${data} ->> '$.type' IN ('text', 'file', 'subtask', 'tool', 'compaction', 'retry') END`
  return `SELECT part.rowid AS row, part.id AS id, part.message_id AS messageID,
    coalesce(${column(columns, 'part', 'session_id')}, ${hasMessages ? 'message.session_id' : 'NULL'}) AS sessionID,
    ${picked(data, fields)} AS fields, ${hasMessages ? picked('message.data', message) : 'NULL'} AS message
    FROM part ${hasMessages ? 'LEFT JOIN message ON message.id = part.message_id' : ''}
    WHERE part.rowid IN (${list(rows)}) AND ${told}`
}

/** A field of a message or part of which nothing else is known. */
const field = (data: string, path: string) => `CASE WHEN ${isRead(data)} THEN ${data} ->> '${path}' END`

/**
 * Those of some messages that OpenCode wrote itself with what a person had said before: a compaction that made room for a
 * message that was too large is followed by a copy of that message.
 */
export const replayedMessages = (ids: readonly string[]) => `
  SELECT id FROM message WHERE id IN (${list(ids)}) AND EXISTS (
    SELECT 1 FROM part WHERE part.message_id = (
      SELECT before.id FROM message AS before
      WHERE before.session_id = message.session_id AND before.time_created < message.time_created
        AND ${field('before.data', '$.role')} = 'user'
      ORDER BY before.time_created DESC LIMIT 1
    ) AND ${field('part.data', '$.type')} = 'compaction' AND ${field('part.data', '$.overflow')} = 1 AND EXISTS (
      SELECT 1 FROM message AS summary
      WHERE summary.session_id = message.session_id AND ${field('summary.data', '$.parentID')} = part.message_id
        AND ${field('summary.data', '$.summary')} = 1 AND ${field('summary.data', '$.error')} IS NULL
    )
  )`

/** Whether `replayedMessages` can be asked. */
export function knowsReplays(columns: Columns): boolean {
  return isReadable(columns, 'message') && isReadable(columns, 'part') && columns.message.has('time_created')
}

/** The object that one of the statements above made of a record; empty where there was none. */
export function fieldsOf(json: unknown): Fields {
  if (typeof json !== 'string') return {}
  try {
    const value: unknown = JSON.parse(json)
    return isFields(value) ? value : {}
  } catch {
    // SQLite takes a little more for JSON than others do.
    return {}
  }
}
