/** Spans of time that filters offer by name, and how a span is written. `now` and times are ms since 1970. */

import { shortDate, shortTime, twoDigits } from './time.ts'

export interface Span {
  /** Inclusive and exclusive; null where it goes on. */
  from: number | null
  to: number | null
}

const HOUR_MS = 3_600_000

/** Midnight, or the hour at which days begin, of the day that is `back` days before that of a time, by this browser's zone. */
export function dayBegin(ms: number, dayStart: number, back = 0): number {
  const date = new Date(ms - dayStart * HOUR_MS)
  // A day of a change of clocks has 23 or 25 hours: the calendar counts, not hours.
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() - back, dayStart).getTime()
}

/** Names and spans, the nearest first. */
export function spansAt(now: number, dayStart: number): { name: string; span: Span }[] {
  return [
    { name: 'Last hour', span: { from: now - HOUR_MS, to: null } },
    { name: 'Today', span: { from: dayBegin(now, dayStart), to: null } },
    { name: 'Yesterday', span: { from: dayBegin(now, dayStart, 1), to: dayBegin(now, dayStart) } },
    { name: 'Last 7 days', span: { from: dayBegin(now, dayStart, 6), to: null } },
  ]
}

/** `20 Nov 07:00 – 08:00`, `since 20 Nov 07:00`, `before …`; '' for no bounds. */
export function spanWords({ from, to }: Span): string {
  const say = (ms: number) => `${shortDate(ms)} ${shortTime(ms)}`
  if (from !== null && to !== null) {
    const isOneDay = shortDate(from) === shortDate(to - 1)
    return `${say(from)} – ${isOneDay ? shortTime(to) : say(to)}`
  }
  return from !== null ? `since ${say(from)}` : to !== null ? `before ${say(to)}` : ''
}

/** A day as a date field has it: `2026-11-20`. */
export function toDateField(ms: number): string {
  const date = new Date(ms)
  return `${String(date.getFullYear()).padStart(4, '0')}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`
}

/** A time as a field for date and time has it: `2026-11-20T08:00`. */
export function toTimeField(ms: number | null): string {
  if (ms === null) return ''
  const date = new Date(ms)
  return `${toDateField(ms)}T${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`
}

/** What such a field says, by this browser's zone; null where it says nothing. */
export function fromTimeField(value: string): number | null {
  const ms = new Date(value).getTime()
  return Number.isNaN(ms) ? null : ms
}
