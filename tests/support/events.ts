import type { Event, Tokens } from '../../core/events.ts'
import { z32Prefix } from '../../core/hash.ts'

/** Small events for tests; every field can be said. */

export const SESSION = '3b241101-e2bb-4255-8caf-4136c566a962'
export const SOURCE = 'laptop-ybndrf'

/** An event id from a number. */
export function eventId(n: number): string {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, n)
  return `evt_${z32Prefix(bytes, 20)}`
}

interface Place {
  id?: number | string
  source?: string
  sessionId?: string
  project?: string
}

function head(at: number | string, { id, source = SOURCE }: Place) {
  const timestamp = typeof at === 'string' ? at : new Date(at).toISOString()
  return {
    id: typeof id === 'string' ? id : eventId(id ?? Date.parse(timestamp) % 2 ** 32),
    source,
    timestamp,
  }
}

function common({ sessionId = SESSION, project = 'web-app' }: Place) {
  return { sessionId, project, assistant: 'claude' } as const
}

export function promptAt(at: number | string, place: Place = {}): Event {
  return { ...head(at, place), eventType: 'activity', payload: { ...common(place), kind: 'prompt' } }
}

export function waitingAt(
  at: number | string,
  reason: 'turn' | 'permission' | 'question' | 'unknown',
  place: Place = {},
): Event {
  return { ...head(at, place), eventType: 'activity', payload: { ...common(place), kind: 'waiting', reason } }
}

export function responseAt(at: number | string, tokens: Partial<Tokens> = {}, place: Place = {}): Event {
  const all = { input: 10, output: 20, cacheRead: 0, cacheWrite: 0, ...tokens }
  const payload = { ...common(place), kind: 'response', model: 'claude-opus-4-5', tokens: all } as const
  return { ...head(at, place), eventType: 'activity', payload }
}

export function toolAt(
  at: number | string,
  status: 'started' | 'completed' | 'failed' | 'unknown' = 'started',
  place: Place & { tool?: string; context?: string } = {},
): Event {
  const { tool = 'Edit', context = 'kettle.ts' } = place
  const payload = { ...common(place), tool, callId: 'ybndrfg8ejkm', status, context }
  return { ...head(at, place), eventType: 'tool', payload }
}

export function errorAt(at: number | string, place: Place = {}): Event {
  return { ...head(at, place), eventType: 'error', payload: { ...common(place), category: 'overloaded' } }
}

/** Events that hourly counts tell of together. */
export function eventsIn(aggregates: readonly { eventCount: number }[]): number {
  return aggregates.reduce((sum, { eventCount }) => sum + eventCount, 0)
}
