import type { SessionRow } from '../../core/api.ts'
import type { Assistant, Event, EventType } from '../../core/events.ts'
import { handleOf } from '../../core/handle.ts'
import type { SessionClock, SessionStatus } from '../../core/sessions.ts'
import { advance, NO_CLOCK, statusAt } from '../../core/sessions.ts'
import type { Counted } from '../../core/totals.ts'
import { count, emptyTotals } from '../../core/totals.ts'
import { asks } from '../../core/waiting.ts'
import type { Density } from './density.ts'
import { countStep, STEP_MS, trimmed } from './density.ts'
import type { Entry } from './rows.ts'

/** What the index keeps of a session: its events folded, in arrival order. Times in ms since 1970. */
export interface SessionFold {
  source: string
  sessionId: string
  project: string
  /** '' where there is none. */
  projectTag: string
  assistant: Assistant
  firstAt: number
  lastAt: number
  /** The row of the last event; of two at one time the later in arrival order. */
  lastRow: number
  /** The highest row of all. */
  maxRow: number
  clock: SessionClock
  counts: Counted
  /** The last tool, activity or error. */
  shown: { at: number; row: number; last: NonNullable<SessionRow['last']> } | null
  density: Density
}

/** A session without events yet; the first that is folded in gives the rest. */
export function emptyFold(source: string, sessionId: string): SessionFold {
  return {
    source,
    sessionId,
    project: '',
    projectTag: '',
    assistant: 'claude',
    firstAt: Infinity,
    lastAt: -Infinity,
    lastRow: -1,
    maxRow: -1,
    clock: NO_CLOCK,
    counts: emptyTotals(),
    shown: null,
    density: { first: 0, counts: [] },
  }
}

/** Folds an entry in. Entries come in the order of their rows; see `isExact` for those that do not. */
export function foldIn(fold: SessionFold, entry: Entry): void {
  count(fold.counts, entry.event)
  countStep(fold.density, entry.at, 1)
  settle(fold, entry)
}

/** Folds in an entry of which another version was folded before. */
export function foldAgain(fold: SessionFold, before: Entry, entry: Entry): void {
  count(fold.counts, before.event, -1)
  count(fold.counts, entry.event)
  countStep(fold.density, entry.at, 1)
  countStep(fold.density, before.at, -1)
  settle(fold, entry)
}

/**
 * Whether folding gives what folding all events anew would: not where an entry comes before others of its session in
 * arrival order. Another version of an entry may be a response that has grown, and is no earlier.
 */
export function isExact(fold: SessionFold, before: Entry | null, entry: Entry): boolean {
  if (!before) return entry.row > fold.maxRow
  if (before.event.payload.sessionId !== entry.event.payload.sessionId || before.row !== entry.row)
    return false
  if (!isResponse(before.event) || !isResponse(entry.event)) return false
  return entry.at === before.at || (entry.at > before.at && before.at > fold.firstAt)
}

function isResponse(event: Event): boolean {
  return event.eventType === 'activity' && event.payload.kind === 'response'
}

/** What a session did last is one of these. */
const SHOWN: ReadonlySet<EventType> = new Set(['tool', 'activity', 'error'])

/** Takes over what the latest event decides. */
function settle(fold: SessionFold, { row, at, isAhead, event }: Entry): void {
  const { payload } = event
  fold.firstAt = Math.min(fold.firstAt, at)
  fold.maxRow = Math.max(fold.maxRow, row)
  // The state follows from the time at which the event counts as having happened.
  fold.clock = advance(fold.clock, isAhead ? { ...event, timestamp: iso(at) } : event)
  if (at > fold.lastAt || (at === fold.lastAt && row >= fold.lastRow)) {
    fold.lastAt = at
    fold.lastRow = row
    fold.project = payload.project
    fold.projectTag = payload.projectTag ?? ''
    fold.assistant = payload.assistant
  }
  const { shown } = fold
  if (!SHOWN.has(event.eventType)) return
  if (shown && (at < shown.at || (at === shown.at && row < shown.row))) return
  const last: NonNullable<SessionRow['last']> = { eventType: event.eventType }
  if (event.eventType === 'tool') {
    last.tool = event.payload.tool
    if (event.payload.context !== undefined) last.context = event.payload.context
  }
  fold.shown = { at, row, last }
}

/** The state at `now` (ms). A session that has only begun is as young as its beginning. */
export function statusOf(fold: SessionFold, now: number): SessionStatus {
  const { clock } = fold
  return statusAt(clock.lastAt > 0 ? clock : { ...clock, lastAt: fold.firstAt }, now)
}

/** Whether it was not said, after its last event, that the session ended. */
export function isOpen({ clock }: SessionFold): boolean {
  return clock.endedAt === 0 || clock.endedAt < clock.lastAt
}

/** Whether it waits for a person's answer, which no silence ends. */
export function awaitsAnswer(fold: SessionFold): boolean {
  return isOpen(fold) && asks(fold.clock.waiting?.reason ?? null)
}

/** The session as the API gives it, at `now` (ms). */
export function sessionRow(fold: SessionFold, now: number): SessionRow {
  const { state, needs, needsSince, endedAt } = statusOf(fold, now)
  const { first, counts } = trimmed(fold.density)
  return {
    sessionId: fold.sessionId,
    source: fold.source,
    handle: handleOf(fold.sessionId),
    project: fold.project,
    ...(fold.projectTag && { projectTag: fold.projectTag }),
    assistant: fold.assistant,
    state,
    needs,
    needsSince: needsSince === null ? null : iso(needsSince),
    startedAt: iso(fold.firstAt),
    lastEventAt: iso(fold.lastAt),
    endedAt: endedAt === null ? null : iso(endedAt),
    totals: {
      ...fold.counts,
      tokens: { ...fold.counts.tokens },
      durationMs: fold.lastAt - fold.firstAt,
    },
    last: fold.shown && { ...fold.shown.last },
    density: { from: iso(first * STEP_MS), stepMs: STEP_MS, counts: [...counts] },
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
