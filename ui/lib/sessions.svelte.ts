import { SvelteMap } from 'svelte/reactivity'
import type { SessionRow } from '../../core/api.ts'
import { OVERVIEW_MS, type SessionClock, statusAt } from '../../core/sessions.ts'

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

const since = (row: SessionRow): number => Date.parse(row.needsSince ?? row.lastEventAt)

/**
 * What waits for an answer first, longest first; then what is to review, active, silent, ended. Those in one state stand
 * by handle, so that they keep their places while they work.
 */
export function inOrder(rows: readonly SessionRow[]): SessionRow[] {
  const rank = ({ needs, state }: SessionRow) =>
    needs === 'answer' ? 0 : needs === 'review' ? 1 : { waiting: 2, active: 2, inactive: 3, ended: 4 }[state]
  return [...rows].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.needs ? since(a) - since(b) : 0) ||
      (a.handle < b.handle ? -1 : a.handle > b.handle ? 1 : 0),
  )
}

/** What tells a session from all others: one may go on on another device, where it counts by itself. */
export const keyOf = ({ source, sessionId }: Pick<SessionRow, 'source' | 'sessionId'>): string =>
  `${source} ${sessionId}`

/** The sessions of the overview. */
export class Sessions {
  /** By `keyOf`. */
  readonly #rows = new SvelteMap<string, SessionRow>()
  readonly #now: () => number

  /** `now` may be reactive: what is shown then moves with it. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Those that have not ended more than 30 minutes ago, in the order in which they are shown. */
  readonly shown: SessionRow[] = $derived.by(() => {
    const now = this.#now()
    const rows = [...this.#rows.values()].map((row) => rowAt(row, now))
    return inOrder(rows.filter(({ endedAt }) => endedAt === null || now - Date.parse(endedAt) < OVERVIEW_MS))
  })

  /** How many wait for a person's answer. */
  readonly answers: number = $derived(this.shown.filter(({ needs }) => needs === 'answer').length)

  /** The session of an id; where it is on several devices, on that of its last event. */
  get(sessionId: string): SessionRow | undefined {
    const [row] = [...this.#rows.values()]
      .filter((row) => row.sessionId === sessionId)
      .sort((a, b) => Date.parse(b.lastEventAt) - Date.parse(a.lastEventAt))
    return row && rowAt(row, this.#now())
  }

  /** Takes the node's rows in place of those held. */
  reset(rows: readonly SessionRow[]): void {
    this.#rows.clear()
    this.update(rows)
  }

  /** Takes the rows that changed, and lets go of those that are shown no more. */
  update(rows: readonly SessionRow[]): void {
    for (const row of rows) this.#rows.set(keyOf(row), row)
    const now = this.#now()
    for (const [key, { endedAt }] of [...this.#rows]) {
      if (endedAt !== null && now - Date.parse(endedAt) > OVERVIEW_MS) this.#rows.delete(key)
    }
  }
}
