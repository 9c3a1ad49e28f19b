import type { Event, WaitingReason } from './events.ts'
import { SESSION_GAP_MS } from './lifecycle.ts'
import type { Needs } from './waiting.ts'
import { NEEDS, strongerWait, waitOf } from './waiting.ts'

/** A session is active while its last event is younger than this. */
export const ACTIVE_MS = 5 * 60_000
/** An ended session leaves the overview this long after its end. */
export const OVERVIEW_MS = 30 * 60_000

export type SessionStateName = 'active' | 'waiting' | 'inactive' | 'ended'

/** What the state of a session follows from. Times in ms since 1970. */
export interface SessionClock {
  /** The last event that is not a session or summary event. */
  lastAt: number
  /** The last `ended`; 0 where there was none. */
  endedAt: number
  /** What the last event waits for, and since when; null where it does not wait. */
  waiting: { reason: WaitingReason; since: number } | null
}

export const NO_CLOCK: SessionClock = { lastAt: 0, endedAt: 0, waiting: null }

/**
 * Folds an event into a session's clock, in any order: the later event decides, of two at one time the one that waits.
 * A wait is over with the next event.
 */
export function advance(clock: SessionClock, event: Event): SessionClock {
  const at = Date.parse(event.timestamp)
  if (event.eventType === 'summary') return clock
  if (event.eventType === 'session') {
    return event.payload.action === 'ended' && at > clock.endedAt ? { ...clock, endedAt: at } : clock
  }
  if (at < clock.lastAt) return clock
  const before = at === clock.lastAt ? (clock.waiting?.reason ?? null) : null
  const reason = strongerWait(before, waitOf(event))
  return { ...clock, lastAt: at, waiting: reason && { reason, since: at } }
}

export interface SessionStatus {
  state: SessionStateName
  needs: Needs | null
  /** ms since 1970, or null where nothing is needed. */
  needsSince: number | null
  /** ms since 1970, or null while the session goes on. */
  endedAt: number | null
}

/** The state at `now` (ms). The first that holds counts: ended, waiting, active, inactive. */
export function statusAt(clock: SessionClock, now: number): SessionStatus {
  const needs = clock.waiting && NEEDS[clock.waiting.reason]
  const saidEnded = clock.endedAt > 0 && clock.endedAt >= clock.lastAt
  const isSilent = now - clock.lastAt >= SESSION_GAP_MS && needs !== 'answer'
  if (saidEnded || isSilent) {
    return {
      state: 'ended',
      needs: null,
      needsSince: null,
      endedAt: saidEnded ? clock.endedAt : clock.lastAt,
    }
  }
  if (needs) return { state: 'waiting', needs, needsSince: clock.waiting!.since, endedAt: null }
  const state = now - clock.lastAt < ACTIVE_MS ? 'active' : 'inactive'
  return { state, needs: null, needsSince: null, endedAt: null }
}
