import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import type { Event } from '../../core/events.ts'
import { parseEvent } from '../../core/events.ts'
import { derive } from '../../core/hash.ts'
import type { KeySource } from '../../core/tags.ts'

/** The seed of the property tests; their names print it, and `VIBETEA_SEED` sets it. */
export const SEED = Number(process.env.VIBETEA_SEED ?? Math.floor(Math.random() * 2 ** 31))
fc.configureGlobal({ seed: SEED })

export const SESSION = '3f2b8c1e-9d4a-4e6f-8b7c-5a1d2e3f4a5b'
export const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A device by its secret in hexadecimal. */
export const deviceOf = (secret: string): KeySource => ({ derive: (label) => derive(hex(secret), label) })

/** The vectors of a file in `vectors/`, in the type that the test gives. */
export function vectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), 'utf8'))
}

const Z32 = 'ybndrfg8ejkmcpqxot1uwisza345h769'
const z32 = (length: number) =>
  fc.string({ unit: fc.constantFrom(...Array.from(Z32)), minLength: length, maxLength: length })

export const tokens = fc.record({
  input: fc.nat(),
  output: fc.nat(),
  cacheRead: fc.nat(),
  cacheWrite: fc.nat(),
})
const totals = fc.record({
  prompts: fc.nat(),
  tools: fc.nat(),
  failures: fc.nat(),
  errors: fc.nat(),
  tokens,
  durationMs: fc.nat(),
})
const tool = fc.record(
  {
    tool: fc.constantFrom('Bash', 'Edit', 'Read', 'mcp__files__read_file'),
    callId: z32(12),
    status: fc.constantFrom('started', 'completed', 'failed', 'unknown'),
    context: fc.constantFrom('main.ts', 'README.md', '[id].svelte'),
    durationMs: fc.nat(),
  },
  { requiredKeys: ['tool', 'callId', 'status'] },
)
const bodies = fc.oneof(
  fc.record({
    eventType: fc.constant('session'),
    payload: fc.record({ action: fc.constantFrom('started', 'resumed', 'ended') }),
  }),
  fc.record({
    eventType: fc.constant('activity'),
    payload: fc.oneof(
      fc.record({ kind: fc.constantFrom('prompt', 'compaction') }),
      fc.record({
        kind: fc.constant('waiting'),
        reason: fc.constantFrom('turn', 'permission', 'question', 'unknown'),
      }),
      fc.record({
        kind: fc.constant('response'),
        model: fc.constantFrom('claude-sonnet-4-5', 'openai/gpt-5@x'),
        tokens,
      }),
    ),
  }),
  fc.record({ eventType: fc.constant('tool'), payload: tool }),
  fc.record({
    eventType: fc.constant('agent'),
    payload: fc.record(
      {
        agentId: z32(12),
        agentType: fc.constantFrom('Explore', 'Plan'),
        state: fc.constantFrom('started', 'finished'),
      },
      { requiredKeys: ['agentId', 'state'] },
    ),
  }),
  fc.record({
    eventType: fc.constant('summary'),
    payload: fc.record({ summary: fc.constant('Session ended'), totals }),
  }),
  fc.record({
    eventType: fc.constant('error'),
    payload: fc.record({ category: fc.constantFrom('api', 'rate-limit', 'other') }),
  }),
)

/** Any valid event of one session, at one of the times (ms) given. */
export function anyEvent(at: fc.Arbitrary<number> = fc.integer({ min: 1, max: 4e12 })): fc.Arbitrary<Event> {
  return fc.record({ id: z32(20), at, projectTag: fc.option(z32(12)), body: bodies }).map((given) => {
    const { eventType, payload } = given.body
    const common = { sessionId: SESSION, project: 'share', assistant: 'claude' }
    const event = parseEvent({
      id: `evt_${given.id}`,
      source: 'macbook-k3f9xq',
      timestamp: new Date(given.at).toISOString(),
      eventType,
      payload: { ...common, ...(given.projectTag && { projectTag: given.projectTag }), ...payload },
    })
    if (!event) throw new Error('the generator made an event that is not valid')
    return event
  })
}

/** A valid event with fields of one's own. */
export function eventAt(at: number, eventType: string, payload: object): Event {
  const event = parseEvent({
    id: 'evt_' + 'a'.repeat(20),
    source: 'macbook-k3f9xq',
    timestamp: new Date(at).toISOString(),
    eventType,
    payload: { sessionId: SESSION, project: 'share', assistant: 'claude', ...payload },
  })
  if (!event) throw new Error('not a valid event')
  return event
}
