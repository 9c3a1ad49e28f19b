import type { Database } from '../../sqlite.ts'

/** What peers pass on, as the mesh's port has it. */
type Kind = 'record' | 'certificate' | 'statement'

type Gossip = Record<Kind, Uint8Array[]>

/** What is kept of a team's log. `day` counts days since 1970; `bytes` and `events` are that day's. */
export interface LogState {
  floor: number
  start: number
  day: number
  bytes: number
  events: number
  /** Why it is not read any more, a sentence; null where it is. */
  quarantine: string | null
}

/** A place in the private log, and the length of the own team log when all before it was there. */
export interface FeedCursor {
  private: number
  team: number
}

/** How far the own team log has followed the private log. */
export interface FeedState {
  cursor: FeedCursor
  /** The last one of which a peer held everything. */
  confirmed: FeedCursor
  /** Length of the own team log when a backfill last ended; 0 where none has. */
  backfillEnd: number
}

/** What the node has learned of its team, in `state.db`. All of it goes with the team. */
export class TeamState {
  readonly roster: RosterTable
  readonly logs: LogTable
  readonly feed: FeedTable
  readonly seen: SeenTable
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
    this.roster = new RosterTable(database)
    this.logs = new LogTable(database)
    this.feed = new FeedTable(database)
    this.seen = new SeenTable(database)
  }

  /** How far the team's logs are archived at an address. */
  archivedAt(url: string): ArchiveTable {
    return new ArchiveTable(this.#database, url)
  }

  /** Forgets all of it at once. */
  async forget(): Promise<void> {
    await this.#database.transaction(async () => {
      for (const table of ['gossip', 'team_logs', 'team_feed', 'devices_seen', 'archive_cursors']) {
        await this.#database.run(`DELETE FROM ${table}`)
      }
    })
  }
}

/** Records, certificates and statements, in the order in which they came. */
class RosterTable {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async load(): Promise<Gossip> {
    const all: Gossip = { record: [], certificate: [], statement: [] }
    const rows = await this.#database.all<{ kind: Kind; bytes: Uint8Array }>(
      'SELECT kind, bytes FROM gossip ORDER BY id',
    )
    for (const { kind, bytes } of rows) all[kind].push(new Uint8Array(bytes))
    return all
  }

  async save(kind: Kind, bytes: Uint8Array): Promise<void> {
    await this.#database.run('INSERT INTO gossip (kind, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING', [
      kind,
      Buffer.from(bytes),
    ])
  }

  /** Forgets what is not among these, as what has been superseded. */
  async keepOnly(kept: Gossip): Promise<void> {
    await this.#database.transaction(async () => {
      for (const kind of Object.keys(kept) as Kind[]) {
        const list = JSON.stringify(kept[kind].map((bytes) => Buffer.from(bytes).toString('hex')))
        await this.#database.run(
          'DELETE FROM gossip WHERE kind = ? AND lower(hex(bytes)) NOT IN (SELECT value FROM json_each(?))',
          [kind, list],
        )
      }
    })
  }
}

/** Floors, growth and quarantine, by the log's key. */
class LogTable {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  load(): Promise<(LogState & { core: string })[]> {
    return this.#database.all(
      'SELECT core, floor, start, day, bytes, events, quarantine FROM team_logs ORDER BY core',
    )
  }

  async save(core: string, { floor, start, day, bytes, events, quarantine }: LogState): Promise<void> {
    await this.#database.run(
      `INSERT OR REPLACE INTO team_logs (core, floor, start, day, bytes, events, quarantine)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      [core, floor, start, day, bytes, events, quarantine],
    )
  }
}

class FeedTable {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** null before anything was saved. */
  async load(): Promise<FeedState | null> {
    const row = await this.#database.get<{ state: string }>('SELECT state FROM team_feed')
    return row ? (JSON.parse(row.state) as FeedState) : null
  }

  async save({ cursor, confirmed, backfillEnd }: FeedState): Promise<void> {
    await this.#database.run('INSERT OR REPLACE INTO team_feed (id, state) VALUES (1, ?)', [
      JSON.stringify({ cursor, confirmed, backfillEnd }),
    ])
  }
}

/** When each device was last met, in ms since 1970, by z32 of its key. */
class SeenTable {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async load(): Promise<Map<string, number>> {
    const rows = await this.#database.all<{ device: string; at: number }>(
      'SELECT device, seen_at AS at FROM devices_seen ORDER BY device',
    )
    return new Map(rows.map(({ device, at }) => [device, at]))
  }

  /** Notes later times; an earlier one changes nothing. */
  async save(times: ReadonlyMap<string, number>): Promise<void> {
    if (times.size === 0) return
    await this.#database.run(
      `INSERT INTO devices_seen (device, seen_at) SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
       ON CONFLICT (device) DO UPDATE SET seen_at = max(seen_at, excluded.seen_at)`,
      [JSON.stringify([...times])],
    )
  }
}

/** How far the team's logs are in one archive: blocks of a log before its cursor are there, or were left out for good. */
class ArchiveTable {
  readonly #database: Database
  readonly #url: string

  constructor(database: Database, url: string) {
    this.#database = database
    this.#url = url
  }

  /** By z32 of the log's key. */
  async load(): Promise<Map<string, number>> {
    const rows = await this.#database.all<{ core: string; seq: number }>(
      'SELECT core, seq FROM archive_cursors WHERE url = ? ORDER BY core',
      [this.#url],
    )
    return new Map(rows.map(({ core, seq }) => [core, seq]))
  }

  /** Keeps all of them or none. */
  async save(cursors: ReadonlyMap<string, number>): Promise<void> {
    if (cursors.size === 0) return
    await this.#database.run(
      `INSERT INTO archive_cursors (url, core, seq) SELECT ?, value ->> 0, value ->> 1 FROM json_each(?) WHERE true
       ON CONFLICT (url, core) DO UPDATE SET seq = excluded.seq`,
      [this.#url, JSON.stringify([...cursors])],
    )
  }
}
