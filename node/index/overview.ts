import type { SessionRow } from '../../core/api.ts'
import { compare } from '../../core/buckets.ts'
import { SESSION_GAP_MS } from '../../core/lifecycle.ts'
import type { SessionStateName } from '../../core/sessions.ts'
import { isSessionFound, searchedWords } from '../../core/search.ts'
import { OVERVIEW_MS } from '../../core/sessions.ts'
import type { Database } from '../sqlite.ts'
import type { SessionFold } from './session-fold.ts'
import { sessionRow } from './session-fold.ts'

export interface OverviewQuery {
  state?: readonly SessionStateName[]
  /** ms since 1970: sessions with something in between, the end excluded. */
  from?: number
  to?: number
  /** Every word begins a name of the session: also such as ended long ago, the latest first. */
  q?: string
  /** How many are found by `q` at most; 1000 where it is not said. */
  limit?: number
}

const MAX_FOUND = 1000

/**
 * Sessions at `now` (ms): those that need an answer first, the longest waiting on top. Without a time they are those of
 * the overview, which sessions leave half an hour after their end.
 */
export async function sessionsAt(db: Database, query: OverviewQuery, now: number): Promise<SessionRow[]> {
  const { state, from, to, q } = query
  const rowsOf = (found: readonly { fold: string }[]) =>
    found
      .map(({ fold }) => sessionRow(JSON.parse(fold) as SessionFold, now))
      .filter((row) => state === undefined || state.includes(row.state))
  const span = [from ?? -Infinity, to ?? Infinity].map((ms) => Math.max(-8.64e15, Math.min(ms, 8.64e15)))
  if (q !== undefined) return rowsOf(await found(db, q, span, query.limit ?? MAX_FOUND))
  const isOverview = from === undefined && to === undefined
  const rows = await db.all<{ fold: string }>(
    isOverview
      ? `SELECT fold FROM sessions WHERE until >= ?
         UNION ALL SELECT fold FROM sessions WHERE asks = 1 AND until < ?`
      : 'SELECT fold FROM sessions WHERE last_at >= ? AND first_at < ?',
    isOverview ? Array<number>(2).fill(now - Math.max(OVERVIEW_MS, SESSION_GAP_MS)) : span,
  )
  return rowsOf(rows)
    .filter((row) => !isOverview || row.endedAt === null || now - Date.parse(row.endedAt) <= OVERVIEW_MS)
    .sort(inOrder)
}

type Names = [source: string, sessionId: string, project: string, assistant: string]

/** Sessions with something in a span of time that a search finds, the latest first. */
async function found(
  db: Database,
  q: string,
  span: readonly number[],
  limit: number,
): Promise<{ fold: string }[]> {
  const words = searchedWords(q)
  if (!words) return []
  // Handles follow from ids and are stored nowhere.
  const names = await db.get<{ rows: string }>(
    `SELECT json_group_array(json_array(source, session, project, assistant)) AS rows FROM (
       SELECT DISTINCT c.source, c.session, c.project, c.assistant, s.last_at
       FROM sessions s JOIN scopes c ON c.source = s.source AND c.session = s.session
       WHERE s.last_at >= ? AND s.first_at < ? ORDER BY s.last_at DESC, s.source, s.session)`,
    [...span],
  )
  const keys = new Set<string>()
  for (const [source, sessionId, project, assistant] of JSON.parse(names!.rows) as Names[]) {
    if (!isSessionFound(words, { source, sessionId, project, assistant })) continue
    keys.add(JSON.stringify([source, sessionId]))
    if (keys.size === limit) break
  }
  return db.all<{ fold: string }>(
    `SELECT s.fold FROM json_each(?) j
     JOIN sessions s ON s.source = j.value->>0 AND s.session = j.value->>1
     ORDER BY j.key`,
    [`[${[...keys].join(',')}]`],
  )
}

/** When something last happened in a session, ms since 1970, by source. */
export function lastSessions(db: Database): Promise<{ source: string; lastAt: number }[]> {
  return db.all('SELECT source, max(until) AS lastAt FROM sessions GROUP BY source ORDER BY source')
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
