import type { Gap } from '../../core/api.ts'
import { BUCKET_MS, dayOf, daysBefore, type LocalHour } from '../../core/buckets.ts'

/** How many steps of colour there are above "nothing". */
export const LEVELS = 5

export interface HeatCell {
  /** The calendar's, also where days begin later than at midnight. */
  date: string
  hour: number
  /** ms since 1970; longer than an hour where clocks went back, null where the hour does not exist. */
  span: { from: number; to: number } | null
  count: number
  /** 0, or 1 to 5. */
  level: number
  isFuture: boolean
  /** Counts are not known for a part of the hour. */
  gap: Gap['reason'] | null
}

export interface HeatGrid {
  /** A row of 24 hours for each day, oldest first. */
  days: { date: string; cells: HeatCell[] }[]
  /** The hours of a row, 0–23, in the order in which a day has them. */
  hours: number[]
  total: number
}

const DAY_MS = 86_400_000

export const keyOf = ({ date, hour }: LocalHour): string => `${date} ${hour}`

/**
 * The level of a count among others: in which fifth of the hours that have any it falls. Fixed steps would show one
 * colour only to whoever works a lot, or a little.
 */
export function levelsOf(counts: Iterable<number>): (count: number) => number {
  const sorted = [...counts].filter((count) => count > 0).sort((a, b) => a - b)
  const levels = new Map<number, number>()
  for (const [place, count] of sorted.entries()) {
    if (!levels.has(count)) levels.set(count, 1 + Math.floor((place / sorted.length) * LEVELS))
  }
  return (count) => levels.get(count) ?? 0
}

/** The days that end with today, oldest first, and when each of their hours begins and ends, ms since 1970. */
export interface Calendar {
  dates: string[]
  dayStart: number
  spans: Map<string, { from: number; to: number }>
}

/**
 * The calendar of a zone, which `toLocal` tells, for days that begin `dayStart` hours after midnight; good until the
 * hour is over.
 */
export function calendarOf(
  toLocal: (ms: number) => LocalHour,
  now: number,
  days: number,
  dayStart = 0,
): Calendar {
  const today = dayOf(toLocal(now), dayStart)
  const dates = Array.from({ length: days }, (_, i) => daysBefore(today, days - 1 - i))
  const spans = new Map<string, { from: number; to: number }>()
  const start = Math.floor((now - (days + 1) * DAY_MS) / BUCKET_MS) * BUCKET_MS
  for (let from = start; from < now + 2 * DAY_MS; from += BUCKET_MS) {
    const key = keyOf(toLocal(from))
    const span = spans.get(key)
    if (span) span.to = from + BUCKET_MS
    else spans.set(key, { from, to: from + BUCKET_MS })
  }
  return { dates, dayStart, spans }
}

/** The hours of a calendar with their counts, which are by `<date> <hour>`. */
export function gridOf(
  counts: ReadonlyMap<string, number>,
  gaps: readonly Gap[],
  { dates, dayStart, spans }: Calendar,
  now: number,
): HeatGrid {
  const times = gaps.map(({ from, to, reason }) => ({ from: Date.parse(from), to: Date.parse(to), reason }))
  const hours = Array.from({ length: 24 }, (_, i) => (dayStart + i) % 24)
  const days = dates.map((day) => ({
    date: day,
    cells: hours.map((hour): HeatCell => {
      const date = hour < dayStart ? daysBefore(day, -1) : day
      const key = keyOf({ date, hour })
      const span = spans.get(key) ?? null
      const gap = span && times.find(({ from, to }) => from < span.to && to > span.from)
      return {
        date,
        hour,
        span,
        count: counts.get(key) ?? 0,
        level: 0,
        isFuture: span !== null && span.from > now,
        gap: gap?.reason ?? null,
      }
    }),
  }))
  const cells = days.flatMap((day) => day.cells)
  const level = levelsOf(cells.map(({ count }) => count))
  for (const cell of cells) cell.level = level(cell.count)
  return { days, hours, total: cells.reduce((sum, { count }) => sum + count, 0) }
}
