import { readFile } from 'node:fs/promises'
import { decompress } from 'fzstd'
import { Database } from '../../node/sqlite.ts'
import { CHUNK_BYTES, linesOf } from '../../node/sources/batch-read.ts'

/** The least that reading session files costs. */

const buffer = Buffer.allocUnsafe(CHUNK_BYTES)

/**
 * Nothing but `JSON.parse`: of each line, of a document, of each line of a document that is decompressed before. The
 * bytes that were parsed.
 */
export async function parseBare(path: string): Promise<number> {
  let length = 0
  if (path.endsWith('.jsonl')) {
    for await (const lines of linesOf(path, buffer)) {
      for (const { bytes } of lines) {
        parseLenient(bytes.toString())
        length += bytes.length + 1
      }
    }
    return length
  }
  const bytes = await readFile(path)
  if (!path.endsWith('.zst')) {
    parseLenient(bytes.toString())
    return bytes.length
  }
  const content = Buffer.from(decompress(bytes))
  for (const line of content.toString().split('\n')) parseLenient(line)
  return content.length
}

/** Real files hold a few lines that are no JSON. */
function parseLenient(text: string): void {
  try {
    JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
}

/** The columns of OpenCode's database that are read, and nothing done with them. The number of rows. */
export async function queryBare(path: string): Promise<number> {
  const database = await Database.open(path, { readOnly: true })
  const tables = [
    'SELECT id, parent_id, directory, title, time_created, time_updated FROM session',
    'SELECT rowid, id, session_id, time_created, time_updated, data FROM message',
    'SELECT rowid, id, message_id, session_id, time_updated, data FROM part',
  ]
  let rows = 0
  for (const sql of tables) rows += (await database.all(sql)).length
  await database.close()
  return rows
}
