import { untrack } from 'svelte'
import type { SessionRow } from '../../core/api.ts'
import { compare } from '../../core/buckets.ts'
import { SESSION_GAP_MS } from '../../core/lifecycle.ts'
import {
  ACTIVE_MS,
  OVERVIEW_MS,
  type SessionClock,
  type SessionStateName,
  statusAt,
} from '../../core/sessions.ts'
import type { Needs } from '../../core/waiting.ts'

/**
 * A session's row as it stands at `now` (ms): what the node said, and what follows from its silence since. So states
 * go on while the node is away. What has ended stays ended until the node says otherwise.
 */
export function rowAt(row: SessionRow, now: number): SessionRow {
  if (row.state === 'ended') return row
  const clock: SessionClock = {
    lastAt: Date.parse(row.lastEventAt),
    endedAt: 0,
    waiting: row.needs && {
      reason: row.needs === 'answer' ? 'question' : 'turn',
      since: Date.parse(row.needsSince ?? row.lastEventAt),
    },
  }
  const { state, needs, needsSince, endedAt } = statusAt(clock, now)
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())
  return { ...row, state, needs, needsSince: iso(needsSince), endedAt: iso(endedAt) }
}

/** When silence alone changes a row next, ms; `Infinity` where it never does. */
function changesAt(row: SessionRow, now: number): number {
  if (row.endedAt !== null) return Date.parse(row.endedAt) + OVERVIEW_MS
  if (row.needs === 'answer') return Infinity
  const lastAt = Date.parse(row.lastEventAt)
  return [lastAt + ACTIVE_MS, lastAt + SESSION_GAP_MS].find((at) => at > now) ?? now
}

const ACTIVITY_RANKS: Record<SessionStateName, number> = { waiting: 2, active: 2, inactive: 3, ended: 4 }
const NEEDS_RANKS: Record<Needs, number> = { answer: 0, review: 1 }

/** What a row's place follows from. */
interface Place {
  row: SessionRow
  rank: number
  /** Since when it needs something, ms; 0 where it needs nothing. */
  since: number
}

const placeOf = (row: SessionRow): Place => ({
  row,
  rank: row.needs ? NEEDS_RANKS[row.needs] : ACTIVITY_RANKS[row.state],
  since: row.needs ? Date.parse(row.needsSince ?? row.lastEventAt) : 0,
})

/**
 * What waits for an answer first, longest first; then what is to review, active, silent, ended. Those in one state stand
 * by handle, so that they keep their places while they work.
 */
const byNeed = (a: Place, b: Place): number =>
  a.rank - b.rank ||
  a.since - b.since ||
  compare(a.row.handle, b.row.handle) ||
  compare(keyOf(a.row), keyOf(b.row))

/** What tells a session from all others: one may go on on another device, where it counts by itself. */
export const keyOf = ({ source, sessionId }: Pick<SessionRow, 'source' | 'sessionId'>): string =>
  `${source} ${sessionId}`

/** A session as the node said, and its place as it was found last. */
interface Held extends Place {
  said: SessionRow
  changesAt: number
}

/** The sessions of the overview. Ten thousand cost no more than those of them that change. */
export class Sessions {
  /** By `keyOf`. */
  readonly #held = new Map<string, Held>()
  /** When something last happened, by source, ms: also of sessions that are shown no more. */
  readonly #lastAt = new Map<string, number>()
  readonly #now: () => number
  #version = $state(0)
  /** In order, as far as was found last. */
  #order: Held[] = []
  #foundAt = -Infinity
  #nextAt = Infinity
  #turns = 0

  /** `now` may be reactive: what is shown then moves with it. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Another number when time alone has changed a row, or the clock was put back. */
  readonly #turn: number = $derived.by(() => {
    const now = this.#now()
    return now < this.#foundAt || now >= this.#nextAt ? ++this.#turns : this.#turns
  })

  /** Another text when the rows are to be found anew. */
  readonly #cause: string = $derived(`${this.#version} ${this.#turn}`)

  /** Those that have not ended more than 30 minutes ago, in the order in which they are shown. */
  readonly shown: SessionRow[] = $derived.by(() => (this.#cause ? this.#find(untrack(this.#now)) : []))

  /** How many wait for a person's answer. */
  readonly answers: number = $derived(countAnswers(this.shown))

  /** The session of an id; where it is on several devices, on that of its last event. */
  get(sessionId: string): SessionRow | undefined {
    let latest: SessionRow | undefined
    for (const row of this.shown) {
      if (row.sessionId === sessionId && (!latest || row.lastEventAt > latest.lastEventAt)) latest = row
    }
    return latest
  }

  /** When something last happened in a session of a source that came while this page is open, ms; 0 for none. */
  lastAt(source: string): number {
    return this.#version && (this.#lastAt.get(source) ?? 0)
  }

  /** Takes the node's rows in place of those held. */
  reset(rows: readonly SessionRow[]): void {
    this.#held.clear()
    this.#order = []
    this.update(rows)
  }

  /** Takes the rows that changed. */
  update(rows: readonly SessionRow[]): void {
    for (const said of rows) {
      const held = this.#held.get(keyOf(said))
      // What is found anew next has its place from there.
      const due = { said, changesAt: -Infinity }
      if (held) Object.assign(held, due)
      else {
        const made = { ...placeOf(said), ...due }
        this.#held.set(keyOf(said), made)
        this.#order.push(made)
      }
      const lastAt = Date.parse(said.lastEventAt)
      this.#lastAt.set(said.source, Math.max(this.#lastAt.get(said.source) ?? 0, lastAt))
    }
    this.#version++
  }

  /** All in order as they are at `now`; lets go of those that are shown no more. */
  #find(now: number): SessionRow[] {
    const isBack = now < this.#foundAt
    this.#foundAt = now
    this.#nextAt = Infinity
    for (const held of this.#order) {
      if (isBack || held.changesAt <= now) {
        Object.assign(held, placeOf(rowAt(held.said, now)))
        held.changesAt = changesAt(held.row, now)
      }
      if (held.changesAt > now) this.#nextAt = Math.min(this.#nextAt, held.changesAt)
    }
    this.#order = this.#order.filter((held) => {
      if (isShown(held, now)) return true
      this.#held.delete(keyOf(held.said))
      return false
    })
    // They stand nearly in order, which costs little.
    this.#order.sort(byNeed)
    return this.#order.map(({ row }) => row)
  }
}

const isShown = ({ row }: Place, now: number): boolean =>
  row.endedAt === null || now - Date.parse(row.endedAt) < OVERVIEW_MS

const countAnswers = (rows: readonly SessionRow[]): number =>
  rows.reduce((sum, { needs }) => sum + Number(needs === 'answer'), 0)
