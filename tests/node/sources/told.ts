import type { Event } from '../../../core/events.ts'

/** What a reader sees of some events, sorted: `time what`, times in seconds since `from`. */
export function told(events: readonly Event[], from: string): string[] {
  return events.map((event) => [secondsSince(from, event), ...wordsOf(event)].join(' ')).sort()
}

function secondsSince(from: string, { timestamp }: Event): number {
  return (Date.parse(timestamp) - Date.parse(from)) / 1000
}

function wordsOf({ payload }: Event): (string | number)[] {
  if ('action' in payload) return [payload.action]
  if ('summary' in payload) return ['summary']
  if ('category' in payload) return ['error', payload.category]
  if ('agentId' in payload) return ['agent', payload.state, payload.agentType ?? '?']
  if ('tool' in payload) {
    const { tool, status, context, durationMs } = payload
    return [tool, status, context, durationMs].filter((word) => word !== undefined)
  }
  if (payload.kind === 'waiting') return ['waiting', payload.reason]
  if (payload.kind !== 'response') return [payload.kind]
  const { input, output, cacheRead, cacheWrite } = payload.tokens
  return [payload.model, input, output, cacheRead, cacheWrite]
}
