import type { EventRow } from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import { z32Prefix } from '../../core/hash.ts'

/** Believable data of pretend people, the same in every run. */

const MINUTE = 60_000
const Z32 = 'ybndrfg8ejkmcpqxot1uwisza345h769'

/** Random numbers from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Person {
  source: string
  name: string
  projects: readonly string[]
}

export const PEOPLE: readonly Person[] = [
  { source: 'macbook-k3f9xq', name: 'Ada Okafor', projects: ['api-gateway', 'infra'] },
  { source: 'thinkpad-y7d1rt', name: 'Bruno Lima', projects: ['web-app'] },
  { source: 'desk-g5h8wu', name: 'Chandra Rao', projects: ['mobile', 'billing'] },
]

const FILES = ['invite.ts', 'schema.sql', 'Feed.svelte', 'README.md', 'login.tsx', 'server.ts', 'peer.rs']
const WITH_FILE = ['Edit', 'Read', 'Read', 'Edit', 'Write']
const WITHOUT = ['Bash', 'Grep', 'Glob', 'WebFetch']

/** A session's id from its number. */
export function sessionId(n: number): string {
  const hex = Math.imul(n + 1, 0x9e3779b1) >>> 0
  return `${hex.toString(16).padStart(8, '0')}-5a5c-4f1e-9a57-${String(n).padStart(12, '0')}`
}

/** Makes events of one pretend session. */
export class FakeSession {
  readonly source: string
  readonly id: string
  readonly project: string
  readonly #random: () => number
  #count = 0

  constructor(n: number, source: string, project: string) {
    this.id = sessionId(n)
    this.source = source
    this.project = project
    this.#random = randomFrom(n + 1)
  }

  /** What happens next, at a time in ms. */
  next(at: number): Event {
    const pick = <T>(list: readonly T[]): T => list[Math.floor(this.#random() * list.length)]!
    const kind = this.#random()
    const head = this.#head(at)
    const common = this.#common()
    if (kind < 0.62) {
      const tool = pick(this.#random() < 0.6 ? WITH_FILE : WITHOUT)
      const status = this.#random() < 0.45 ? 'started' : this.#random() < 0.93 ? 'completed' : 'failed'
      const context = WITH_FILE.includes(tool) ? { context: pick(FILES) } : {}
      const durationMs = status === 'started' ? {} : { durationMs: Math.floor(this.#random() * 9000) }
      const payload = {
        ...common,
        tool,
        callId: this.#letters(12),
        status,
        ...context,
        ...durationMs,
      } as const
      return { ...head, eventType: 'tool', payload }
    }
    if (kind < 0.9) {
      const tokens = {
        input: Math.floor(this.#random() * 900),
        output: Math.floor(this.#random() * 2500),
        cacheRead: Math.floor(this.#random() * 12_000),
        cacheWrite: Math.floor(this.#random() * 1500),
      }
      const payload = { ...common, kind: 'response', model: 'claude-opus-4-5', tokens } as const
      return { ...head, eventType: 'activity', payload }
    }
    if (kind < 0.95) return { ...head, eventType: 'activity', payload: { ...common, kind: 'prompt' } }
    if (kind < 0.985) {
      const state = this.#random() < 0.5 ? 'started' : 'finished'
      const payload = { ...common, agentId: this.#letters(12), agentType: 'Explore', state } as const
      return { ...head, eventType: 'agent', payload }
    }
    return { ...head, eventType: 'error', payload: { ...common, category: 'overloaded' } }
  }

  waiting(at: number, reason: 'turn' | 'permission'): Event {
    return {
      ...this.#head(at),
      eventType: 'activity',
      payload: { ...this.#common(), kind: 'waiting', reason },
    }
  }

  action(at: number, action: 'started' | 'ended'): Event {
    return { ...this.#head(at), eventType: 'session', payload: { ...this.#common(), action } }
  }

  /** Events from one time up to another, a few a minute. */
  work(from: number, to: number, perMinute = 4): Event[] {
    const events = [this.action(from, 'started')]
    for (let at = from; at < to; at += ((0.2 + 1.6 * this.#random()) * MINUTE) / perMinute) {
      events.push(this.next(Math.floor(at)))
    }
    return events
  }

  #head(at: number) {
    const bytes = new Uint8Array(16)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, parseInt(this.id.slice(0, 8), 16))
    view.setUint32(4, this.#count++)
    return {
      id: `evt_${z32Prefix(bytes, 20)}`,
      source: this.source,
      timestamp: new Date(at).toISOString(),
    }
  }

  #common() {
    return { sessionId: this.id, project: this.project, assistant: 'claude' as const }
  }

  #letters(length: number): string {
    return Array.from({ length }, () => Z32[Math.floor(this.#random() * 32)]).join('')
  }
}

/** A team's last hours: some at work, one that waits for an answer, one to review, one idle, one over. */
export function teamDay(now: number): { sessions: FakeSession[]; events: Event[] } {
  const [ada, bruno, chandra] = PEOPLE as [Person, Person, Person]
  const sessions = [
    new FakeSession(1, ada.source, 'api-gateway'),
    new FakeSession(2, ada.source, 'infra'),
    new FakeSession(3, bruno.source, 'web-app'),
    new FakeSession(4, bruno.source, 'web-app'),
    new FakeSession(5, chandra.source, 'mobile'),
    new FakeSession(6, chandra.source, 'billing'),
  ] as const
  const [first, second, third, fourth, fifth, sixth] = sessions
  const ago = (minutes: number) => now - minutes * MINUTE
  const events = [
    ...first.work(ago(95), now - 4000),
    ...second.work(ago(60), ago(14)),
    second.waiting(ago(14), 'permission'),
    ...third.work(ago(150), now - 9000, 6),
    ...fourth.work(ago(44), ago(3)),
    fourth.waiting(ago(3), 'turn'),
    ...fifth.work(ago(70), ago(9)),
    ...sixth.work(ago(180), ago(41)),
    sixth.action(ago(41), 'ended'),
  ]
  return { sessions: [...sessions], events: events.sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1)) }
}

/** An event as the node's row of it. */
export function toRow(event: Event, number: number, receivedAt = event.timestamp): EventRow {
  return { ...event, cursor: `c.${number}`, receivedAt }
}
