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

/**
 * Lets a row share its texts with other rows: each row that is read from JSON has its own copy of its session's id, of
 * its project, of its machine, and a hundred thousand of them take more room than all the rest of the page.
 */
export function share(row: EventRow): EventRow {
  row.source = one(row.source)
  row.receivedAt = row.receivedAt === row.timestamp ? row.timestamp : one(row.receivedAt)
  const payload = row.payload as unknown as Record<string, unknown>
  for (const [name, value] of Object.entries(payload)) {
    if (typeof value === 'string' && !OWN.has(name)) payload[name] = one(value)
  }
  return row
}
