import type { Gap } from '../../core/api.ts'
import { BUCKET_MS, daysBefore, type LocalHour } from '../../core/buckets.ts'

/** How many steps of colour there are above "nothing". */
export const LEVELS = 5

export interface HeatCell {
  date: string
  hour: number
  /** ms since 1970; twice an hour apart where clocks went back, null where the hour does not exist. */
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
  total: number
  max: number
}

const DAY_MS = 86_400_000

export const keyOf = ({ date, hour }: LocalHour): string => `${date} ${hour}`

/**
 * The level of a count among others: in which fifth of the hours that have any it falls. Fixed steps would show one
 * colour only to whoever works a lot, or a little.
 */
export function levelsOf(counts: Iterable<number>): (count: number) => number {
  const known = [...new Set([...counts].filter((count) => count > 0))].sort((a, b) => a - b)
  return (count) => {
    if (count <= 0) return 0
    const below = known.filter((other) => other < count).length
    return Math.min(LEVELS, 1 + Math.floor((below / known.length) * LEVELS))
  }
}

/** The days that end with today, oldest first, and when each of their hours begins and ends, ms since 1970. */
export interface Calendar {
  dates: string[]
  spans: Map<string, { from: number; to: number }>
}

/** The calendar of a zone, which `toLocal` tells; good until the hour is over. */
export function calendarOf(toLocal: (ms: number) => LocalHour, now: number, days: number): Calendar {
  const today = toLocal(now).date
  const dates = Array.from({ length: days }, (_, i) => daysBefore(today, days - 1 - i))
  const spans = new Map<string, { from: number; to: number }>()
  const start = Math.floor((now - (days + 1) * DAY_MS) / BUCKET_MS) * BUCKET_MS
  for (let from = start; from < now + 2 * DAY_MS; from += BUCKET_MS) {
    const key = keyOf(toLocal(from))
    const span = spans.get(key)
    if (span) span.to = from + BUCKET_MS
    else spans.set(key, { from, to: from + BUCKET_MS })
  }
  return { dates, spans }
}

/** The hours of a calendar with their counts, which are by `<date> <hour>`. */
export function gridOf(
  counts: ReadonlyMap<string, number>,
  gaps: readonly Gap[],
  { dates, spans }: Calendar,
  now: number,
): HeatGrid {
  const times = gaps.map(({ from, to, reason }) => ({ from: Date.parse(from), to: Date.parse(to), reason }))
  const cells = dates.flatMap((date) =>
    Array.from({ length: 24 }, (_, hour): HeatCell => {
      const span = spans.get(keyOf({ date, hour })) ?? null
      const gap = span && times.find(({ from, to }) => from < span.to && to > span.from)
      return {
        date,
        hour,
        span,
        count: counts.get(keyOf({ date, hour })) ?? 0,
        level: 0,
        isFuture: span !== null && span.from > now,
        gap: gap?.reason ?? null,
      }
    }),
  )
  const level = levelsOf(cells.map(({ count }) => count))
  for (const cell of cells) cell.level = level(cell.count)
  return {
    days: dates.map((date, i) => ({ date, cells: cells.slice(i * 24, i * 24 + 24) })),
    total: cells.reduce((sum, { count }) => sum + count, 0),
    max: Math.max(0, ...cells.map(({ count }) => count)),
  }
}
