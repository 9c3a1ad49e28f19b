/**
 * Counts are kept in buckets of 15 minutes of UTC, the largest unit that falls into whole hours of every time zone
 * (some are off by 30 or 45 minutes), and grouped by local day and hour for whoever looks.
 */
export const BUCKET_MS = 15 * 60_000

/** The number of the bucket that holds a time: whole quarters of an hour since 1970. */
export function bucketOf(ms: number): number {
  return Math.floor(ms / BUCKET_MS)
}

/** A day and an hour of some time zone: `2026-11-20` and 0–23. */
export interface LocalHour {
  date: string
  hour: number
}

/**
 * Tells the local day and hour of times in one IANA zone. Throws a RangeError for a zone that does not exist.
 * Offsets only change at whole quarters, so a bucket's answer is kept.
 */
export function localHours(timeZone: string): (ms: number) => LocalHour {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  })
  const known = new Map<number, LocalHour>()
  return (ms) => {
    const bucket = bucketOf(ms)
    let local = known.get(bucket)
    if (!local) {
      const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]))
      const date = `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`
      local = { date, hour: Number(parts.get('hour')) }
      known.set(bucket, local)
    }
    return local
  }
}

/** The date `days` days before a `YYYY-MM-DD`. */
export function daysBefore(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10)
}

export interface BucketCount {
  source: string
  bucket: number
  count: number
}

export interface HourCount extends LocalHour {
  source: string
  eventCount: number
}

/**
 * Groups buckets by local day and hour: the `days` days that end with today in that zone. Sorted by source and time.
 * On the day when clocks go back an hour counts twice the time; on the other it is missing.
 */
export function byLocalHour(
  buckets: Iterable<BucketCount>,
  toLocal: (ms: number) => LocalHour,
  now: number,
  days: number,
): HourCount[] {
  const today = toLocal(now).date
  const first = daysBefore(today, days - 1)
  const cells = new Map<string, HourCount>()
  for (const { source, bucket, count } of buckets) {
    const { date, hour } = toLocal(bucket * BUCKET_MS)
    if (date < first || date > today) continue
    const key = `${source} ${date} ${hour}`
    const cell = cells.get(key)
    if (cell) cell.eventCount += count
    else cells.set(key, { source, date, hour, eventCount: count })
  }
  return [...cells.values()].sort(
    (a, b) => compare(a.source, b.source) || compare(a.date, b.date) || a.hour - b.hour,
  )
}

/** Code-unit order, the same on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
