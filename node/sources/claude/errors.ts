import type { ErrorCategory } from '../../../core/events.ts'
import { categoryOfStatus, categoryOfText, LOOKED_AT } from '../api-errors.ts'
import { listOf } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isFields } from '../json-line.ts'

/** Words of the `error` field and of the API's error types (platform.claude.com/docs/en/api/errors). */
const BY_WORD: Readonly<Record<string, ErrorCategory>> = {
  rate_limit: 'rate-limit',
  rate_limit_error: 'rate-limit',
  overloaded: 'overloaded',
  overloaded_error: 'overloaded',
  authentication_failed: 'auth',
  authentication_error: 'auth',
  permission_error: 'auth',
  oauth_org_not_allowed: 'auth',
  server_error: 'api',
  api_error: 'api',
  invalid_request: 'api',
  invalid_request_error: 'api',
  not_found_error: 'api',
  request_too_large: 'api',
  timeout_error: 'api',
  max_output_tokens: 'api',
}

/** The kind of failure that an error record of Claude Code stands for. */
export function errorCategory(fields: Fields): ErrorCategory {
  const error = isFields(fields.error) ? fields.error : {}
  const nested = isFields(error.error) ? error.error : {}
  const innermost = isFields(nested.error) ? nested.error : {}
  const text = firstText(fields).slice(0, LOOKED_AT)
  return (
    byWord(fields.error) ??
    byWord(innermost.type) ??
    byWord(nested.type) ??
    byWord(error.type) ??
    categoryOfStatus(fields.apiErrorStatus) ??
    categoryOfStatus(error.status) ??
    (isNetworkError(fields, error) ? 'network' : null) ??
    categoryOfStatus(Number(/API Error: (\d{3})\b/.exec(text)?.[1])) ??
    categoryOfText(text) ??
    (text.startsWith('API Error') ? 'api' : 'other')
  )
}

function byWord(word: unknown): ErrorCategory | null {
  return typeof word === 'string' && Object.hasOwn(BY_WORD, word) ? BY_WORD[word]! : null
}

/** A request that never got an answer: the system's code of a failed connection stands in `cause` or `connection`. */
function isNetworkError(fields: Fields, error: Fields): boolean {
  return (
    error.isNetworkDown === true ||
    [fields.cause, error.cause, error.connection].some(
      (cause) => isFields(cause) && typeof cause.code === 'string',
    )
  )
}

/** What people read of it: one text, or the first of several. */
function firstText(fields: Fields): string {
  const content = isFields(fields.message) ? fields.message.content : undefined
  if (typeof content === 'string') return content
  const block = listOf(content).find((each) => isFields(each) && typeof each.text === 'string')
  return isFields(block) ? String(block.text) : ''
}
