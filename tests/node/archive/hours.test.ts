import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HourCount } from '../../../core/buckets.ts'
import { readHours } from '../../../node/archive/hours.ts'
import { SEED } from '../../core/support.ts'
import { SOURCE } from '../api/support.ts'

const HOUR = { source: SOURCE, date: '2026-11-19', hour: 10, eventCount: 40 }
const BUCKET = Date.parse('2026-11-19T10:00:00Z') / 900_000
const COUNT = { source: SOURCE, bucket: BUCKET, count: 40 }
/** Hours that one team's answer can have. */
const MOST_ROWS = 256 * 721

/** What is read of an answer that comes in these parts. */
function read(...parts: (string | Uint8Array)[]) {
  async function* stream() {
    for (const part of parts) yield typeof part === 'string' ? new TextEncoder().encode(part) : part
  }
  return readHours(stream())
}

const answerOf = (rows: readonly unknown[]) =>
  JSON.stringify({ aggregates: rows, meta: { totalCount: rows.length, daysRequested: 30, fetchedAt: 'now' } })

test(`an answer reads the same in whatever parts it comes (seed ${SEED})`, async () => {
  const row = fc.record<HourCount>({
    source: fc.constantFrom(SOURCE, 'box-ybndrf'),
    date: fc.constantFrom('2026-11-19', '2026-11-20'),
    hour: fc.integer({ min: 0, max: 23 }),
    eventCount: fc.integer({ min: 0, max: 1_000_000_000 }),
  })
  const frame = fc.constantFrom(
    (rows: string) => `{"aggregates":${rows},"meta":{"totalCount":1}}`,
    (rows: string) => ` { "meta" : {"a":[{}]} ,\n"aggregates" : ${rows}\n} `,
    (rows: string) => `{"aggregates":${rows}}`,
  )
  const space = fc.constantFrom(undefined, 1, '\t')
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 30 }),
      frame,
      space,
      cuts,
      async (rows, around, indent, at) => {
        const bytes = new TextEncoder().encode(around(JSON.stringify(rows, null, indent)))
        const ends = [
          ...at.map((part) => Math.floor(part * bytes.length)).sort((a, b) => a - b),
          bytes.length,
        ]
        const parts = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
        const expected = new Map(
          rows.map(({ source, date, hour, eventCount }) => {
            const bucket = Date.parse(`${date}T${String(hour).padStart(2, '0')}:00:00Z`) / 900_000
            return [`${source} ${bucket}`, eventCount]
          }),
        )
        const hours = await read(...parts)
        expect(
          new Map(hours!.counts.map(({ source, bucket, count }) => [`${source} ${bucket}`, count])),
        ).toEqual(expected)
        expect(hours!.counts).toHaveLength(expected.size)
        expect(hours!.unreadable).toBe(0)
      },
    ),
    { seed: SEED },
  )
})

test.each([
  ['a source that is none', { ...HOUR, source: '<img src=x>' }],
  ['a day that no month has', { ...HOUR, date: '2026-02-31' }],
  ['a day of a month that is none', { ...HOUR, date: '2026-13-01' }],
  ['an hour that is none', { ...HOUR, hour: 24 }],
  ['a count below nothing', { ...HOUR, eventCount: -1 }],
  ['a count without end', { ...HOUR, eventCount: 1e300 }],
  ['nothing in it', {}],
  ['braces in its text', { ...HOUR, source: 'a}b{c' }],
  ['something within', { ...HOUR, source: { name: SOURCE } }],
])('a row with %s is left out, and the others stay', async (_what, row) => {
  const hours = await read(answerOf([HOUR, row, { ...HOUR, hour: 11 }]))
  expect(hours!.counts).toEqual([COUNT, { ...COUNT, bucket: BUCKET + 4 }])
  expect(hours!.unreadable).toBeGreaterThan(0)
})

test.each([
  ['nothing', ''],
  ['no JSON', '<html></html>'],
  [
    'a list',
    answerOf([])
      .replace('{"aggregates":', '')
      .replace(/,"meta".*/, ''),
  ],
  ['no list of hours', '{"aggregates":{}}'],
  ['the list in another place', '{"data":{"aggregates":[]}}'],
  ['the list in a text', JSON.stringify({ text: '"aggregates":[]' })],
  ['a list that does not end', answerOf([HOUR]).slice(0, -70)],
  ['an answer that does not end', answerOf([HOUR]).slice(0, -1)],
  ['another answer behind it', answerOf([HOUR]) + answerOf([HOUR])],
  ['a row that does not end', `{"aggregates":[{"source":"${'a'.repeat(5000)}`],
  ['brackets without end', `{"aggregates":${'['.repeat(100_000)}`],
  ['a frame without end', `{"x":"${' '.repeat(100_000)}","aggregates":[]}`],
  ['something behind without end', `{"aggregates":[],"x":"${' '.repeat(100_000)}"}`],
  [
    'more than a thousand rows that are none',
    answerOf([...Array<object>(2000).fill(HOUR), ...Array<object>(1001).fill({})]),
  ],
  ['braces without end', `{"aggregates":[${'}'.repeat(1_000_000)}`],
  ['more rows than can be', answerOf(Array<object>(MOST_ROWS + 1).fill(HOUR))],
])('%s is no answer', async (_what, text) => expect(await read(text)).toBeNull())

test('all hours of the largest team are read, and the process does other things meanwhile', async () => {
  const sources = Array.from(
    { length: 256 },
    (_, i) => `${'n'.repeat(60)}${String(i).padStart(3, '0')}-ybndrf`,
  )
  const hours = Array.from(
    { length: 721 },
    (_, i) => new Date(Date.parse('2026-10-21T00:00:00Z') + i * 3_600_000),
  )
  const rows = sources.flatMap((source) =>
    hours.map((at) => ({
      source,
      date: at.toISOString().slice(0, 10),
      hour: at.getUTCHours(),
      eventCount: 1_000_000_000,
    })),
  )
  let turns = 0
  let isDone = false
  const turn = () => {
    turns++
    if (!isDone) setImmediate(turn)
  }
  turn()
  const answer = await read(answerOf(rows))
  isDone = true
  expect(answer!.counts).toHaveLength(MOST_ROWS)
  expect(turns).toBeGreaterThan(100)
})
