import { VibeTeaError } from '../../core/errors.ts'

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Reads `90s`, `30m`, `1h` or `2d` as milliseconds; from one second to 365 days. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text)
  const ms = match ? Number(match[1]) * UNITS[match[2] as keyof typeof UNITS] : 0
  if (ms >= 1000 && ms <= 365 * UNITS.d) return ms
  throw new VibeTeaError(
    'invalid_duration',
    `"${text}" is not a length of time.`,
    'Write a number and s, m, h or d, such as 30m or 1h; at most 365d.',
  )
}

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
