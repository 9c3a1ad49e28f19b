import { BUCKET_MS, dayOf, daysBefore } from '../../core/buckets.ts'
import type { ToLocal } from './zones.ts'

/** A day of a time zone, in buckets: from the first to before `to`. */
export interface LocalDay {
  /** `2026-11-20`. */
  date: string
  from: number
  to: number
}

const HOUR_MS = 3_600_000
/** No zone is further from UTC than 14 hours, and no day is longer than 25. */
const FURTHEST = (16 * HOUR_MS) / BUCKET_MS

/** The `days` days that end with the one of `now` (ms). On the days when clocks change they have 23 or 25 hours. */
export function localDays(toLocal: ToLocal, dayStart: number, now: number, days: number): LocalDay[] {
  const today = dayOf(toLocal(now), dayStart)
  const dates = Array.from({ length: days + 1 }, (_, i) => daysBefore(today, days - 1 - i))
  const starts = dates.map((date) => startOf(date, toLocal, dayStart))
  return dates.slice(0, -1).map((date, i) => ({ date, from: starts[i]!, to: starts[i + 1]! }))
}

/** The first bucket of a day. */
function startOf(date: string, toLocal: ToLocal, dayStart: number): number {
  const around = (Date.parse(`${date}T00:00:00Z`) + dayStart * HOUR_MS) / BUCKET_MS
  let before = around - FURTHEST
  let start = around + FURTHEST
  while (start - before > 1) {
    const middle = Math.floor((before + start) / 2)
    if (dayOf(toLocal(middle * BUCKET_MS), dayStart) < date) before = middle
    else start = middle
  }
  return start
}
