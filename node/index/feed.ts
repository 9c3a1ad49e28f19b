import type { EventRow, EventsAnswer } from '../../core/api.ts'
import { bucketOf } from '../../core/buckets.ts'
import { VibeTeaError } from '../../core/errors.ts'
import type { Event } from '../../core/events.ts'
import type { Database, SqlValue } from '../sqlite.ts'
import { cursorOf, rowOf } from './cursor.ts'
import type { Conditions, FeedFilter } from './feed-filter.ts'
import { conditionsOf } from './feed-filter.ts'
import type { StoredRow } from './rows.ts'
import { EVENT_COLUMNS, eventOf, eventRow, storedRows } from './rows.ts'

export interface FeedQuery extends FeedFilter {
  limit: number
  before?: string
  after?: string
  order: 'arrival' | 'time'
  /** Without a cursor: whether the page is of the newest that fit or of the oldest; `newest` where not said. */
  first?: 'newest' | 'oldest'
}

/** The position of a row in an order; only `row` counts in that of arrival. */
interface Place {
  row: number
  at: number
}

type Direction = 'older' | 'newer'

/** What leads to the rows: their session, when they happened, full text, or nothing but their order of arrival. */
type Way = 'session' | 'time' | 'match' | 'arrival'

const TABLES: Record<Way, string> = {
  session: 'events e INDEXED BY events_by_scope',
  time: 'events e INDEXED BY events_by_time',
  match: 'search CROSS JOIN events e ON e.row = search.rowid',
  arrival: 'events e NOT INDEXED',
}

/** The last time that there is, ms since 1970. */
const MAX_TIME = 8.64e15

/** Of a time with fewer events than this, all are looked at; they are soon sorted. */
const FEW_EVENTS = 20_000

/** Answers queries for events. */
export class Feed {
  readonly #db: Database
  readonly #orderId: string
  readonly #readable: () => number

  /** `readable`: rows beyond it are not given yet; who reads one before it is told of would get it twice. */
  constructor(db: Database, orderId: string, readable: () => number) {
    this.#db = db
    this.#orderId = orderId
    this.#readable = readable
  }

  /** A page of events, newest first. Throws a VibeTeaError (`invalid_cursor`). */
  async events(query: FeedQuery): Promise<EventsAnswer> {
    const found = conditionsOf(query)
    if (!found) return { events: [], next: null, prev: null }
    const conditions = { ...found, way: await this.#wayOf(query, found) }
    const before = query.before === undefined ? null : await this.#place(query.before, query.order)
    const after = query.after === undefined ? null : await this.#place(query.after, query.order)
    const isOldest = query.first === 'oldest' && !before
    const direction: Direction = (after && !before) || isOldest ? 'newer' : 'older'
    const bounds = { before, after }
    const rows = await this.#page(conditions, query.order, direction, bounds, query.limit + 1)
    const hasMore = rows.length > query.limit
    if (hasMore) rows.pop()
    if (direction === 'newer') rows.reverse()
    const [first, last] = [rows.at(0), rows.at(-1)]
    if (!first || !last) return { events: [], next: null, prev: null }

    const exists = async (where: Direction) => {
      const beyond = where === 'older' ? { before: last, after: null } : { before: null, after: first }
      return (await this.#page(conditions, query.order, where, beyond, 1)).length > 0
    }
    const hasOlder = direction === 'older' && !after ? hasMore : await exists('older')
    const hasNewer =
      direction === 'newer' ? hasMore : before !== null || after !== null ? await exists('newer') : false
    return {
      events: rows.map((row) => this.#eventRow(row)),
      next: hasOlder ? cursorOf(this.#orderId, last.row) : null,
      prev: hasNewer ? cursorOf(this.#orderId, first.row) : null,
    }
  }

  /** The rows after a cursor, oldest first; null where it is not a cursor of this order or more than `limit` follow. */
  async after(cursor: string, limit: number): Promise<EventRow[] | null> {
    const row = rowOf(this.#orderId, cursor)
    const readable = this.#readable()
    if (row === null || row > readable || row > (await this.lastRow())) return null
    const rows = await storedRows(
      this.#db,
      `SELECT ${EVENT_COLUMNS} FROM events e JOIN scopes s USING (scope)
       WHERE e.row > ? AND e.row <= ? ORDER BY e.row LIMIT ?`,
      [row, readable, limit + 1],
    )
    return rows.length > limit ? null : rows.map((row) => this.#eventRow(row))
  }

  /** The newest row; -1 where there is none. */
  async lastRow(): Promise<number> {
    return (await this.#db.get<{ row: number | null }>('SELECT max(row) AS row FROM events'))?.row ?? -1
  }

  /** The highest row where an event came, for the first time or again; -1 where there is none. */
  async lastPlace(): Promise<number> {
    const again = await this.#db.get<{ row: number | null }>('SELECT max(row) AS row FROM repeats')
    return Math.max(await this.lastRow(), again?.row ?? -1)
  }

  /** All events that a filter lets through, in time order, a page at a time. */
  async *inTimeOrder(filter: FeedFilter, pageSize = 500): AsyncGenerator<Event[]> {
    const found = conditionsOf(filter)
    const conditions = found && {
      ...found,
      way: filter.session === undefined ? ('time' as const) : ('session' as const),
    }
    let place: Place | null = null
    while (conditions) {
      const rows: StoredRow[] = await this.#page(
        conditions,
        'time',
        'newer',
        { before: null, after: place },
        pageSize,
      )
      if (rows.length > 0) yield rows.map(eventOf)
      if (rows.length < pageSize) return
      place = rows.at(-1)!
    }
  }

  #eventRow(stored: StoredRow): EventRow {
    return eventRow(this.#orderId, { row: stored.row, receivedAt: stored.receivedAt, event: eventOf(stored) })
  }

  async #place(cursor: string, order: FeedQuery['order']): Promise<Place> {
    const row = rowOf(this.#orderId, cursor)
    if (row !== null && order === 'arrival') return { row, at: 0 }
    const place = await this.#db.get<Place>('SELECT row, at FROM events WHERE row = ?', [row])
    if (place) return place
    throw new VibeTeaError(
      'invalid_cursor',
      'The cursor is not one that this node gave out.',
      'Begin again without a cursor.',
    )
  }

  async #wayOf({ session, order, from, to }: FeedQuery, { typed, names }: Conditions): Promise<Way> {
    if (session !== undefined) return 'session'
    if (order === 'time') return 'time'
    if (from !== undefined || to !== undefined) {
      const row = await this.#db.get<{ events: number | null }>(
        'SELECT sum(events) AS events FROM heat WHERE bucket >= ? AND bucket <= ?',
        [bucketOf(from ?? 0), bucketOf(to ?? MAX_TIME)],
      )
      if ((row?.events ?? 0) < FEW_EVENTS) return 'time'
    }
    // Full text gives rows in the order of arrival, so there it also stands in for an index of each name and type.
    return typed !== null || names !== null ? 'match' : 'arrival'
  }

  /** Rows next to a place, beginning with the nearest. */
  #page(
    { sql, params, typed, names, way }: Conditions & { way: Way },
    order: FeedQuery['order'],
    direction: Direction,
    { before, after }: { before: Place | null; after: Place | null },
    limit: number,
  ): Promise<StoredRow[]> {
    const match = way === 'match' ? [typed, names].filter(Boolean).join(' AND ') : typed
    const row = way === 'match' ? 'search.rowid' : 'e.row'
    const where = [...sql]
    const values: SqlValue[] = [...params]
    if (match) {
      where.push(
        way === 'match' ? 'search MATCH ?' : 'e.row IN (SELECT rowid FROM search WHERE search MATCH ?)',
      )
      values.push(match)
    }
    const isArrival = order === 'arrival'
    where.push(`${row} <= ?`)
    values.push(isArrival && before ? Math.min(before.row - 1, this.#readable()) : this.#readable())
    for (const [place, sign] of [
      [isArrival ? null : before, '<'],
      [after, '>'],
    ] as const) {
      if (!place) continue
      where.push(isArrival ? `${row} ${sign} ?` : `(e.at, e.row) ${sign} (?, ?)`)
      values.push(...(isArrival ? [place.row] : [place.at, place.row]))
    }
    const by = direction === 'older' ? 'DESC' : 'ASC'
    return storedRows(
      this.#db,
      `SELECT ${EVENT_COLUMNS}
       FROM ${TABLES[way]}
       CROSS JOIN scopes s ON s.scope = e.scope
       WHERE ${where.join(' AND ')}
       ORDER BY ${isArrival ? `${row} ${by}` : `e.at ${by}, e.row ${by}`} LIMIT ?`,
      [...values, limit],
    )
  }
}
