import {
  ARCHIVE_RETENTION_MS,
  EVENT_TYPES,
  MAX_AHEAD_MS,
  parseEvent,
  type Event,
  type Rejected,
  type Rejection,
} from '../_shared/core.js'

/** What of a call is stored, and what is left out. */
export interface Accepted {
  events: Event[]
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

/** An event that comes at `now` (ms), as it is stored, or why it is not. What is a little ahead is of now. */
export function toStore(event: Event, now: number): Event | 'too_old' | 'too_new' {
  const at = Date.parse(event.timestamp)
  if (at < now - ARCHIVE_RETENTION_MS) return 'too_old'
  if (at > now + MAX_AHEAD_MS) return 'too_new'
  // The database keeps microseconds. What is finer it would round, and that into the next hour at worst.
  const timestamp = at > now ? new Date(now).toISOString() : event.timestamp.replace(/(\.\d{6})\d+/, '$1')
  return { ...event, timestamp }
}

/** What UTF-8 JSON says; undefined where it is none. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined // the caller says what was wrong
  }
}
