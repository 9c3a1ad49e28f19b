import { VibeTeaError } from '../../core/errors.ts'

/** Reads a date (`2026-11-20`, local midnight) or a time (RFC 3339) as milliseconds since 1970. */
export function parseMoment(text: string): number {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text)
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.test(text)
  const ms = isDate || isTime ? new Date(isDate ? `${text}T00:00:00` : text).getTime() : NaN
  if (!Number.isNaN(ms)) return ms
  throw new VibeTeaError(
    'invalid_time',
    `"${text}" is not a date or time.`,
    'Write 2026-11-20 or 2026-11-20T09:30:00Z.',
  )
}
