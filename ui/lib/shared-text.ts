import type { EventRow } from '../../core/api.ts'

const MOST_TEXTS = 5000
const texts = new Map<string, string>()

function one(text: string): string {
  const known = texts.get(text)
  if (known !== undefined) return known
  if (texts.size >= MOST_TEXTS) texts.clear()
  texts.set(text, text)
  return text
}

/** Says it of one event alone, so there is nothing to share. */
const OWN = new Set(['callId', 'agentId'])

/** The times of the row before: what came together bears one. */
const before = { timestamp: '', receivedAt: '' }

function time(row: EventRow, name: keyof typeof before): void {
  if (row[name] === before[name]) row[name] = before[name]
  else before[name] = row[name]
}

/**
 * Makes a row small: each that is read from JSON has its own copy of its session's id, of its project, of its machine,
 * and a hundred thousand of them take more room than all the rest of the page. Its cursor goes, for pages and the
 * connection have their own.
 */
export function share(row: EventRow): EventRow {
  row.cursor = ''
  row.source = one(row.source)
  time(row, 'timestamp')
  time(row, 'receivedAt')
  const payload = row.payload as unknown as Record<string, unknown>
  for (const [name, value] of Object.entries(payload)) {
    if (typeof value === 'string' && !OWN.has(name)) payload[name] = one(value)
  }
  return row
}
