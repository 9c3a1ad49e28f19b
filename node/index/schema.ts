import { existsSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { VibeTeaError } from '../../core/errors.ts'
import { isDamage, versionOf } from '../sqlite-file.ts'
import { Database } from '../sqlite.ts'

/** Of the tables below. An index of another version is built anew: all that it holds is in the logs. */
const VERSION = 2

/** The tables of `index.db`. */
const TABLES = `
  -- What the index was built for: the order of arrivals whose numbers its rows carry.
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  -- Each log's cursor: everything before block \`next\` is in the tables below.
  CREATE TABLE logs (
    core TEXT PRIMARY KEY, next INTEGER NOT NULL, floor INTEGER NOT NULL, invalid INTEGER NOT NULL
  ) WITHOUT ROWID;

  -- What most events of a session have in common.
  CREATE TABLE scopes (
    scope INTEGER PRIMARY KEY, source TEXT NOT NULL, session TEXT NOT NULL,
    project TEXT NOT NULL, tag TEXT NOT NULL, assistant TEXT NOT NULL
  );
  CREATE UNIQUE INDEX scopes_by_session ON scopes (source, session, project, tag, assistant);
  CREATE INDEX scopes_by_session_id ON scopes (session);

  -- \`row\`: number of the block in arrival order * 512 + place in the block. \`at\`: when it happened, never later than
  -- ten minutes after its receipt. \`timestamp\`: where it is not \`at\`. \`carried\`: where the payload came from, if from
  -- a later repeat. \`type\`: place in EVENT_TYPES. \`id\` is without its prefix.
  CREATE TABLE events (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL, scope INTEGER NOT NULL, type INTEGER NOT NULL, at INTEGER NOT NULL,
    received_at INTEGER NOT NULL, detail TEXT NOT NULL, timestamp TEXT, carried INTEGER
  );
  -- Ids come in no order: the shorter this is, the fewer pages a batch touches. 40 bits tell most ids apart.
  CREATE INDEX events_by_id ON events (substr(id, 1, 8));
  CREATE INDEX events_by_time ON events (at, scope, type);
  CREATE INDEX events_by_scope ON events (scope);
  CREATE INDEX events_by_carried ON events (carried) WHERE carried IS NOT NULL;

  -- Where events came again.
  CREATE TABLE repeats (row INTEGER PRIMARY KEY, event INTEGER NOT NULL);
  CREATE INDEX repeats_by_event ON repeats (event);

  -- Events per quarter of an hour.
  CREATE TABLE heat (
    bucket INTEGER NOT NULL, source TEXT NOT NULL, events INTEGER NOT NULL, PRIMARY KEY (bucket, source)
  ) WITHOUT ROWID;

  -- Names by number.
  CREATE TABLE words (word INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);

  -- Counts, each under a bucket of every step; see STEPS. \`source\` and so on are words. Events that have no model are
  -- under the word ''.
  CREATE TABLE project_usage (
    step INTEGER NOT NULL, bucket INTEGER NOT NULL, source INTEGER NOT NULL, project INTEGER NOT NULL,
    assistant INTEGER NOT NULL, model INTEGER NOT NULL, events INTEGER NOT NULL, tools INTEGER NOT NULL,
    failures INTEGER NOT NULL, responses INTEGER NOT NULL, prompts INTEGER NOT NULL, errors INTEGER NOT NULL,
    input INTEGER NOT NULL, output INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
    PRIMARY KEY (step, bucket, source, project, assistant, model)
  ) WITHOUT ROWID;
  CREATE TABLE model_usage (
    step INTEGER NOT NULL, bucket INTEGER NOT NULL, source INTEGER NOT NULL, model INTEGER NOT NULL,
    events INTEGER NOT NULL, tools INTEGER NOT NULL,
    failures INTEGER NOT NULL, responses INTEGER NOT NULL, prompts INTEGER NOT NULL, errors INTEGER NOT NULL,
    input INTEGER NOT NULL, output INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
    PRIMARY KEY (step, bucket, source, model)
  ) WITHOUT ROWID;
  CREATE TABLE tool_usage (
    step INTEGER NOT NULL, bucket INTEGER NOT NULL, source INTEGER NOT NULL, tool INTEGER NOT NULL,
    events INTEGER NOT NULL, tools INTEGER NOT NULL, failures INTEGER NOT NULL,
    PRIMARY KEY (step, bucket, source, tool)
  ) WITHOUT ROWID;

  -- \`until\`: the last event or the end. \`asks\`: waits for an answer. \`open\`: was not said to have ended.
  CREATE TABLE sessions (
    source TEXT NOT NULL, session TEXT NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
    until INTEGER NOT NULL, asks INTEGER NOT NULL, open INTEGER NOT NULL, fold TEXT NOT NULL,
    PRIMARY KEY (source, session)
  ) WITHOUT ROWID;
  CREATE INDEX sessions_by_until ON sessions (until);
  CREATE INDEX sessions_that_ask ON sessions (until) WHERE asks = 1;
  CREATE INDEX sessions_open ON sessions (source) WHERE open = 1;

  CREATE VIRTUAL TABLE search USING fts5 (
    terms, content = '', columnsize = 0, detail = none, prefix = '1 2 3 4 5', tokenize = "ascii tokenchars '._-='"
  );
`

export interface Handles {
  writer: Database
  reader: Database
  /** Why the file that was there had to go; null where it was kept, or there was none. */
  discarded: string | null
}

/**
 * Opens `index.db` for the arrival order `orderId`, making it where it does not exist. A file that cannot be used (damaged, not a
 * database, of another version or of another order) is deleted, for all that it held is in the logs.
 * Throws a VibeTeaError where a file can be neither opened nor made.
 */
export async function openIndex(path: string, orderId: string): Promise<Handles> {
  try {
    const opened = await openUsable(path, orderId)
    if (typeof opened !== 'string') return { ...opened, discarded: null }
    await deleteIndex(path)
    const made = await openUsable(path, orderId)
    if (typeof made === 'string') throw new Error(made)
    return { ...made, discarded: opened }
  } catch (error) {
    throw storageError(error, path)
  }
}

/** Stands beside an index in which damage was met: the next start builds it anew. */
const DAMAGED = '-damaged'

/** Deletes the database and the files that are kept beside it; the note of its damage last. */
export async function deleteIndex(path: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm', '-journal', DAMAGED]) await rm(path + suffix, { force: true })
}

/** Both handles, or a sentence that says why the file cannot be used. */
async function openUsable(
  path: string,
  orderId: string,
): Promise<{ writer: Database; reader: Database } | string> {
  if (existsSync(path + DAMAGED)) return 'The index was damaged.'
  const writer = await Database.open(path)
  try {
    const refusal = await prepare(writer, orderId)
    if (refusal !== null) {
      await writer.close()
      return refusal
    }
    const reader = await Database.open(path, {
      readOnly: true,
      explain: (error) => storageError(error, path) as Error,
    })
    await reader.exec('PRAGMA cache_size = -8192; PRAGMA mmap_size = 268435456')
    return { writer, reader }
  } catch (error) {
    await writer.close()
    if (isDamage(error)) return 'The index was damaged.'
    throw error
  }
}

/** Makes the tables where there are none; null, or a sentence that says why the file cannot be used. */
async function prepare(db: Database, orderId: string): Promise<string | null> {
  await db.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;
     PRAGMA cache_size = -16384`,
  )
  const version = await versionOf(db)
  if (version > VERSION) return 'The index was made by a newer version of VibeTea.'
  if (version > 0 && version < VERSION) return 'The index was made by an older version of VibeTea.'
  if (version === 0) await db.transaction(() => db.exec(`${TABLES}; PRAGMA user_version = ${VERSION}`))
  const stored = await db.get<{ value: string }>(`SELECT value FROM meta WHERE name = 'order'`)
  if (stored === undefined) await db.run(`INSERT INTO meta VALUES ('order', ?)`, [orderId])
  else if (stored.value !== orderId) return 'The index belongs to another state.db.'
  return null
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** SQLite's error as a person can act on it; any other error as it is. Damage is noted for the next start. */
export function storageError(error: unknown, path: string): unknown {
  const options = { cause: error }
  switch (codeOf(error)) {
    case 'SQLITE_FULL':
      return new VibeTeaError(
        'disk_full',
        `The disk is full: the index ${path} cannot grow.`,
        'Free some space; nothing is lost, and indexing goes on by itself.',
        options,
      )
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_READONLY':
    case 'SQLITE_PERM':
      return new VibeTeaError(
        'index_unwritable',
        `The index ${path} cannot be written.`,
        'Make its directory writable for you.',
        options,
      )
    case 'SQLITE_IOERR':
    case 'SQLITE_BUSY':
      return new VibeTeaError(
        'index_io',
        `The index ${path} cannot be written at the moment.`,
        'Check the disk; nothing is lost, and indexing goes on by itself.',
        options,
      )
    case 'SQLITE_CORRUPT':
    case 'SQLITE_NOTADB':
      writeFileSync(path + DAMAGED, '')
      return new VibeTeaError(
        'index_damaged',
        `The index ${path} is damaged.`,
        'Stop VibeTea and start it again: the index is then built anew from the logs.',
        options,
      )
    default:
      return error
  }
}
