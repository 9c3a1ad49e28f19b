import type { ErrorCategory } from '../../../core/events.ts'
import { categoryOfStatus, categoryOfText, LOOKED_AT } from '../api-errors.ts'

/** An HTTP status at the beginning, or after a word for it: `429 {…}`, `error (503)`, `status: 502`. */
const STATUS = /(?:^|\b(?:error|status|code|http)\W{0,3})([45]\d\d)\b/i
/** Node's words for a connection that broke. */
const BROKEN = /fetch failed|terminated|other side closed|EAI_AGAIN|EPIPE/i

/** The kind of failure that pi's message of an error stands for: the first words of what a provider answered. */
export function errorCategory(message: string): ErrorCategory {
  const words = message.slice(0, LOOKED_AT)
  // Some providers answer with another status when they are.
  if (/overloaded/i.test(words)) return 'overloaded'
  const known = categoryOfStatus(Number(STATUS.exec(words)?.[1])) ?? categoryOfText(words)
  if (known) return known
  if (BROKEN.test(words)) return 'network'
  return /api|server|invalid.?request/i.test(words) ? 'api' : 'other'
}
