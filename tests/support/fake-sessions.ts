import type { SessionRow, TimelineAnswer, TimelineSession } from '../../core/api.ts'
import type { Event, Totals } from '../../core/events.ts'
import { handleOf } from '../../core/handle.ts'
import { advance, NO_CLOCK, type SessionClock, statusAt } from '../../core/sessions.ts'
import { count, emptyTotals } from '../../core/totals.ts'
import type { TimelineQuery } from '../../node/api/backend.ts'

const STEP_MS = 5 * 60_000
const STEPS = 24

interface Kept {
  first: Event
  last: Event
  clock: SessionClock
  totals: Totals
  events: number
  times: number[]
  errors: number[]
}

const noTotals = (): Totals => ({ ...emptyTotals(), durationMs: 0 })

/** Folds events into the rows of sessions. */
export class SessionBook {
  readonly #kept = new Map<string, Kept>()

  add(event: Event): void {
    const { sessionId } = event.payload
    const kept = this.#kept.get(sessionId) ?? {
      first: event,
      last: event,
      clock: NO_CLOCK,
      totals: noTotals(),
      events: 0,
      times: [],
      errors: [],
    }
    kept.last = event
    kept.events++
    kept.clock = advance(kept.clock, event)
    kept.times.push(Date.parse(event.timestamp))
    if (event.eventType === 'error') kept.errors.push(Date.parse(event.timestamp))
    kept.totals.durationMs = Date.parse(event.timestamp) - Date.parse(kept.first.timestamp)
    count(kept.totals, event)
    this.#kept.set(sessionId, kept)
  }

  rows(now: number): SessionRow[] {
    return [...this.#kept].map(([sessionId, { first, last, clock, totals, times }]) => {
      const { state, needs, needsSince, endedAt } = statusAt(clock, now)
      const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())
      const end = Date.parse(last.timestamp)
      const from = end - STEPS * STEP_MS
      const counts = Array.from({ length: STEPS }, () => 0)
      for (const at of times) {
        const step = Math.floor((at - from) / STEP_MS)
        if (step >= 0) counts[Math.min(step, STEPS - 1)]!++
      }
      const { eventType, payload } = last
      const tool =
        'tool' in payload ? { tool: payload.tool, ...(payload.context && { context: payload.context }) } : {}
      return {
        sessionId,
        source: last.source,
        handle: handleOf(sessionId),
        project: payload.project,
        assistant: payload.assistant,
        state,
        needs,
        needsSince: iso(needsSince),
        startedAt: first.timestamp,
        lastEventAt: last.timestamp,
        endedAt: iso(endedAt),
        totals,
        last: { eventType, ...tool },
        density: { from: new Date(from).toISOString(), stepMs: STEP_MS, counts },
      }
    })
  }

  /** What went on in a time. */
  timeline({ from, to, stepMs }: TimelineQuery, now: number): TimelineAnswer {
    const sessions = this.rows(now).flatMap((row): TimelineSession[] => {
      const { times, errors } = this.#kept.get(row.sessionId)!
      const within = times.filter((at) => at >= from && at < to)
      const steps = within.map((at) => Math.floor(at / stepMs))
      if (!steps.length) return []
      const first = Math.min(...steps)
      const counts = Array.from({ length: Math.max(...steps) - first + 1 }, () => 0)
      for (const step of steps) counts[step - first]!++
      const iso = (ms: number) => new Date(ms).toISOString()
      return [
        {
          ...row,
          density: { from: iso(first * stepMs), stepMs, counts },
          errors: errors.filter((at) => at >= from && at < to).map(iso),
        },
      ]
    })
    return { sessions, more: 0, gaps: [] }
  }
}
