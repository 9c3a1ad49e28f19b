import { VibeTeaError } from '../../../core/errors.ts'
import type { Database } from '../../sqlite.ts'
import { versionOf } from '../../sqlite-file.ts'

/** The tables of `state.db`, step by step. */
export const MIGRATIONS: readonly string[] = [
  `
  -- The order in which blocks came. Logs have small numbers here, for there can be a range for every second.
  CREATE TABLE cores (id INTEGER PRIMARY KEY, core TEXT NOT NULL UNIQUE);
  CREATE TABLE arrivals (
    number INTEGER PRIMARY KEY,
    core INTEGER NOT NULL REFERENCES cores (id),
    seq INTEGER NOT NULL,
    blocks INTEGER NOT NULL,
    received_at INTEGER NOT NULL
  );
  CREATE TABLE cursors (
    path TEXT PRIMARY KEY,
    inode TEXT NOT NULL,
    "offset" INTEGER NOT NULL,
    head TEXT NOT NULL,
    head_bytes INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  `,
  `
  -- What is known of the team that this home is in; empty without one.
  CREATE TABLE gossip (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (kind, bytes)
  );
  CREATE TABLE team_logs (
    core TEXT PRIMARY KEY,
    floor INTEGER NOT NULL,
    day INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    events INTEGER NOT NULL,
    quarantine TEXT
  ) WITHOUT ROWID;
  CREATE TABLE team_feed (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL);
  CREATE TABLE devices_seen (device TEXT PRIMARY KEY, seen_at INTEGER NOT NULL) WITHOUT ROWID;
  `,
  `
  -- Where a log begins here, if its writer had cleared what is before.
  ALTER TABLE team_logs ADD COLUMN start INTEGER NOT NULL DEFAULT 0;
  -- How far each log of the team has been archived, by the archive's address.
  CREATE TABLE archive_cursors (
    url TEXT NOT NULL,
    core TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (url, core)
  ) WITHOUT ROWID;
  `,
]

/** Throws a `VibeTeaError` `newer_state` for a file of a later version, before anything in it is touched. */
export async function refuseNewer(database: Database, path: string): Promise<void> {
  const version = await versionOf(database)
  if (version <= MIGRATIONS.length) return
  throw new VibeTeaError(
    'newer_state',
    `${path} was written by a later version of VibeTea (format ${version}; this one knows ${MIGRATIONS.length}).`,
    'Install that version or a later one; nothing has been changed.',
  )
}
