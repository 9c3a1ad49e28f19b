import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SqlValue } from '../../../node/sqlite.ts'
import { Database } from '../../../node/sqlite.ts'
import { OPENCODE_STORY } from './opencode-story.ts'

/** A table of OpenCode's database, as far as it matters here, with some that nobody should look into. */
export const OPENCODE_TABLES: readonly string[] = [
  `CREATE TABLE account (id text PRIMARY KEY, email text NOT NULL, access_token text NOT NULL)`,
  `CREATE TABLE session_share (session_id text PRIMARY KEY, id text, secret text NOT NULL, url text NOT NULL)`,
  `CREATE TABLE session (id text PRIMARY KEY, project_id text NOT NULL, parent_id text, slug text NOT NULL,
    directory text NOT NULL, title text NOT NULL, version text NOT NULL, share_url text, summary_diffs text,
    permission text, time_created integer NOT NULL, time_updated integer NOT NULL, time_archived integer)`,
  `CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL,
    time_updated integer NOT NULL, data text NOT NULL)`,
  `CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL,
    time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL)`,
  `CREATE INDEX message_session_time_created_id_idx ON message (session_id, time_created, id)`,
  `CREATE INDEX part_message_id_id_idx ON part (message_id, id)`,
]

export type Json = Record<string, unknown>

/** OpenCode, as far as its storage goes: each thing that it writes takes the place of what had the id before. */
export class OpenCodeWriter {
  readonly database: Database
  /** What it takes the time to be, ms since 1970. */
  now: number

  private constructor(database: Database, now: number) {
    this.database = database
    this.now = now
  }

  /** Makes a database, or goes on with one. */
  static async open(path: string, now: number, tables = OPENCODE_TABLES): Promise<OpenCodeWriter> {
    await mkdir(dirname(path), { recursive: true })
    const database = await Database.open(path)
    await database.exec('PRAGMA journal_mode = WAL')
    await database.exec('PRAGMA synchronous = OFF')
    const { count } = (await database.get<{ count: number }>('SELECT count(*) AS count FROM sqlite_master'))!
    if (count === 0) for (const table of tables) await database.exec(table)
    return new OpenCodeWriter(database, now)
  }

  async session(value: Json): Promise<void> {
    const { id, parentID = null, directory, title } = value
    const { created } = value.time as Json
    await this.#put(
      `INSERT INTO session (id, project_id, parent_id, slug, directory, title, version, share_url, time_created,
        time_updated) VALUES (?, 'SECRETproject', ?, 'SECRET-slug', ?, ?, '1.2.1', 'https://SECRET.example', ?, ?)
        ON CONFLICT (id) DO UPDATE SET title = excluded.title, time_updated = excluded.time_updated`,
      [id, parentID, directory, title, created, this.now],
    )
  }

  async message({ id, sessionID, ...data }: Json): Promise<void> {
    await this.#put(
      `INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET data = excluded.data, time_updated = excluded.time_updated`,
      [id, sessionID, (data.time as Json).created, this.now, JSON.stringify(data)],
    )
  }

  async part({ id, sessionID, messageID, ...data }: Json): Promise<void> {
    await this.#put(
      `INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET data = excluded.data, time_updated = excluded.time_updated`,
      [id, messageID, sessionID, this.now, this.now, JSON.stringify(data)],
    )
  }

  /** Writes several things at once. */
  together(work: () => Promise<void>): Promise<void> {
    return this.database.transaction(work)
  }

  close(): Promise<void> {
    return this.database.close()
  }

  #put(sql: string, values: readonly unknown[]): Promise<number> {
    return this.database.run(sql, values as SqlValue[])
  }
}

/** A document of the tree: where it lies below it, with `/`, and what it says. */
export interface TreeFile {
  path: string
  kind: 'session' | 'message' | 'part'
  value: Json
}

/** Writes documents into a tree: `root` is its `storage` folder. */
export async function writeTree(root: string, files: readonly TreeFile[]): Promise<void> {
  for (const { path, value } of files) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), JSON.stringify(value, null, 2))
  }
}

/** A database with what the story's tree holds, as OpenCode takes it over, and secrets in the tables beside. */
export async function makeOpenCodeDatabase(
  path: string,
  now: number,
  tables = OPENCODE_TABLES,
): Promise<OpenCodeWriter> {
  const writer = await OpenCodeWriter.open(path, now, tables)
  await writer.database.exec(`INSERT INTO account VALUES ('a', 'SECRET@example.org', 'SECRETtoken')`)
  await writer.database.exec(
    `INSERT INTO session_share VALUES ('s', 'i', 'SECRETshare', 'https://SECRET.example')`,
  )
  await writer.together(async () => {
    for (const { kind, value } of OPENCODE_STORY) await writer[kind](value)
  })
  return writer
}
