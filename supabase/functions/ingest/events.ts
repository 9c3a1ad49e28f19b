import {
  ARCHIVE_RETENTION_MS,
  EVENT_TYPES,
  MAX_AHEAD_MS,
  parseEvent,
  type Event,
  type Rejected,
  type Rejection,
} from '../_shared/core.js'
import type { EventRow } from '../_shared/database.ts'

/** What of a call is stored, and what is left out. */
export interface Accepted {
  rows: EventRow[]
  rejected: Rejected[]
}

export type EventRejection = Extract<Rejection, 'invalid_event' | 'invalid_event_type'>

/** Reads an event: the event, stripped of what is not known, or why it is none. */
export function readEvent(value: unknown): Event | EventRejection {
  const { eventType } = Object(value) as { eventType?: unknown }
  if (typeof eventType === 'string' && !(EVENT_TYPES as readonly string[]).includes(eventType)) {
    return 'invalid_event_type'
  }
  return parseEvent(value) ?? 'invalid_event'
}

/** The row of an event that comes at `now` (ms), or why there is no place for it. What is a little ahead is of now. */
export function rowOf(event: Event, now: number): EventRow | 'too_old' | 'too_new' {
  const at = Date.parse(event.timestamp)
  if (at < now - ARCHIVE_RETENTION_MS) return 'too_old'
  if (at > now + MAX_AHEAD_MS) return 'too_new'
  const { id, source, eventType, payload } = event
  // The database keeps microseconds. What is finer it would round, and that into the next hour at worst.
  const timestamp = at > now ? new Date(now).toISOString() : event.timestamp.replace(/(\.\d{6})\d+/, '$1')
  return { id, source, timestamp, event_type: eventType, payload }
}

/** What UTF-8 JSON says; undefined where it is none. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined // the caller says what was wrong
  }
}
