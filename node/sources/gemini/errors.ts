import type { ErrorCategory } from '../../../core/events.ts'
import { categoryOfText } from '../api-errors.ts'

/** How Gemini CLI begins what it says of a failed request. */
const API_ERROR = '[API Error'

/** The API's statuses, which stand in the text (google.rpc.Code); others are `api`. */
const BY_STATUS: Readonly<Record<string, ErrorCategory>> = {
  RESOURCE_EXHAUSTED: 'rate-limit',
  UNAVAILABLE: 'overloaded',
  UNAUTHENTICATED: 'auth',
  PERMISSION_DENIED: 'auth',
  DEADLINE_EXCEEDED: 'network',
}
const STATUS = new RegExp(`\\b(?:${Object.keys(BY_STATUS).join('|')})\\b`)

/** The kind of failure that an error message stands for. Only the category is kept of its text. */
export function errorCategory(text: string): ErrorCategory {
  const status = STATUS.exec(text)?.[0]
  if (status !== undefined) return BY_STATUS[status]!
  if (text.includes('fetch failed')) return 'network'
  return categoryOfText(text) ?? (text.startsWith(API_ERROR) ? 'api' : 'other')
}
