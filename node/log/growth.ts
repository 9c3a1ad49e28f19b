/** How much of one log is taken in a UTC day, so that nobody fills another's disk. */
export interface GrowthBounds {
  bytes: number
  events: number
}

export const EVENTS_LOG_BOUNDS: GrowthBounds = { bytes: 64 * 1024 * 1024, events: 200_000 }
/** A profile and its changes take some kilobytes. */
export const STATE_LOG_BOUNDS: GrowthBounds = { bytes: 4 * 1024 * 1024, events: Infinity }

const DAY_MS = 86_400_000

/** What has come of a log on a day. */
export interface Growth {
  /** Days since 1970, UTC, by this device's clock. */
  day: number
  bytes: number
  events: number
}

/** Adds what came at `now` (ms since 1970) to what came before; a new day begins at nothing. */
export function grown(before: Growth, more: { bytes?: number; events?: number }, now: number): Growth {
  const day = Math.floor(now / DAY_MS)
  // A clock that is set back does not begin the day again.
  const today = day > before.day ? { day, bytes: 0, events: 0 } : before
  return {
    day: today.day,
    bytes: today.bytes + (more.bytes ?? 0),
    events: today.events + (more.events ?? 0),
  }
}

/** What is exceeded, as a person reads it, and when to go on (ms since 1970); null where nothing is. */
export function excess(
  growth: Growth,
  bounds: GrowthBounds,
  now: number,
): { what: string; until: number } | null {
  if (Math.floor(now / DAY_MS) > growth.day) return null
  const until = (growth.day + 1) * DAY_MS
  if (growth.bytes >= bounds.bytes) return { what: `${bounds.bytes / 1024 / 1024} MiB`, until }
  if (growth.events >= bounds.events) return { what: `${bounds.events.toLocaleString('en')} events`, until }
  return null
}
