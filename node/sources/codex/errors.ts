import type { ErrorCategory } from '../../../core/events.ts'
import { categoryOfStatus } from '../api-errors.ts'
import { isFields } from '../json-line.ts'

/** Names of Codex's kinds of errors (`codex_error_info`), of which some come with the status of an answer. */
const BY_NAME: Readonly<Record<string, ErrorCategory>> = {
  usage_limit_exceeded: 'rate-limit',
  session_budget_exceeded: 'rate-limit',
  model_cap: 'rate-limit',
  server_overloaded: 'overloaded',
  unauthorized: 'auth',
  http_connection_failed: 'network',
  response_stream_connection_failed: 'network',
  response_stream_disconnected: 'network',
  response_too_many_failed_attempts: 'api',
  internal_server_error: 'api',
  bad_request: 'api',
  context_window_exceeded: 'api',
  cyber_policy: 'api',
}

/** The kind of failure that Codex names: a name, or an object of that one name. Of its message nothing is read. */
export function errorCategory(info: unknown): ErrorCategory {
  const name = isFields(info) ? Object.keys(info)[0] : info
  if (typeof name !== 'string') return 'other'
  const details = isFields(info) ? info[name] : null
  const known = Object.hasOwn(BY_NAME, name) ? BY_NAME[name]! : 'other'
  return categoryOfStatus(isFields(details) ? details.http_status_code : null) ?? known
}
