import type { ErrorCategory } from '../../core/events.ts'

/** The kinds of failed requests, as all providers of models tell them apart. */

/**
 * The kind of a failure by the HTTP status of the answer; null where that is none of a failure. 503 is what a server
 * says that is overloaded or being maintained (RFC 9110, 15.6.4), 529 what Anthropic's says.
 */
export function categoryOfStatus(status: unknown): ErrorCategory | null {
  if (typeof status !== 'number' || !(status >= 400 && status < 600)) return null
  if (status === 401 || status === 403) return 'auth'
  if (status === 429) return 'rate-limit'
  return status === 503 || status === 529 ? 'overloaded' : 'api'
}

/** How much of a message for people is looked at, in characters. */
export const LOOKED_AT = 200

const BY_TEXT: readonly (readonly [RegExp, ErrorCategory])[] = [
  [/rate.?limit|too many requests|quota|limit reached|hit your .*limit/i, 'rate-limit'],
  [/overloaded|at capacity/i, 'overloaded'],
  [/api.?key|authenticat|authoriz|oauth|not logged in|log ?in again|\/login/i, 'auth'],
  [/connection|connect to|network|timed? ?out|socket|ENOTFOUND|ECONN/i, 'network'],
]

/** The kind of a failure by the first words of the message for people; null where they tell none. Nothing else is kept. */
export function categoryOfText(text: unknown): ErrorCategory | null {
  if (typeof text !== 'string') return null
  const words = text.slice(0, LOOKED_AT)
  return BY_TEXT.find(([pattern]) => pattern.test(words))?.[1] ?? null
}
