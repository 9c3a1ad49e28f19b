import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gemini } from '../../../node/sources/gemini/adapter.ts'
import { piecesOf } from '../../../node/sources/gemini/document.ts'

const SESSION = '5e0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e55'
const AGENT = 'c0ffee00-7ea5-4c0b-8a1d-0a1b2c3d4e5f'
const PATHS = ['/nowhere/session.json', `/nowhere/tmp/tea/chats/${SESSION}/${AGENT}.json`]
const at = (second: number) => new Date(Date.parse('2025-11-02T09:30:00.000Z') + second * 1000).toISOString()

const START = { sessionId: SESSION, projectHash: 'none', startTime: at(0) }
const END = { lastUpdated: at(500), summary: 'Kettle in E flat' }
const user = (id: string, more = {}) => ({ id, timestamp: at(1), type: 'user', content: `${id}?`, ...more })
const model = (id: string, more = {}) => ({
  id,
  timestamp: at(2),
  type: 'gemini',
  content: 'Yes.',
  model: 'gemini-2.5-flash',
  tokens: { input: 10, output: 5, cached: 4, thoughts: 2, tool: 0, total: 17 },
  ...more,
})
const call = { id: 'glob-1', name: 'glob', args: {}, status: 'success', timestamp: at(3) }
const MESSAGES = [user('u1'), model('m1', { toolCalls: [call, call] }), user('u2'), model('m2')]

/** As Gemini CLI writes it. */
const written = (document: object) => JSON.stringify(document, null, 2)

/** What a reader makes of some pieces. */
function read(pieces: Iterable<Buffer>, path = PATHS[0]!) {
  const reader = gemini.open({ path, sessionId: 'the-file' })
  const drafts = [...pieces].flatMap((piece) => reader.read(piece, 0))
  const { heldFrom, invalidLines, local, sessionId } = reader
  return { drafts, heldFrom, invalidLines, local, sessionId, last: reader.flush() }
}

/** A document is read as if it were one piece. */
function expectAsWhole(text: string, pieceBytes = 1): void {
  const document = Buffer.from(text)
  for (const path of PATHS) {
    const whole = read([document], path)
    expect(read(piecesOf(document, pieceBytes), path)).toEqual(whole)
  }
}

const count = (text: string) => [...piecesOf(Buffer.from(text), 1)].length

describe('a Gemini document that is read in pieces', () => {
  test.each([
    ['the messages last', { ...START, ...END, messages: MESSAGES }],
    ['the messages first', { messages: MESSAGES, ...END, ...START }],
    ['more after the messages', { ...START, messages: MESSAGES, ...END, kind: 'subagent', directories: ['/a', '/b'] }],
  ])('is the same as in one, with %s', (_, document) => {
    expect(count(written(document))).toBe(6)
    expectAsWhole(written(document))
  }) // prettier-ignore

  test('is the same as in one, whatever stands in it', () => {
    const hard = fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '\n', ' ', '\u2028', 'é', '🫖'), maxLength: 30 }) // prettier-ignore
    const odd = fc.oneof(
      fc.jsonValue(),
      hard,
      fc.constantFrom({}, [], [{}, { id: 'x' }], '\n    },\n    {', '\n    }\n  ]', { messages: MESSAGES }),
    )
    const time = fc.oneof(fc.nat(400).map(at), fc.constant(undefined))
    const record = { id: fc.oneof(hard, fc.constantFrom('a', 'b', 'c')), timestamp: time, content: odd }
    const message = fc.oneof(
      fc.record({ ...record, type: fc.constant('user') }),
      fc.record({ ...record, type: fc.constant('gemini'), model: hard, tokens: odd, toolCalls: fc.array(fc.oneof(fc.constant(call), odd)) }),
      fc.record({ ...record, type: fc.constantFrom('info', 'error') }),
      fc.constantFrom({ ...START, messages: MESSAGES }, { $set: { messages: MESSAGES } }, { $rewindTo: 'a' }),
      odd,
    ) // prettier-ignore
    const fields = fc.record(
      {
        sessionId: fc.oneof({ weight: 5, arbitrary: fc.constant(SESSION) }, { weight: 1, arbitrary: odd }),
        startTime: time,
        lastUpdated: fc.oneof(time, odd),
        summary: fc.oneof(hard, odd),
        kind: fc.constantFrom('main', 'subagent'),
        directories: fc.array(odd),
        messages: fc.array(message, { maxLength: 8 }),
        id: odd,
        $set: odd,
        $rewindTo: odd,
      },
      { requiredKeys: ['sessionId', 'messages'] },
    )
    const shuffled = fields.chain((document) =>
      fc.shuffledSubarray(Object.entries(document), { minLength: Object.keys(document).length }),
    )
    fc.assert(
      fc.property(shuffled, fc.constantFrom(0, 1, 2, 3, 4, '\t'), fc.integer({ min: 1, max: 600 }), (entries, indent, pieceBytes) => {
        expectAsWhole(JSON.stringify(Object.fromEntries(entries), null, indent), pieceBytes)
      }),
      { numRuns: 500 },
    ) // prettier-ignore
  })

  test('has pieces of some messages each, which are soon read', () => {
    const output = 'tea\n"'.repeat(2000)
    const messages = Array.from({ length: 300 }, (_, i) =>
      model(`m${i}`, { toolCalls: [{ ...call, id: `c${i}`, args: { output } }] }),
    )
    const document = Buffer.from(written({ ...START, messages, ...END }))
    const sizes = [...gemini.pieces!(document)].map(({ length }) => length)
    expect(document.length).toBeGreaterThan(4_000_000)
    expect(Math.max(...sizes)).toBeLessThan(100_000)
    expect(sizes.length).toBeLessThan(document.length / 60_000)
    expectAsWhole(document.toString(), 65_536)
  })

  test('that is half written tells nothing, wherever it ends', () => {
    const document = Buffer.from(written({ ...START, messages: MESSAGES, ...END, directories: [{}] }))
    for (let length = 1; length < document.length; length++) {
      const found = read(piecesOf(document.subarray(0, length), 1))
      expect([found.drafts, found.last]).toEqual([[], []])
      expect(found.invalidLines).toBe(1)
    }
    expect(read(piecesOf(document, 1)).invalidLines).toBe(0)
  })

  test('of which one message is damaged tells the others, and that something was wrong', () => {
    const text = written({ ...START, messages: MESSAGES })
    const { drafts, invalidLines } = read(piecesOf(Buffer.from(text.replace('"u2?"', '"u2?')), 1))
    expect(drafts.map(({ fact }) => fact.type)).toEqual(['prompt', 'tool', 'tool', 'response'])
    expect(invalidLines).toBe(1)
  })

  const text = written({ ...START, messages: MESSAGES })
  test.each([
    ['in which there are messages twice', text.replace(/\n\}$/, ',\n  "messages": []\n}')],
    ['in which there are messages and then none', text.replace(/\n\}$/, ',\n  "messages": 5\n}')],
    ['after which another follows', text + text],
    ['after which there are words', `${text}\ntea`],
    ['with a byte order mark', `\ufeff${text}`],
    ['with line ends of Windows', text.replaceAll('\n', '\r\n')],
    ['with a line end behind it', `${text}\n`],
    ['without a session', written({ messages: MESSAGES })],
    ['with much beside its messages', text.replace(/\n\}$/, `${',\n  "summary": "x"'.repeat(10_000)}\n}`)],
    ['with no messages', written({ ...START, messages: [] })],
    ['that names a session anew', text.replace('"projectHash": "none"', '"sessionId": "another"')],
  ])('%s is the same as in one', (_, odd) => {
    const [whole, cut] = [read([Buffer.from(odd)]), read(piecesOf(Buffer.from(odd), 1))]
    if (whole.invalidLines === 0) expect(cut).toEqual(whole)
    else expect(cut.invalidLines).toBeGreaterThan(0)
  })

  test('is as deep as it likes', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expectAsWhole(text.replace('"u2?"', deep))
    expectAsWhole(text.replace('"none"', deep))
  })
})
