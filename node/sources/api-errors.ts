import type { ErrorCategory } from '../../core/events.ts'

/** The kinds of failed requests, as all providers of models tell them apart. */

/** The kind of a failure by the HTTP status of the answer; null where that is none of a failure. */
export function categoryOfStatus(status: unknown): ErrorCategory | null {
  if (typeof status !== 'number' || !(status >= 400 && status < 600)) return null
  if (status === 401 || status === 403) return 'auth'
  if (status === 429) return 'rate-limit'
  return status === 529 ? 'overloaded' : 'api'
}

const BY_TEXT: readonly (readonly [RegExp, ErrorCategory])[] = [
  [/rate.?limit|too many requests|quota|limit reached/i, 'rate-limit'],
  [/overloaded|at capacity/i, 'overloaded'],
  [/api.?key|authenticat|authoriz|not logged in|log ?in again/i, 'auth'],
  [/connection|connect to|network|timed? ?out|socket|ENOTFOUND|ECONN/i, 'network'],
]

/** The kind of a failure by the first words of the message for people; null where they tell none. Nothing else is kept. */
export function categoryOfText(text: unknown): ErrorCategory | null {
  if (typeof text !== 'string') return null
  const words = text.slice(0, 200)
  return BY_TEXT.find(([pattern]) => pattern.test(words))?.[1] ?? null
}
