import type { EventRow } from '../../core/api.ts'
import type { Event, EventType } from '../../core/events.ts'
import { EVENT_TYPES } from '../../core/events.ts'
import type { Database, SqlParams } from '../sqlite.ts'
import { cursorOf } from './cursor.ts'

/** No event counts as having happened later than this after its receipt: a wrong clock cannot reach into the future. */
export const MAX_AHEAD_MS = 10 * 60_000

/** An event at a place of the arrival order. */
export interface Occurrence {
  row: number
  /** ms since 1970. */
  receivedAt: number
  event: Event
}

/** An event as the index has it. */
export interface Entry extends Occurrence {
  /** When it happened, as the index takes it; ms since 1970. */
  at: number
  /** Whether `at` is earlier than the event says. */
  isAhead: boolean
  /** The row that its payload came from: `row`, or that of a later, heavier repeat. */
  carried: number
}

/** When an event counts as having happened, in ms since 1970. */
export function effectiveTime(event: Event, receivedAt: number): { at: number; isAhead: boolean } {
  const said = Date.parse(event.timestamp)
  const latest = receivedAt + MAX_AHEAD_MS
  return said > latest ? { at: latest, isAhead: true } : { at: said, isAhead: false }
}

/** A row as it is stored, with its scope. */
export interface StoredRow {
  row: number
  id: string
  type: number
  at: number
  receivedAt: number
  detail: object
  timestamp: string | null
  carried: number | null
  source: string
  session: string
  project: string
  tag: string
  assistant: string
}

type StoredColumns = [
  row: number,
  id: string,
  type: number,
  at: number,
  receivedAt: number,
  detail: object,
  timestamp: string | null,
  carried: number | null,
  source: string,
  session: string,
  project: string,
  tag: string,
  assistant: string,
]

/** Of `events e JOIN scopes s USING (scope)`. */
export const EVENT_COLUMNS = `e.row, e.id, e.type, e.at, e.received_at AS receivedAt, e.detail, e.timestamp, e.carried,
  s.source, s.session, s.project, s.tag, s.assistant`

/** Rows of a statement that selects `EVENT_COLUMNS`, in its order. They come as one JSON text, which is much less work. */
export async function storedRows(db: Database, select: string, params: SqlParams): Promise<StoredRow[]> {
  const found = await db.get<{ rows: string }>(
    `SELECT json_group_array(json_array(row, id, type, at, receivedAt, json(detail), timestamp, carried, source, session,
       project, tag, assistant)) AS rows FROM (${select})`,
    params,
  )
  const rows = JSON.parse(found!.rows) as StoredColumns[]
  return rows.map(
    ([row, id, type, at, receivedAt, detail, timestamp, carried, source, session, project, tag, assistant]) => {
      return { row, id, type, at, receivedAt, detail, timestamp, carried, source, session, project, tag, assistant }
    },
  ) // prettier-ignore
}

const ID_PREFIX = 'evt_'
const TYPE_NUMBERS = new Map<EventType, number>(EVENT_TYPES.map((type, number) => [type, number]))

export function typeNumber(type: EventType): number {
  return TYPE_NUMBERS.get(type)!
}

/** An event's id as it is stored. */
export function storedId(id: string): string {
  return id.slice(ID_PREFIX.length)
}

/** `2026-11-20T10:00:00.000Z`: what `toISOString` gives back. */
const PLAIN_TIME_LENGTH = 24

/** What a payload says that its scope says, too; JSON leaves it out. */
const IN_SCOPE = { sessionId: undefined, project: undefined, projectTag: undefined, assistant: undefined }

/** The condition that `events e` has the id `value` of a list, by the index of ids' beginnings. */
export function hasId(list: string): string {
  return `substr(e.id, 1, 8) = substr(${list}.value, 1, 8) AND e.id = ${list}.value`
}

/** Writes the rows of a JSON array of `columnsOf`. */
export const INSERT_EVENTS = `INSERT INTO events SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5,
  value->6, value->>7, value->>8 FROM jsonb_each(?)`

/** The columns of `events`, in order, for an entry of a scope; the detail as what its JSON says. */
export function columnsOf(entry: Entry, scope: number): (string | number | object | null)[] {
  const { event, at } = entry
  return [
    entry.row,
    storedId(event.id),
    scope,
    typeNumber(event.eventType),
    at,
    entry.receivedAt,
    { ...event.payload, ...IN_SCOPE },
    entry.isAhead || event.timestamp.length !== PLAIN_TIME_LENGTH ? event.timestamp : null,
    entry.carried === entry.row ? null : entry.carried,
  ]
}

/** The event exactly as it stood in the log. */
export function eventOf(stored: StoredRow): Event {
  const { session: sessionId, project, tag, assistant } = stored
  const common = tag ? { sessionId, project, projectTag: tag, assistant } : { sessionId, project, assistant }
  return {
    id: ID_PREFIX + stored.id,
    source: stored.source,
    timestamp: stored.timestamp ?? new Date(stored.at).toISOString(),
    eventType: EVENT_TYPES[stored.type],
    payload: Object.assign(common, stored.detail),
  } as Event
}

export function entryOf(stored: StoredRow): Entry {
  const { row, receivedAt, at } = stored
  const event = eventOf(stored)
  return {
    row,
    receivedAt,
    at,
    isAhead: Date.parse(event.timestamp) > at,
    carried: stored.carried ?? row,
    event,
  }
}

/** A row as the API gives it. */
export function eventRow(orderId: string, { row, receivedAt, event }: Occurrence): EventRow {
  return { ...event, cursor: cursorOf(orderId, row), receivedAt: new Date(receivedAt).toISOString() }
}
