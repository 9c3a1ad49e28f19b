import type { SessionRow, TimelineAnswer, TimelineSession } from '../../core/api.ts'
import { compare } from '../../core/buckets.ts'
import type { Database } from '../sqlite.ts'
import { typeNumber } from './rows.ts'
import type { SessionFold } from './session-fold.ts'
import { sessionRow } from './session-fold.ts'

/** Sessions of one answer: more than a page can tell apart. */
export const MAX_SESSIONS = 500
/** Errors of one session. */
const MAX_ERRORS = 100

export interface TimelineOptions {
  /** ms since 1970, the end excluded. */
  from: number
  to: number
  /** Of the density, ms. */
  stepMs: number
}

/** What a session did in the time. */
interface Part {
  source: string
  sessionId: string
  /** Events by number of the step, counted from 1970. */
  steps: Map<number, number>
  /** ms since 1970, the earliest first. */
  errors: number[]
}

/** Sessions with events in a time, as they are at `now` (ms), with the density and the errors of that time alone. */
export async function timeline(
  db: Database,
  options: TimelineOptions,
  now: number,
): Promise<Omit<TimelineAnswer, 'gaps'>> {
  const all = await partsIn(db, options)
  const parts = all
    .sort((a, b) => lastStep(b.steps) - lastStep(a.steps) || compare(keyOf(a), keyOf(b)))
    .slice(0, MAX_SESSIONS)
  const folds = await db.all<{ fold: string }>(
    `SELECT s.fold FROM json_each(?) j
     JOIN sessions s ON s.source = j.value->>0 AND s.session = j.value->>1`,
    [JSON.stringify(parts.map(({ source, sessionId }) => [source, sessionId]))],
  )
  const partOf = new Map(parts.map((part) => [keyOf(part), part]))
  const sessions = folds.map(({ fold }) => {
    const row = sessionRow(JSON.parse(fold) as SessionFold, now)
    return inTime(row, partOf.get(keyOf(row))!, options.stepMs)
  })
  sessions.sort(
    (a, b) =>
      compare(a.source, b.source) || compare(a.density.from, b.density.from) || compare(keyOf(a), keyOf(b)),
  )
  return { sessions, more: all.length - parts.length }
}

/** Counts events without reading them: the index by time has all that is asked for. */
async function partsIn(db: Database, { from, to, stepMs }: TimelineOptions): Promise<Part[]> {
  const IN_TIME = 'FROM events INDEXED BY events_by_time WHERE at >= ? AND at < ?'
  const [counted, failed] = await Promise.all([
    db.all<{ source: string; sessionId: string; steps: string; events: string }>(
      `SELECT s.source, s.session AS sessionId, c.steps, c.events FROM (
         SELECT scope, json_group_array(step) AS steps, json_group_array(events) AS events
         FROM (SELECT scope, at / ? AS step, count(*) AS events ${IN_TIME} GROUP BY 1, 2) GROUP BY scope
       ) c JOIN scopes s USING (scope)`,
      [stepMs, from, to],
    ),
    db.all<{ source: string; sessionId: string; at: number }>(
      `SELECT s.source, s.session AS sessionId, e.at FROM (SELECT scope, at ${IN_TIME} AND type = ?) e
       JOIN scopes s USING (scope) ORDER BY e.at`,
      [from, to, typeNumber('error')],
    ),
  ])
  // A session has a scope for each project that it was in.
  const parts = new Map<string, Part>()
  for (const { source, sessionId, steps, events } of counted) {
    const key = keyOf({ source, sessionId })
    const part = parts.get(key) ?? { source, sessionId, steps: new Map<number, number>(), errors: [] }
    parts.set(key, part)
    const counts = JSON.parse(events) as number[]
    for (const [i, step] of (JSON.parse(steps) as number[]).entries()) {
      part.steps.set(step, (part.steps.get(step) ?? 0) + counts[i]!)
    }
  }
  for (const { at, ...session } of failed) parts.get(keyOf(session))?.errors.push(at)
  return [...parts.values()]
}

function inTime(row: SessionRow, { steps, errors }: Part, stepMs: number): TimelineSession {
  const first = Math.min(...steps.keys())
  const counts = Array.from({ length: lastStep(steps) - first + 1 }, (_, i) => steps.get(first + i) ?? 0)
  return {
    ...row,
    density: { from: iso(first * stepMs), stepMs, counts },
    errors: errors.slice(-MAX_ERRORS).map(iso),
  }
}

const lastStep = (steps: Part['steps']): number => Math.max(...steps.keys())

const keyOf = ({ source, sessionId }: { source: string; sessionId: string }): string =>
  `${source} ${sessionId}`

const iso = (ms: number): string => new Date(ms).toISOString()
