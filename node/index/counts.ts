import type { Gap, HeatmapAnswer, StatsAnswer, StatsBy, StatsRow } from '../../core/api.ts'
import type { BucketCount } from '../../core/buckets.ts'
import type { LocalHour } from '../../core/buckets.ts'
import { BUCKET_MS, byLocalHour, localHours } from '../../core/buckets.ts'
import type { Database } from '../sqlite.ts'
import { COUNT_COLUMNS, HOUR_MS } from './rollups.ts'

export interface HeatmapOptions {
  days: number
  /** IANA; throws a RangeError for a zone that does not exist. */
  timeZone: string
  source?: readonly string[]
}

const DAY_MS = 86_400_000

type ToLocal = (ms: number) => LocalHour

/** Zones that have been asked for: what is known of their hours is dear to find out. */
const zones = new Map<string, ToLocal>()
const MAX_ZONES = 8

function zoneOf(timeZone: string): ToLocal {
  const toLocal = zones.get(timeZone) ?? localHours(timeZone)
  if (zones.size >= MAX_ZONES) zones.clear()
  zones.set(timeZone, toLocal)
  return toLocal
}

const BUCKETS_PER_HOUR = HOUR_MS / BUCKET_MS

/** Whether every hour of UTC from a bucket on is within one local hour: not so in Nepal. */
function hasWholeHours(toLocal: ToLocal, from: number, now: number): boolean {
  for (let ms = from * BUCKET_MS; ms <= now; ms += HOUR_MS) {
    if (toLocal(ms).hour !== toLocal(ms + HOUR_MS - BUCKET_MS).hour) return false
  }
  return true
}

/** Events by source and local hour, for the `days` days that end with today in that zone. `now` in ms. */
export async function heatmap(
  db: Database,
  { days, timeZone, source }: HeatmapOptions,
  gaps: readonly Gap[],
  now: number,
): Promise<HeatmapAnswer> {
  const toLocal = zoneOf(timeZone)
  // A local day can begin up to a day earlier, and be an hour longer, than as many days of 24 hours ago.
  const from = Math.floor((now - days * DAY_MS) / HOUR_MS - 1) * BUCKETS_PER_HOUR
  const step = hasWholeHours(toLocal, from, now) ? BUCKETS_PER_HOUR : 1
  const bySource = await db.all<{ source: string; buckets: string; counts: string }>(
    `SELECT source, json_group_array(bucket) AS buckets, json_group_array(events) AS counts FROM (
       SELECT source, bucket / ${step} * ${step} AS bucket, sum(events) AS events FROM heat
       WHERE bucket >= ? AND events > 0 ${source ? 'AND source IN (SELECT value FROM json_each(?))' : ''}
       GROUP BY bucket / ${step}, source
     ) GROUP BY source`,
    source ? [from, JSON.stringify(source)] : [from],
  )
  const aggregates = byLocalHour(bySource.flatMap(bucketCounts), toLocal, now, days)
  return {
    aggregates,
    gaps: gapsWithin(gaps, source, from * BUCKET_MS),
    meta: {
      totalCount: aggregates.reduce((sum, { eventCount }) => sum + eventCount, 0),
      daysRequested: days,
      fetchedAt: new Date(now).toISOString(),
      timeZone,
    },
  }
}

/** The gaps of the sources asked for that reach beyond `from` (ms). */
function gapsWithin(gaps: readonly Gap[], sources: readonly string[] | undefined, from: number): Gap[] {
  return gaps.filter(({ source, to }) => (sources?.includes(source) ?? true) && Date.parse(to) > from)
}

function bucketCounts(row: { source: string; buckets: string; counts: string }): BucketCount[] {
  const buckets = JSON.parse(row.buckets) as number[]
  const counts = JSON.parse(row.counts) as number[]
  return buckets.map((bucket, i) => ({ source: row.source, bucket, count: counts[i]! }))
}

/** Counts of the last `days` times 24 hours, the hour of `now` (ms) included, sorted by key. */
export async function stats(db: Database, by: StatsBy, days: number, now: number): Promise<StatsAnswer> {
  const after = Math.floor(now / HOUR_MS) - days * 24
  const rows = await db.all<Record<(typeof COUNT_COLUMNS)[number], number> & { name: string }>(
    `SELECT name, ${COUNT_COLUMNS.map((column) => `sum(${column}) AS ${column}`).join(', ')} FROM stats
     WHERE kind = ? AND hour > ? GROUP BY name HAVING sum(events) > 0 ORDER BY name`,
    [by, after],
  )
  return {
    by,
    days,
    rows: rows.map(({ name, input, output, cache_read, cache_write, ...counts }): StatsRow => {
      const tokens = { input, output, cacheRead: cache_read, cacheWrite: cache_write }
      return { key: name, ...counts, tokens }
    }),
  }
}

/** Events in all, by source. */
export function totals(db: Database): Promise<{ source: string; events: number }[]> {
  return db.all(
    'SELECT source, sum(events) AS events FROM heat GROUP BY source HAVING sum(events) > 0 ORDER BY source',
  )
}

/** A source's projects, by name and tag. */
export async function projects(
  db: Database,
  source: string,
): Promise<{ project: string; projectTag?: string }[]> {
  const rows = await db.all<{ project: string; tag: string }>(
    'SELECT DISTINCT project, tag FROM scopes WHERE source = ? ORDER BY project, tag',
    [source],
  )
  return rows.map(({ project, tag }) => (tag ? { project, projectTag: tag } : { project }))
}
