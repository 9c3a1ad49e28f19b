import type { EventRow } from '../../core/api.ts'
import { compare } from '../../core/buckets.ts'
import type { Tokens } from '../../core/events.ts'
import { addTokens, noTokens } from '../../core/totals.ts'

export interface ToolCount {
  tool: string
  calls: number
  failures: number
}

export interface SessionSums {
  newest: EventRow | null
  /** Event times of the first and the last, ms; 0 where there are none. */
  from: number
  to: number
  prompts: number
  calls: number
  failures: number
  errors: number
  tokens: Tokens
  /** Sorted by name. */
  models: string[]
  /** Most used first. */
  tools: ToolCount[]
}

/** What a session's events come to. A call that began and ended is one call. */
export function sumUp(rows: Iterable<EventRow>): SessionSums {
  const tools = new Map<string, { calls: Set<string>; failures: Set<string> }>()
  const tokens = noTokens()
  let newest: EventRow | null = null
  let from = Infinity
  let to = 0
  let prompts = 0
  let errors = 0
  const models = new Set<string>()
  for (const row of rows) {
    const at = Date.parse(row.timestamp)
    newest = row
    from = Math.min(from, at)
    to = Math.max(to, at)
    if (row.eventType === 'tool') {
      const { tool, callId, status } = row.payload
      const known = tools.get(tool) ?? { calls: new Set(), failures: new Set() }
      known.calls.add(callId)
      if (status === 'failed') known.failures.add(callId)
      tools.set(tool, known)
    } else if (row.eventType === 'activity' && row.payload.kind === 'prompt') {
      prompts++
    } else if (row.eventType === 'error') {
      errors++
    } else if (row.eventType === 'activity' && row.payload.kind === 'response') {
      models.add(row.payload.model)
      addTokens(tokens, row.payload.tokens)
    }
  }
  const counts = [...tools].map(([tool, { calls, failures }]) => ({
    tool,
    calls: calls.size,
    failures: failures.size,
  }))
  return {
    newest,
    from: newest ? from : 0,
    to,
    prompts,
    calls: counts.reduce((sum, { calls }) => sum + calls, 0),
    failures: counts.reduce((sum, { failures }) => sum + failures, 0),
    errors,
    tokens,
    models: [...models].sort(),
    tools: counts.sort((a, b) => b.calls - a.calls || compare(a.tool, b.tool)),
  }
}
