import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { opencode } from '../../../../node/sources/opencode/adapter.ts'
import type { SqlValue } from '../../../../node/sqlite.ts'
import { Database } from '../../../../node/sqlite.ts'
import { makeOpenCodeDatabase, OPENCODE_TABLES } from '../opencode-fixture.ts'
import type { Carrier } from './carriers.ts'

/** When the sample was written, ms since 1970. */
const NOW = Date.parse('2026-03-14T18:00:00Z')
const PATH = 'opencode.db'

type Columns = Record<string, SqlValue>

/** OpenCode's database; its records are the rows of all of its tables. */
export async function databaseCarrier(): Promise<Carrier> {
  const directory = await mkdtemp(join(tmpdir(), 'vibetea-carrier-'))
  const writer = await makeOpenCodeDatabase(join(directory, PATH), NOW)
  const tables = await writer.database.all<{ name: string }>(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'`,
  )
  const rows: Row[] = []
  for (const { name: table } of tables) {
    const found = await writer.database.all<Columns>(`SELECT * FROM ${table}`)
    rows.push(...found.map((columns) => ({ table, columns })))
  }
  await writer.close()
  await rm(directory, { recursive: true })
  const write: Carrier['write'] = async (to, records, [path] = [PATH]) => {
    const file = join(to, path!)
    await mkdir(dirname(file), { recursive: true })
    await rm(file, { force: true })
    await writeDatabase(file, rows, records as Columns[])
    return [file]
  }
  const records = rows.map(({ columns }) => columns)
  return { adapter: opencode, form: 'database', format: 'opencode .db', paths: [PATH], records, write }
}

interface Row {
  table: string
  columns: Columns
}

/** A database of OpenCode whose rows have other values in their columns. */
async function writeDatabase(file: string, rows: readonly Row[], values: readonly Columns[]): Promise<void> {
  const database = await Database.open(file)
  await database.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF')
  for (const table of OPENCODE_TABLES) await database.exec(table)
  await database.transaction(async () => {
    for (const [i, { table, columns }] of rows.entries()) {
      const names = Object.keys(columns)
      const own = names.map((name) => values[i]?.[name] ?? columns[name]!)
      // Two rows of one key cannot stand in a database: the first does.
      const sql = `INSERT OR IGNORE INTO ${table} (${names.join()}) VALUES (${names.map(() => '?').join()})`
      await database.run(sql, own)
    }
  })
  await database.close()
}
