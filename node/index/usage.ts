import type { StatsAnswer, StatsBy, StatsRow } from '../../core/api.ts'
import { BUCKET_MS, bucketOf, compare } from '../../core/buckets.ts'
import { addTokens, noTokens } from '../../core/totals.ts'
import type { Database } from '../sqlite.ts'
import type { LocalDay } from './local-days.ts'
import { localDays } from './local-days.ts'
import { STEPS, TOOL_COLUMNS, USAGE_COLUMNS } from './rollups.ts'
import { MAX_AHEAD_MS } from './rows.ts'
import { zoneOf } from './zones.ts'

export interface StatsOptions {
  by: StatsBy
  days: number
  /** IANA; throws a RangeError for a zone that does not exist. Without one days are times of 24 hours. */
  timeZone?: string
  /** When a day begins, hours after midnight; 0 where not said. */
  dayStart?: number
  source?: readonly string[]
}

const HOUR_MS = 3_600_000

/**
 * Counts by one thing, sorted by it: of the `days` days that end with today in a zone, without one of the last `days`
 * times 24 hours, the hour of `now` (ms) included.
 */
export async function stats(db: Database, options: StatsOptions, now: number): Promise<StatsAnswer> {
  const { by, days, timeZone, dayStart = 0, source } = options
  const segments = timeZone ? localDays(zoneOf(timeZone), dayStart, now, days) : lastHours(days, now)
  const from = segments[0]!.from * BUCKET_MS
  const to = segments.at(-1)!.to * BUCKET_MS
  const [rows, sessions] = await Promise.all([
    by === 'tool' ? byTool(db, segments, source) : byUsage(db, by, segments, source),
    sessionsBetween(db, from, to, source),
  ])
  return { by, days, from: new Date(from).toISOString(), to: new Date(to).toISOString(), sessions, rows }
}

/** As days of UTC; what a clock that runs ahead says is counted with the rest. */
function lastHours(days: number, now: number): LocalDay[] {
  const from = bucketOf((Math.floor(now / HOUR_MS) + 1 - days * 24) * HOUR_MS)
  const to = bucketOf(now + MAX_AHEAD_MS) + 1
  return localDays(zoneOf('UTC'), 0, now + MAX_AHEAD_MS, days + 2)
    .map((day) => ({ ...day, from: Math.max(day.from, from), to: Math.min(day.to, to) }))
    .filter((day) => day.from < day.to)
}

type Piece = [step: number, from: number, to: number]

/** Buckets of several steps that together are a time, `to` excluded; in the steps' own numbers. */
function piecesOf(from: number, to: number, steps: readonly number[] = STEPS): Piece[] {
  const [step, ...finer] = steps
  if (step === undefined || from >= to) return []
  const [first, end] = [Math.ceil(from / step), Math.floor(to / step)]
  if (first >= end) return piecesOf(from, to, finer)
  return [...piecesOf(from, first * step, finer), [step, first, end], ...piecesOf(end * step, to, finer)]
}

/** The buckets of a time; `p.day` is the number of its segment. */
const PIECES = `WITH p AS MATERIALIZED (
  SELECT value->>0 AS step, value->>1 AS first, value->>2 AS until, value->>3 AS day FROM json_each(?)
)`
const WITHIN = 'u.step = p.step AND u.bucket >= p.first AND u.bucket < p.until'

/** The conditions of a time and of sources, with what they are given. */
function scopeOf(segments: readonly LocalDay[], source: readonly string[] | undefined): [string, string[]] {
  const pieces = segments.flatMap(({ from, to }, day) => piecesOf(from, to).map((piece) => [...piece, day]))
  if (!source) return [WITHIN, [JSON.stringify(pieces)]]
  const isAmong = 'u.source IN (SELECT w.word FROM json_each(?) j CROSS JOIN words w ON w.text = j.value)'
  return [`${WITHIN} AND ${isAmong}`, [JSON.stringify(pieces), JSON.stringify(source)]]
}

/** Where each grouping is counted, the table with the fewest rows; and by what. */
const GROUPS: Record<Exclude<StatsBy, 'tool'>, [table: string, name: string]> = {
  source: ['model_usage', 'u.source'],
  model: ['model_usage', 'u.model'],
  day: ['model_usage', 'p.day'],
  project: ['project_usage', 'u.project'],
  assistant: ['project_usage', 'u.assistant'],
}

type UsageRow = Record<(typeof USAGE_COLUMNS)[number], number> & { name: number; model: number }
type ToolRow = Record<(typeof TOOL_COLUMNS)[number], number> & { name: number }

const sums = (columns: readonly string[]) =>
  columns.map((column) => `sum(u.${column}) AS ${column}`).join(', ')

async function byUsage(
  db: Database,
  by: Exclude<StatsBy, 'tool'>,
  segments: readonly LocalDay[],
  source: readonly string[] | undefined,
): Promise<StatsRow[]> {
  const [table, name] = GROUPS[by]
  const [condition, params] = scopeOf(by === 'day' ? segments : together(segments), source)
  const found = await db.all<UsageRow>(
    `${PIECES} SELECT ${name} AS name, u.model, ${sums(USAGE_COLUMNS)}
     FROM p CROSS JOIN ${table} u ON ${condition} GROUP BY 1, 2 HAVING sum(u.events) > 0`,
    params,
  )
  const textOf = await textsOf(
    db,
    found.flatMap(({ name, model }) => (by === 'day' ? [model] : [name, model])),
  )
  const rows = new Map<number, StatsRow>()
  for (const { name, model, input, output, cache_read, cache_write, ...counts } of found) {
    const row = rows.get(name) ?? emptyRow(by === 'day' ? segments[name]!.date : textOf(name))
    rows.set(name, row)
    for (const column of ['events', 'tools', 'failures', 'responses', 'prompts', 'errors'] as const) {
      row[column] += counts[column]
    }
    const tokens = { input, output, cacheRead: cache_read, cacheWrite: cache_write }
    addTokens(row.tokens, tokens)
    if (textOf(model) !== '') row.models.push({ model: textOf(model), tokens })
  }
  for (const { models } of rows.values()) models.sort((a, b) => compare(a.model, b.model))
  // Events without a model are of none.
  return sorted(rows.values()).filter(({ key }) => key !== '')
}

async function byTool(
  db: Database,
  segments: readonly LocalDay[],
  source: readonly string[] | undefined,
): Promise<StatsRow[]> {
  const [condition, params] = scopeOf(together(segments), source)
  const found = await db.all<ToolRow>(
    `${PIECES} SELECT u.tool AS name, ${sums(TOOL_COLUMNS)}
     FROM p CROSS JOIN tool_usage u ON ${condition} GROUP BY 1 HAVING sum(u.events) > 0`,
    params,
  )
  const textOf = await textsOf(
    db,
    found.map(({ name }) => name),
  )
  return sorted(found.map(({ name, ...counts }) => ({ ...emptyRow(textOf(name)), ...counts })))
}

/** One time of all: it is told by fewer buckets than its days. */
function together(segments: readonly LocalDay[]): LocalDay[] {
  return [{ ...segments[0]!, to: segments.at(-1)!.to }]
}

async function textsOf(db: Database, words: readonly number[]): Promise<(word: number) => string> {
  const rows = await db.all<{ word: number; text: string }>(
    'SELECT word, text FROM words WHERE word IN (SELECT value FROM json_each(?))',
    [JSON.stringify([...new Set(words)])],
  )
  const texts = new Map(rows.map(({ word, text }) => [word, text]))
  return (word) => texts.get(word)!
}

async function sessionsBetween(
  db: Database,
  from: number,
  to: number,
  source: readonly string[] | undefined,
): Promise<number> {
  const isAmong = 'AND source IN (SELECT value FROM json_each(?))'
  const row = await db.get<{ sessions: number }>(
    `SELECT count(*) AS sessions FROM sessions WHERE last_at >= ? AND first_at < ? ${source ? isAmong : ''}`,
    source ? [from, to, JSON.stringify(source)] : [from, to],
  )
  return row!.sessions
}

function emptyRow(key: string): StatsRow {
  const counts = { events: 0, tools: 0, failures: 0, responses: 0, prompts: 0, errors: 0 }
  return { key, ...counts, tokens: noTokens(), models: [] }
}

const sorted = (rows: Iterable<StatsRow>): StatsRow[] => [...rows].sort((a, b) => compare(a.key, b.key))
