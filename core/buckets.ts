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

/** The day that a local hour counts to where days begin `dayStart` hours after midnight: before that it is still yesterday. */
export function dayOf({ date, hour }: LocalHour, dayStart: number): string {
  return hour < dayStart ? daysBefore(date, 1) : date
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

const BUCKETS_PER_HOUR = 4

/**
 * Local counts and those of an archive, of which neither need be complete, as one: per source and hour of UTC the
 * larger. `archived` has whole hours, each in its first bucket and once. What the archive has more is spread evenly
 * over the hour, as it does not tell when in it that was; where whole hours are all that is asked for it stays there.
 */
export function withArchived(
  local: readonly BucketCount[],
  archived: readonly BucketCount[],
  areHoursWhole = false,
): BucketCount[] {
  const known = new Map<string, Map<number, number>>()
  for (const { source, bucket, count } of local) {
    let hours = known.get(source)
    if (!hours) known.set(source, (hours = new Map<number, number>()))
    const hour = Math.floor(bucket / BUCKETS_PER_HOUR)
    hours.set(hour, (hours.get(hour) ?? 0) + count)
  }
  const all = [...local]
  for (const { source, bucket, count } of archived) {
    let missing = count - (known.get(source)?.get(bucket / BUCKETS_PER_HOUR) ?? 0)
    for (let parts = areHoursWhole ? 1 : BUCKETS_PER_HOUR; missing > 0; parts--) {
      const part = Math.ceil(missing / parts)
      all.push({ source, bucket: areHoursWhole ? bucket : bucket + BUCKETS_PER_HOUR - parts, count: part })
      missing -= part
    }
  }
  return all
}

/**
 * Groups buckets by local day and hour: the `days` days that end with today in that zone, each beginning `dayStart`
 * hours after midnight. Sorted by source and time; `date` is the calendar's. On the day when clocks go back an hour
 * counts twice the time; on the other it is missing.
 */
export function byLocalHour(
  buckets: Iterable<BucketCount>,
  toLocal: (ms: number) => LocalHour,
  now: number,
  days: number,
  dayStart = 0,
): HourCount[] {
  const today = dayOf(toLocal(now), dayStart)
  const first = daysBefore(today, days - 1)
  const places = new Map<number, Place>()
  const sources = new Map<string, Map<string, HourCount>>()
  for (const { source, bucket, count } of buckets) {
    let place = places.get(bucket)
    if (!place) {
      const local = toLocal(bucket * BUCKET_MS)
      const key = `${local.date} ${String(local.hour).padStart(2, '0')}`
      const day = dayOf(local, dayStart)
      place = { local, key, isShown: day >= first && day <= today }
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
