import type { Database } from '../../sqlite.ts'

/** A file's place, see `Cursor` of the sources. */
export interface TailCursor {
  path: string
  inode: string
  offset: number
  head: string
  headBytes: number
  seenAt: number
}

/** The places of the session files; each call is one statement and so holds together. */
export class TailCursors {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  load(): Promise<TailCursor[]> {
    return this.#database.all<TailCursor>(
      'SELECT path, inode, "offset", head, head_bytes AS headBytes, seen_at AS seenAt FROM cursors ORDER BY path',
    )
  }

  async save(cursors: readonly TailCursor[]): Promise<void> {
    if (cursors.length === 0) return
    await this.#database.run(
      `INSERT INTO cursors (path, inode, "offset", head, head_bytes, seen_at)
       SELECT value ->> 'path', value ->> 'inode', value ->> 'offset', value ->> 'head', value ->> 'headBytes',
         value ->> 'seenAt'
       FROM json_each(?) WHERE true
       ON CONFLICT (path) DO UPDATE SET inode = excluded.inode, "offset" = excluded."offset", head = excluded.head,
         head_bytes = excluded.head_bytes, seen_at = excluded.seen_at`,
      [JSON.stringify(cursors)],
    )
  }

  async remove(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return
    await this.#database.run('DELETE FROM cursors WHERE path IN (SELECT value FROM json_each(?))', [
      JSON.stringify(paths),
    ])
  }
}
