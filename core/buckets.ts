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

const DAY_MS = 86_400_000

/**
 * Tells the local day and hour of times in one IANA zone. Throws a RangeError for a zone that does not exist.
 * Offsets only change at whole quarters, so a bucket's answer is kept.
 */
export function localHours(timeZone: string): (ms: number) => LocalHour {
  const offsetAt = offsets(timeZone)
  const known = new Map<number, LocalHour>()
  return (ms) => {
    const bucket = bucketOf(ms)
    let local = known.get(bucket)
    if (!local) {
      const shifted = new Date(ms + offsetAt(ms))
      local = { date: shifted.toISOString().slice(0, 10), hour: shifted.getUTCHours() }
      known.set(bucket, local)
    }
    return local
  }
}

/** Tells how far a zone's clocks are ahead of UTC, in ms. Asking the system is slow: it is asked twice a day of UTC. */
function offsets(timeZone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const ask = (ms: number) => {
    const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type)!
    const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'))
    return local - Math.floor(ms / 60_000) * 60_000
  }
  /** The offset of a whole day, null where it changes in it. No zone changes twice in a day. */
  const days = new Map<number, number | null>()
  return (ms) => {
    const day = Math.floor(ms / DAY_MS)
    let offset = days.get(day)
    if (offset === undefined) {
      const first = ask(day * DAY_MS)
      offset = ask((day + 1) * DAY_MS - 1) === first ? first : null
      days.set(day, offset)
    }
    return offset ?? ask(ms)
  }
}

/** The date `days` days before a `YYYY-MM-DD`. */
export function daysBefore(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - days * DAY_MS).toISOString().slice(0, 10)
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
  const places = new Map<number, Place>()
  const sources = new Map<string, Map<string, HourCount>>()
  for (const { source, bucket, count } of buckets) {
    let place = places.get(bucket)
    if (!place) {
      const local = toLocal(bucket * BUCKET_MS)
      const key = `${local.date} ${String(local.hour).padStart(2, '0')}`
      place = { local, key, isShown: local.date >= first && local.date <= today }
      places.set(bucket, place)
    }
    if (!place.isShown) continue
    let cells = sources.get(source)
    if (!cells) sources.set(source, (cells = new Map<string, HourCount>()))
    const cell = cells.get(place.key)
    if (cell) cell.eventCount += count
    else cells.set(place.key, { source, date: place.local.date, hour: place.local.hour, eventCount: count })
  }
  const sortedBy = <T>(map: Map<string, T>): T[] =>
    [...map].sort(([a], [b]) => compare(a, b)).map(([, value]) => value)
  return sortedBy(sources).flatMap((cells) => sortedBy(cells))
}

/** Where a bucket falls; `key` sorts by time. */
interface Place {
  local: LocalHour
  key: string
  isShown: boolean
}

/** Code-unit order, the same on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
