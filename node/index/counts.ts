import type { Gap, HeatmapAnswer } from '../../core/api.ts'
import type { BucketCount } from '../../core/buckets.ts'
import { BUCKET_MS, byLocalHour, withArchived } from '../../core/buckets.ts'
import type { Database } from '../sqlite.ts'
import type { ToLocal } from './zones.ts'
import { zoneOf } from './zones.ts'

export interface HeatmapOptions {
  days: number
  /** IANA; throws a RangeError for a zone that does not exist. */
  timeZone: string
  /** Hours after midnight at which a day begins; 0 where not said. */
  dayStart?: number
  source?: readonly string[]
}

/** What the heat map is told besides the index's own counts. */
export interface HeatmapBeside {
  gaps?: readonly Gap[]
  /** Of the archive, by source and whole hour of UTC. */
  archived?: readonly BucketCount[]
}

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

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
  { days, timeZone, dayStart = 0, source }: HeatmapOptions,
  { gaps = [], archived = [] }: HeatmapBeside,
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
  const asked = source ? archived.filter((one) => source.includes(one.source)) : archived
  const counts = withArchived(bySource.flatMap(bucketCounts), asked, step === BUCKETS_PER_HOUR)
  const aggregates = byLocalHour(counts, toLocal, now, days, dayStart)
  return {
    aggregates,
    gaps: gapsWithin(gaps, source, from * BUCKET_MS),
    meta: {
      totalCount: aggregates.length,
      daysRequested: days,
      fetchedAt: new Date(now).toISOString(),
      timeZone,
      history: null,
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

/** The quarter of an hour in which a source's last event was, as it begins, ms since 1970; null where it has none. */
export async function lastBucketAt(db: Database, source: string): Promise<number | null> {
  const [row] = await db.all<{ bucket: number }>(
    'SELECT bucket FROM heat WHERE source = ? AND events > 0 ORDER BY bucket DESC LIMIT 1',
    [source],
  )
  return row ? row.bucket * BUCKET_MS : null
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
