import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { weight } from '../../../core/events.ts'
import type { Draft } from '../../../core/rule.ts'
import { gemini } from '../../../node/sources/gemini/adapter.ts'
import { testRule } from './adapter-acceptance.ts'

/** One thing that happens in a conversation; numbers choose which message or call, where there are several. */
type Step = { does: 'ask' | 'answer' | 'fail' | 'tell' } | { does: 'grow' | 'call' | 'rewind'; which: number }

interface Tokens {
  input: number
  output: number
  cached: number
  thoughts: number
}

interface Message {
  id: string
  timestamp: string
  type: 'user' | 'gemini' | 'error' | 'info'
  content: string
  model?: string
  tokens?: Tokens | null
  toolCalls?: { id: string; name: string; args: object; status: string; timestamp: string }[]
}

/** The conversation after a step, and what was written for it in a file of lines. */
interface State {
  messages: Message[]
  lines: object[]
}

const steps = fc.array(
  fc.oneof(
    fc.record({ does: fc.constantFrom('ask' as const, 'answer' as const, 'fail' as const, 'tell' as const) }),
    fc.record({
      does: fc.constantFrom('grow' as const, 'call' as const, 'rewind' as const),
      which: fc.nat(100),
    }),
  ),
  { minLength: 1, maxLength: 25 },
)

const FIRST = {
  sessionId: '5e0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e55',
  projectHash: 'none',
  startTime: '2026-06-14T15:00:00.000Z',
}
const NO_TOKENS: Tokens = { input: 0, output: 0, cached: 0, thoughts: 0 }
const STATUSES = ['success', 'error', 'cancelled'] as const

function play(all: readonly Step[]): State[] {
  let messages: Message[] = []
  return all.map((step, i) => {
    const timestamp = new Date(Date.parse(FIRST.startTime) + (i + 1) * 1000).toISOString()
    const id = `${String(i).padStart(8, '0')}-7ea0-4bee-9a11-0badcafe0000`
    const last = messages.at(-1)
    const put = (message: Message): State => {
      const at = messages.findIndex((each) => each.id === message.id)
      messages = at < 0 ? [...messages, message] : messages.with(at, message)
      return { messages, lines: [message, { $set: { lastUpdated: timestamp } }] }
    }
    switch (step.does) {
      case 'ask':
        return put({ id, timestamp, type: 'user', content: 'go on' })
      case 'answer':
        return put({ id, timestamp, type: 'gemini', content: 'Tea.', model: 'gemini-3-flash', tokens: null })
      case 'fail':
        return put({ id, timestamp, type: 'error', content: '[API Error: quota]' })
      case 'tell':
        return put({ id, timestamp, type: 'info', content: 'Tea is ready.' })
      case 'grow':
        if (last?.type !== 'gemini') return { messages, lines: [] }
        return put({ ...last, tokens: grown(last.tokens, step.which) })
      case 'call': {
        if (last?.type !== 'gemini') return { messages, lines: [] }
        const status = STATUSES[step.which % STATUSES.length]!
        const call = { id: `glob-1781449203000-${id}`, name: 'glob', args: {}, status, timestamp }
        return put({ ...last, toolCalls: [...(last.toolCalls ?? []), call] })
      }
      case 'rewind': {
        const to = messages[step.which % (messages.length || 1)]
        if (!to) return { messages, lines: [] }
        messages = messages.slice(0, messages.indexOf(to))
        return { messages, lines: [{ $rewindTo: to.id }] }
      }
    }
  })
}

function grown(tokens: Tokens | null | undefined, by: number): Tokens {
  const { input, output, cached, thoughts } = tokens ?? NO_TOKENS
  return { input: input + 2 * by + 2, output: output + 1, cached: cached + by, thoughts: thoughts + 3 }
}

/** What some states of a conversation show, counted from the messages alone: each thing once, with its last tokens. */
function counted(states: readonly State[]): string[] {
  const found = new Map<string, string>()
  for (const { messages } of states) {
    for (const { id, type, tokens, toolCalls = [] } of messages) {
      if (type === 'user') found.set(id, 'prompt')
      if (type === 'error') found.set(id, 'error')
      if (type === 'gemini') {
        const { input, output, cached, thoughts } = tokens ?? NO_TOKENS
        found.set(id, `response ${input - cached} ${output + thoughts} ${cached}`)
      }
      for (const call of toolCalls) {
        found.set(`${call.id} started`, 'started')
        const ends = { success: 'completed', error: 'failed', cancelled: 'unknown' } as Record<string, string>
        found.set(call.id, ends[call.status]!)
      }
    }
  }
  return [...found.values()].sort()
}

/** Everything but the waits, each id once, the heaviest. */
function kept(drafts: readonly Draft[]): Map<string, Event> {
  const rule = testRule()
  const events = new Map<string, Event>()
  for (const draft of drafts) {
    const event = rule.event(draft, { name: 'teahouse' })
    if (!event || draft.fact.type === 'waiting') continue
    const before = events.get(event.id)
    if (!before || weight(event) > weight(before)) events.set(event.id, event)
  }
  return events
}

function shown(events: ReadonlyMap<string, Event>): string[] {
  return [...events.values()]
    .map(({ eventType, payload }) => {
      if ('status' in payload) return payload.status
      if (!('kind' in payload)) return eventType
      if (payload.kind !== 'response') return payload.kind
      const { input, output, cacheRead } = payload.tokens
      return `response ${input} ${output} ${cacheRead}`
    })
    .sort()
}

const open = (name: string) => gemini.open({ path: `/nowhere/${name}`, sessionId: 'the-file' })
const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value))

function draftsOfSnapshot({ messages }: State, isSilent: boolean): Draft[] {
  const reader = open('session.json')
  const drafts = reader.read(bytesOf({ ...FIRST, messages }), 0)
  return isSilent ? [...drafts, ...reader.flush()] : drafts
}

function draftsOfLines(states: readonly State[], isSilentAfter: (line: number) => boolean): Draft[] {
  const reader = open('session.jsonl')
  const lines = [FIRST, ...states.flatMap((state) => state.lines)]
  const drafts = lines.flatMap((line, i) => [
    ...reader.read(bytesOf(line), i * 1000),
    ...(isSilentAfter(i) ? reader.flush() : []),
  ])
  return [...drafts, ...reader.flush()]
}

test('snapshots of a growing document show what the last shows and what earlier ones showed, once', () => {
  fc.assert(
    fc.property(steps, fc.infiniteStream(fc.nat(3)), (all, chosen) => {
      const states = play(all)
      const read = states.map((state, i) => {
        const choice = chosen.next().value as number
        return { state, choice: i === states.length - 1 ? 1 : choice }
      })
      const silent = read.filter(({ choice }) => choice === 1)
      const hasty = read.filter(({ choice }) => choice === 2)
      const drafts = silent.flatMap(({ state }) => draftsOfSnapshot(state, true))
      const events = kept(drafts)
      expect(shown(events)).toEqual(counted(silent.map(({ state }) => state)))

      // Those that were read before the file fell silent show nothing that is not there.
      const more = kept([...drafts, ...hasty.flatMap(({ state }) => draftsOfSnapshot(state, false))])
      const there = kept(states.flatMap((state) => draftsOfSnapshot(state, true)))
      for (const [id, event] of more) expect(weight(event)).toBeLessThanOrEqual(weight(there.get(id)!))
      for (const [id, event] of events) expect(weight(more.get(id)!)).toBeGreaterThanOrEqual(weight(event))
    }),
    { numRuns: 300 },
  )
})

test('lines show the same as all snapshots of a document, wherever the file falls silent', () => {
  fc.assert(
    fc.property(steps, fc.infiniteStream(fc.boolean()), (all, silences) => {
      const states = play(all)
      const lines = kept(draftsOfLines(states, () => silences.next().value === true))
      expect(shown(lines)).toEqual(counted(states))
      expect(lines).toEqual(kept(states.flatMap((state) => draftsOfSnapshot(state, true))))
    }),
    { numRuns: 300 },
  )
})

test('lines that are read twice, after a node was killed, show the same', () => {
  fc.assert(
    fc.property(steps, fc.nat(60), (all, stop) => {
      const states = play(all)
      const lines = [FIRST, ...states.flatMap((state) => state.lines)].map(bytesOf)
      const first = open('session.jsonl')
      const drafts = lines.slice(0, stop).flatMap((line, i) => first.read(line, i))
      const resumeAt = first.heldFrom ?? Math.min(stop, lines.length)
      const second = open('session.jsonl')
      for (const [i, line] of lines.entries()) {
        const found = second.read(line, i)
        if (i >= resumeAt) drafts.push(...found)
      }
      expect(shown(kept([...drafts, ...second.flush()]))).toEqual(counted(states))
    }),
    { numRuns: 300 },
  )
})
