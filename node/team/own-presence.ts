import type { Presence } from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import type { SessionClock } from '../../core/sessions.ts'
import { ACTIVE_MS, advance, NO_CLOCK, statusAt } from '../../core/sessions.ts'

/** Without anything shared for so long somebody is away. */
const AWAY_MS = 30 * 60_000
/** As in the index: no event counts as having happened later than this after it came. */
const MAX_AHEAD_MS = 10 * 60_000
/** With more sessions than these, those that have ended are forgotten, first those of which nothing came for longest. */
const MAX_SESSIONS = 1000

/**
 * What this node tells its teammates of its person, from the events that it shares and nothing else. The states of
 * sessions are those of the session list, as they follow from the same clocks. Times in ms since 1970.
 */
export class OwnPresence {
  readonly #clocks = new Map<string, SessionClock>()
  readonly #startedAt: number
  #lastAt = -Infinity

  /** Who has just started is here. */
  constructor(startedAt: number) {
    this.#startedAt = startedAt
  }

  /** Takes events that went into the own team log, and at the start those of the shared sessions that have not ended. */
  add(events: readonly Event[], now: number): void {
    for (const event of events) {
      const at = Math.min(Date.parse(event.timestamp), now + MAX_AHEAD_MS)
      const { sessionId } = event.payload
      const before = this.#clocks.get(sessionId) ?? NO_CLOCK
      this.#clocks.delete(sessionId) // and last again
      this.#clocks.set(sessionId, advance(before, { ...event, timestamp: new Date(at).toISOString() }))
      this.#lastAt = Math.max(this.#lastAt, at)
    }
    if (this.#clocks.size > MAX_SESSIONS) this.#forget(now)
  }

  /**
   * `waiting`: a session waits for an answer. `active`: something happened within 5 minutes. `away`: nothing did for
   * half an hour. `online`: otherwise. The first that holds.
   */
  at(now: number): Presence {
    for (const clock of this.#clocks.values()) if (statusAt(clock, now).needs === 'answer') return 'waiting'
    if (now - this.#lastAt < ACTIVE_MS) return 'active'
    return now - Math.max(this.#lastAt, this.#startedAt) < AWAY_MS ? 'online' : 'away'
  }

  #forget(now: number): void {
    for (const [id, clock] of this.#clocks) {
      if (this.#clocks.size <= MAX_SESSIONS) return
      if (statusAt(clock, now).state === 'ended') this.#clocks.delete(id)
    }
  }
}
