import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitCount, isTimestamp, MAX_EVENT_BYTES, parseEvent, tokenSum, weight } from '../../core/events.ts'
import { anyEvent, SEED, SESSION, tokens } from './support.ts'

const common = { sessionId: SESSION, project: 'share', assistant: 'claude' }
const head = { id: 'evt_' + 'a'.repeat(20), source: 'macbook-k3f9xq', timestamp: '2026-11-20T07:42:56.123Z' }
const count = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }
const toolPayload = { ...common, tool: 'Edit', callId: 'ybndrfg8ejkm', status: 'started' }
const response = { ...common, kind: 'response', model: 'm', tokens: count }

const withPayload = (eventType: string, payload: unknown) => parseEvent({ ...head, eventType, payload })

test(`a valid event is read as it was written [seed ${SEED}]`, () => {
  fc.assert(
    fc.property(anyEvent(), (event) => {
      expect(parseEvent(JSON.parse(JSON.stringify(event)))).toStrictEqual(event)
    }),
  )
})

test(`nothing that is not an event is one, and nothing throws [seed ${SEED}]`, () => {
  fc.assert(fc.property(fc.anything({ withNullPrototype: true }), (value) => parseEvent(value) === null))
})

test(`an event with any one field replaced is refused or holds valid fields only [seed ${SEED}]`, () => {
  const fields = ['id', 'source', 'timestamp', 'eventType', 'payload']
  fc.assert(
    fc.property(anyEvent(), fc.nat(), fc.anything(), (event, index, value) => {
      const copy = structuredClone(event) as unknown as Record<string, unknown>
      const payload = copy.payload as Record<string, unknown>
      const names = [...fields, ...Object.keys(payload)]
      const name = names[index % names.length]!
      if (fields.includes(name)) copy[name] = value
      else payload[name] = value
      const parsed = parseEvent(copy)
      expect(parsed === null || parseEvent(parsed) !== null).toBe(true)
    }),
  )
})

describe('unknown fields are left behind', () => {
  const secret = 'the text of a prompt'

  test(`at every depth [seed ${SEED}]`, () => {
    fc.assert(
      fc.property(
        anyEvent(),
        fc.string().filter((name) => name !== '__proto__'),
        (event, name) => {
          const key = `x${name}`
          const stuffed = JSON.parse(JSON.stringify(event), (_, value: unknown) =>
            typeof value === 'object' ? { ...value, [key]: secret } : value,
          ) as unknown
          expect(parseEvent(stuffed)).toStrictEqual(event)
        },
      ),
    )
  })

  test('also those that belong to events of another type', () => {
    const parsed = withPayload('error', { ...toolPayload, category: 'api', context: 'main.ts', totals: {} })
    expect(parsed?.payload).toStrictEqual({ ...common, category: 'api' })
  })

  test('also symbols, and a prototype from JSON changes nothing', () => {
    const payload = JSON.parse(
      `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`,
    ) as object
    const parsed = withPayload('session', {
      ...payload,
      ...common,
      action: 'started',
      [Symbol('text')]: secret,
    })
    expect(Reflect.ownKeys(parsed!.payload)).toEqual(['sessionId', 'project', 'assistant', 'action'])
    expect(Object.getPrototypeOf(parsed!.payload)).toBe(Object.prototype)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  test('a field that answers differently when asked again is asked once', () => {
    for (const [eventType, name, first, payload] of [
      ['session', 'action', 'started', common],
      ['activity', 'reason', 'turn', { ...common, kind: 'waiting' }],
      ['activity', 'model', 'm', response],
      ['error', 'category', 'api', common],
      ['tool', 'context', 'main.ts', toolPayload],
    ] as const) {
      let asked = 0
      const tricky = Object.defineProperty({ ...payload }, name, {
        get: () => (asked++ === 0 ? first : secret),
      })
      expect(JSON.stringify(withPayload(eventType, tricky))).not.toContain(secret)
    }
  })
})

describe('an event is refused', () => {
  test.each([
    ['that is null', null],
    ['that is an array', [head]],
    ['with an array for a payload', { ...head, eventType: 'session', payload: ['started'] }],
    ['without a payload', { ...head, eventType: 'session' }],
    ['of an unknown type', { ...head, eventType: 'keystroke', payload: common }],
    ['of a type from the prototype', { ...head, eventType: 'constructor', payload: common }],
    [
      'with the older name of its type',
      { ...head, type: 'session', payload: { ...common, action: 'ended' } },
    ],
    ['with an id of another shape', { ...head, id: 'evt_1', eventType: 'session', payload: common }],
  ])('%s', (_, value) => expect(parseEvent(value)).toBeNull())

  test.each([
    ['a path for a project', 'session', { ...common, project: '/home/anna/share', action: 'started' }],
    ['an assistant that is none', 'session', { ...common, assistant: 'clippy', action: 'started' }],
    ['a tag of another shape', 'session', { ...common, projectTag: 'main', action: 'started' }],
    ['null for a tag', 'session', { ...common, projectTag: null, action: 'started' }],
    ['an action that is none', 'session', { ...common, action: 'paused' }],
    ['a kind that is none', 'activity', { ...common, kind: 'typing' }],
    ['a reason that is none', 'activity', { ...common, kind: 'waiting', reason: 'coffee' }],
    ['a model with a space', 'activity', { ...response, model: 'a b' }],
    ['a tool with a space', 'tool', { ...toolPayload, tool: 'rm -rf' }],
    ['a raw call id', 'tool', { ...toolPayload, callId: 'toolu_01A2b3C4d5E6f7G8h9J0k1L2' }],
    ['a path for a context', 'tool', { ...toolPayload, context: 'src/main.ts' }],
    ['a duration below 0', 'tool', { ...toolPayload, durationMs: -1 }],
    ['a raw agent id', 'agent', { ...common, agentId: 'a5bdbc1', state: 'started' }],
    [
      'an agent type with a space',
      'agent',
      { ...common, agentId: 'ybndrfg8ejkm', agentType: 'a b', state: 'started' },
    ],
    ['a summary in words', 'summary', { ...common, summary: 'Fixed the login', totals: {} }],
    ['an error message', 'error', { ...common, category: 'connect ECONNREFUSED' }],
    ['a megabyte for a name', 'session', { ...common, project: 'a'.repeat(1 << 20), action: 'started' }],
  ])('with %s', (_, eventType, payload) => expect(withPayload(eventType, payload)).toBeNull())

  test.each([NaN, Infinity, -Infinity, -1, -0, 0.5, 1e12 + 1, 2 ** 53, '1', null, undefined, [1], true, 1n])(
    'with %s tokens',
    (value) => {
      for (const name of Object.keys(count)) {
        expect(withPayload('activity', { ...response, tokens: { ...count, [name]: value } })).toBeNull()
      }
    },
  )
  test.each([0, 1, 1e12])('but not with %s tokens', (input) =>
    expect(withPayload('activity', { ...response, tokens: { ...count, input } })).not.toBeNull(),
  )
})

test('a file tag does not travel without the name it belongs to', () => {
  const fileTag = 'xot1uwisza34'
  expect(withPayload('tool', { ...toolPayload, fileTag })?.payload).not.toHaveProperty('fileTag')
  expect(withPayload('tool', { ...toolPayload, fileTag, context: 'a.ts' })?.payload).toHaveProperty('fileTag')
  expect(withPayload('tool', { ...toolPayload, fileTag: '/src/a.ts' })).toBeNull()
})

test('the largest event that can be is far below the limit', () => {
  const max = 1e12
  const many = { input: max, output: max, cacheRead: max, cacheWrite: max }
  const wide = { ...common, project: 'p'.repeat(80), projectTag: 'y'.repeat(12), assistant: 'opencode' }
  const largest = [
    { eventType: 'activity', payload: { ...wide, kind: 'response', model: 'm'.repeat(128), tokens: many } },
    {
      eventType: 'tool',
      payload: {
        ...wide,
        tool: 't'.repeat(128),
        callId: 'y'.repeat(12),
        status: 'completed',
        context: 'c'.repeat(80),
        durationMs: max,
        fileTag: 'y'.repeat(12),
      },
    },
    {
      eventType: 'agent',
      payload: { ...wide, agentId: 'y'.repeat(12), agentType: 't'.repeat(128), state: 'finished' },
    },
    {
      eventType: 'summary',
      payload: {
        ...wide,
        summary: 'Session ended',
        totals: { prompts: max, tools: max, failures: max, errors: max, tokens: many, durationMs: max },
      },
    },
  ].map((body) =>
    parseEvent({
      ...body,
      id: head.id,
      source: 's'.repeat(63) + '-yyyyyy',
      timestamp: '2026-11-20T07:42:56.123456789Z',
    }),
  )
  for (const event of largest) {
    expect(event).not.toBeNull()
    expect(JSON.stringify(event).length).toBeLessThan(MAX_EVENT_BYTES / 4)
  }
})

describe('a time', () => {
  test.each([
    '2026-11-20T07:42:56Z',
    '2026-11-20T07:42:56.1Z',
    '2026-11-20T07:42:56.123456789Z',
    '2024-02-29T23:59:59Z',
    '0000-01-01T00:00:00Z',
  ])('may be %s', (time) => expect(isTimestamp(time)).toBe(true))
  test.each([
    '2026-11-20T07:42:56+00:00',
    '2026-11-20 07:42:56Z',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-11-20T24:00:00Z',
    '2026-11-20T23:59:60Z',
    '2026-13-01T00:00:00Z',
    '2026-11-20T07:42Z',
    '2026-11-20T07:42:56.1234567890Z',
    '2026-11-20T07:42:56Z\n',
    '+012026-11-20T07:42:56Z',
    '',
    1795160576123,
    new Date(),
  ])('is not %s', (time) => expect(isTimestamp(time)).toBe(false))
})

describe('counts', () => {
  test.each([
    [5, 5],
    [5.4, 5],
    [-0, 0],
    [-3, 0],
    [NaN, 0],
    [Infinity, 1e12],
    [1e300, 1e12],
  ])('%s fits as %s', (value, fitted) => expect(Object.is(fitCount(value), fitted)).toBe(true))

  test(`of two responses of one id the one with more tokens weighs more [seed ${SEED}]`, () => {
    fc.assert(
      fc.property(tokens, (some) => {
        const event = withPayload('activity', { ...response, tokens: some })!
        expect(weight(event)).toBe(some.input + some.output + some.cacheRead + some.cacheWrite)
        expect(weight(event)).toBe(tokenSum(some))
      }),
    )
    expect(weight(withPayload('tool', toolPayload)!)).toBe(0)
  })
})
