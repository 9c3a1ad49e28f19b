import { VibeTeaError } from '../../core/errors.ts'

/** Reads a date (`2026-11-20`, local midnight) or a time (RFC 3339) as milliseconds since 1970. */
export function parseMoment(text: string): number {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text)
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.test(text)
  const ms = isDate || isTime ? new Date(isDate ? `${text}T00:00:00` : text).getTime() : NaN
  // What JavaScript takes for 30 February is another day.
  const isReal = !Number.isNaN(ms) && Number(text.slice(8, 10)) <= daysIn(text.slice(0, 7))
  if (isReal) return ms
  throw new VibeTeaError(
    'invalid_time',
    `"${text}" is not a date or time.`,
    'Write 2026-11-20 or 2026-11-20T09:30:00Z.',
  )
}

/** Days in a month, `2026-02`. */
function daysIn(month: string): number {
  return new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate()
}
