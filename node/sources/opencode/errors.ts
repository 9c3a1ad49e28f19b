import type { ErrorCategory } from '../../../core/events.ts'
import { categoryOfStatus, categoryOfText, LOOKED_AT } from '../api-errors.ts'
import type { Fields } from '../json-line.ts'
import { isFields } from '../json-line.ts'

/** Names of OpenCode's errors whose kind the name alone tells. */
const BY_NAME: Readonly<Record<string, ErrorCategory>> = {
  ProviderAuthError: 'auth',
  ContextOverflowError: 'api',
  MessageOutputLengthError: 'api',
}

/** The kind of failure that an `error` of a message or a retry stands for; null where a person stopped the turn. */
export function errorCategory(error: Fields): ErrorCategory | null {
  const name = typeof error.name === 'string' ? error.name : ''
  if (name === 'MessageAbortedError') return null
  const data = isFields(error.data) ? error.data : {}
  return (
    (Object.hasOwn(BY_NAME, name) ? BY_NAME[name]! : null) ??
    categoryOfStatus(data.statusCode) ??
    categoryOfText(data.message) ??
    (name === 'APIError' ? 'api' : 'other')
  )
}

/** What stands in the error of a call that nobody let run to its end: stopped, or refused by a person or their rules. */
const STOPPED =
  /^cancelled|tool execution (?:was )?(?:aborted|interrupted)|user rejected permission|user dismissed this question|rule which prevents you|^AbortError/i

/** Whether a call's error says that it was stopped or refused, rather than that it failed. */
export function wasStopped(error: string): boolean {
  return STOPPED.test(error.slice(0, LOOKED_AT))
}
