import type { SessionRow } from '../../core/api.ts'
import { compare } from '../../core/buckets.ts'
import { SESSION_GAP_MS } from '../../core/lifecycle.ts'
import type { SessionStateName } from '../../core/sessions.ts'
import { OVERVIEW_MS } from '../../core/sessions.ts'
import type { Database } from '../sqlite.ts'
import type { SessionFold } from './session-fold.ts'
import { sessionRow } from './session-fold.ts'

export interface OverviewQuery {
  state?: readonly SessionStateName[]
  /** ms since 1970: sessions with something in between, the end excluded. */
  from?: number
  to?: number
}

/**
 * Sessions at `now` (ms): those that need an answer first, the longest waiting on top. Without a time they are those of
 * the overview, which sessions leave half an hour after their end.
 */
export async function sessionsAt(db: Database, query: OverviewQuery, now: number): Promise<SessionRow[]> {
  const { state, from, to } = query
  const isOverview = from === undefined && to === undefined
  const rows = await db.all<{ fold: string }>(
    isOverview
      ? `SELECT fold FROM sessions WHERE until >= ?
         UNION ALL SELECT fold FROM sessions WHERE asks = 1 AND until < ?`
      : 'SELECT fold FROM sessions WHERE last_at >= ? AND first_at < ?',
    isOverview
      ? Array<number>(2).fill(now - Math.max(OVERVIEW_MS, SESSION_GAP_MS))
      : [from ?? -Infinity, to ?? Infinity].map((ms) => Math.max(-8.64e15, Math.min(ms, 8.64e15))),
  )
  return rows
    .map(({ fold }) => sessionRow(JSON.parse(fold) as SessionFold, now))
    .filter((row) => state === undefined || state.includes(row.state))
    .filter((row) => !isOverview || row.endedAt === null || now - Date.parse(row.endedAt) <= OVERVIEW_MS)
    .sort(inOrder)
}

const RANKS: Record<SessionStateName, number> = { waiting: 0, active: 2, inactive: 3, ended: 4 }

function rank({ state, needs }: SessionRow): number {
  return needs === 'review' ? 1 : RANKS[state]
}

/** Who waits longest comes first; of the others who was last active. */
function inOrder(a: SessionRow, b: SessionRow): number {
  return (
    rank(a) - rank(b) ||
    compare(a.needsSince ?? '', b.needsSince ?? '') ||
    compare(b.lastEventAt, a.lastEventAt) ||
    compare(a.source, b.source) ||
    compare(a.sessionId, b.sessionId)
  )
}
