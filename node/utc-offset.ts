import process from 'node:process'

const MINUTE_MS = 60_000
const QUARTER = 15
/** How often the system is asked anew where it is. */
const ASK_MS = MINUTE_MS

let askedAt = -Infinity

/**
 * How far this machine's clock on the wall is ahead of UTC at a time (ms since 1970), in minutes: to the quarter of an
 * hour, as all that are in use. A zone that the person changes while the node runs counts within a minute.
 */
export function systemUtcOffsetAt(ms: number): number {
  if (Math.abs(ms - askedAt) >= ASK_MS) {
    askedAt = ms
    // A process keeps the zone that it began with; Node asks the system again when the variable changes.
    if (process.env.TZ === undefined) delete process.env.TZ
  }
  return utcOffsetAt(ms)
}

/** The same in the zone that this process has. */
export function utcOffsetAt(ms: number): number {
  const minutes = -new Date(ms).getTimezoneOffset()
  return Math.round(minutes / QUARTER) * QUARTER + 0 // no -0, which JSON and Yjs tell from 0
}
