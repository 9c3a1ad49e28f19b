import type { Event } from '../../core/events.ts'

/** The columns of an export, in order: every field that an event can have. */
const COLUMNS = [
  'id', 'source', 'timestamp', 'eventType', 'sessionId', 'project', 'projectTag', 'assistant', 'action', 'kind',
  'reason', 'model', 'input', 'output', 'cacheRead', 'cacheWrite', 'tool', 'callId', 'status', 'context', 'durationMs',
  'fileTag', 'agentId', 'agentType', 'state', 'category', 'prompts', 'tools', 'failures', 'errors', 'summary',
] as const // prettier-ignore

/** The first line of a CSV export. */
export const CSV_HEADER = COLUMNS.join(',')

/** One event as a line of CSV (RFC 4180). A cell that a spreadsheet would take for a formula gets a `'` in front. */
export function csvLine(event: Event): string {
  const payload: Record<string, unknown> = { ...event.payload }
  const totals = event.eventType === 'summary' ? event.payload.totals : undefined
  const tokens = totals?.tokens ?? (payload.tokens as object | undefined)
  const fields: Record<string, unknown> = { ...event, ...payload, ...totals, ...tokens }
  return COLUMNS.map((column) => cell(fields[column])).join(',')
}

function cell(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string') return ''
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
