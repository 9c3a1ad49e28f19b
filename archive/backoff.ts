const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** Waits between tries are never longer, unless the archive asks for it. */
export const LONGEST_WAIT_MS = MINUTE_MS
const LONGEST_REFUSAL_MS = 15 * MINUTE_MS
const LONGEST_HOLD_MS = HOUR_MS
/** What the archive may ask for at most. */
const LONGEST_RETRY_AFTER_MS = 24 * HOUR_MS

/**
 * How long to wait, in ms, after a call has failed so many times in a row: about a second for the first `retryLimit`
 * times, then 2, 4 … 60 s, each times 0.5 to 1.5 (`random` gives 0 to 1), and never under 1 s or over 60 s.
 */
export function waitAfterFailures(failures: number, retryLimit: number, random: () => number): number {
  const ms = failures <= retryLimit ? SECOND_MS : SECOND_MS * 2 ** (failures - retryLimit)
  const jittered = Math.round(Math.min(ms, LONGEST_WAIT_MS) * (0.5 + random()))
  return Math.min(Math.max(jittered, SECOND_MS), LONGEST_WAIT_MS)
}

/** How long to wait, in ms, where a person has to do something: 1 minute, doubled each time, to 15. */
export function waitAfterRefusals(refusals: number): number {
  return Math.min(MINUTE_MS * 2 ** (refusals - 1), LONGEST_REFUSAL_MS)
}

/** How long a log is left alone, in ms, that was not taken so many times in a row: 1 minute, doubled, to an hour. */
export function waitAfterHolds(holds: number): number {
  return Math.min(MINUTE_MS * 2 ** (holds - 1), LONGEST_HOLD_MS)
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/** What `Retry-After` asks for (RFC 9110, 10.2.3: seconds or a date), in ms from `now`, to 24 h; null where it is neither. */
export function retryAfterMs(header: string | null, now: number): number | null {
  const text = header?.trim() ?? ''
  const ms = /^\d+$/.test(text)
    ? Number(text) * SECOND_MS
    : HTTP_DATE.test(text)
      ? Date.parse(text) - now
      : Number.NaN
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS)
}
