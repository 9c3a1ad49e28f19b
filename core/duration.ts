const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const MAX_MS = 365 * UNITS.d

/** What a length of time looks like, for a sentence that refuses one. */
export const DURATION_FORM = 'a number and s, m, h or d, such as 30m, at most 365d'

/** Reads `90s`, `30m`, `1h` or `2d` as milliseconds, from one second to 365 days; null where it is no such thing. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,8})([smhd])$/.exec(text)
  if (!match) return null
  const ms = Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]
  return ms > 0 && ms <= MAX_MS ? ms : null
}
