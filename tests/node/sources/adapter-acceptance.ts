import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { parseEvent, weight } from '../../../core/events.ts'
import type { Draft } from '../../../core/rule.ts'
import { Rule } from '../../../core/rule.ts'
import { nativeBlake2b } from '../../../node/sources/native-hash.ts'
import { LineSplitter } from '../../../node/sources/lines.ts'
import type { Adapter } from '../../../node/sources/port.ts'
import type { Line } from '../../../node/sources/tail-port.ts'

/** What an adapter brings to be accepted. */
export interface Candidate {
  adapter: Adapter
  /** Sample files with one record a line. Whatever must not be seen in them contains `SECRET`. */
  files: readonly string[]
  /** Files of other assistants, which it must leave to them. */
  foreign: readonly Buffer[]
}

export const TEST_SOURCE = 'teapot-ybndrf'

/** The rule of a machine that shares nothing and shows every base name. */
export function testRule(): Rule {
  return new Rule({
    source: TEST_SOURCE,
    idKey: new Uint8Array(32).fill(7),
    hash: nativeBlake2b,
    rules: { allowedExtensions: null, shares: () => 'private', fileTag: () => 'yyyyyyyyyyyy' },
  })
}

/** All of what comes one by one. */
export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Characters that could hide or reorder text in a terminal or on a page. */
const UNSEEN = '\u0000\u0007\u001b[31m\u007f\u0085\u00a0\u200b\u200e\u202e\u2066\ufeff'
// eslint-disable-next-line no-control-regex -- what must not be there
const UNSEEN_PATTERN = /[\u0000-\u001f\u007f-\u00a0\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/

/** Values of every type, as a broken or a hostile file may have them in any place. */
const WRONG = [
  null, true, 0, -1, 0.5, 1e300, '', 'x', 'x'.repeat(700), '<synthetic>', UNSEEN, '../../etc/passwd', '__proto__',
  [], {}, [null], [[[]]], [{ type: 'tool_use' }], [{ type: 'tool_result', tool_use_id: {} }], { toString: null },
  { id: {}, content: 1, usage: [], role: [] },
] as const // prettier-ignore

const PROJECT = { name: 'teahouse', root: '/home/ada/teahouse', rootCommit: 'c0ffee' }

/** The one suite that the adapter of every assistant passes. */
export function acceptAdapter({ adapter, files, foreign }: Candidate): void {
  const samples = files.map((path) => ({ path, bytes: readFileSync(path) }))
  const open = (path: string) => adapter.open({ path, sessionId: 'the-file' })

  /** Each id once, the heaviest, as everyone keeps it. */
  function kept(drafts: readonly Draft[]): Map<string, Event> {
    const rule = testRule()
    const events = new Map<string, Event>()
    for (const draft of drafts) {
      const event = rule.event(draft, PROJECT)
      if (!event) continue
      const before = events.get(event.id)
      if (!before || weight(event) > weight(before)) events.set(event.id, event)
    }
    return events
  }

  function linesOf(bytes: Buffer, chunkSize: () => number = () => bytes.length || 1): Line[] {
    const splitter = new LineSplitter()
    const lines: Line[] = []
    for (let at = 0; at < bytes.length;) {
      const size = chunkSize()
      lines.push(...splitter.push(bytes.subarray(at, at + size)))
      at += size
    }
    const rest = splitter.rest()
    return rest ? [...lines, rest] : lines
  }

  function draftsOf(path: string, lines: readonly Line[]): Draft[] {
    const reader = open(path)
    const drafts = lines.flatMap(({ bytes, start }) => reader.read(bytes, start))
    return [...drafts, ...reader.flush()]
  }

  function eventsOf(path: string, lines: readonly Line[]): Event[] {
    return [...kept(draftsOf(path, lines)).values()]
  }

  describe(`the ${adapter.assistant} adapter, as every other`, () => {
    test('finds something in every sample', () => {
      for (const { path, bytes } of samples) expect(eventsOf(path, linesOf(bytes)), path).not.toEqual([])
    })

    test('recognises its files by what they hold, and nobody else’s', () => {
      for (const { path, bytes } of samples) {
        const head = linesOf(bytes).slice(0, 50)
        expect(adapter.recognises(head.map((line) => line.bytes)), path).toBe('lines')
      }
      for (const bytes of foreign) {
        const head = linesOf(bytes).slice(0, 50)
        expect(adapter.recognises(head.map((line) => line.bytes)), bytes.toString().slice(0, 200)).toBeNull()
      }
      expect(adapter.recognises([])).toBeNull()
    })

    test('gives the same events however the bytes arrive', () => {
      for (const { path, bytes } of samples) {
        const whole = kept(draftsOf(path, linesOf(bytes)))
        expect(
          kept(
            draftsOf(
              path,
              linesOf(bytes, () => 1),
            ),
          ),
        ).toEqual(whole)
        fc.assert(
          fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1 }), (sizes) => {
            let i = 0
            const lines = linesOf(bytes, () => sizes[i++ % sizes.length]!)
            expect(kept(draftsOf(path, lines))).toEqual(whole)
          }),
          { numRuns: 20 },
        )
      }
    })

    test.each(['is killed', 'falls silent first'])(
      'loses and repeats nothing when it %s at any line',
      (how) => {
        for (const { path, bytes } of samples) {
          const lines = linesOf(bytes)
          const whole = kept(draftsOf(path, lines))
          for (let stop = 0; stop <= lines.length; stop++) {
            const first = open(path)
            const drafts = lines.slice(0, stop).flatMap((line) => first.read(line.bytes, line.start))
            if (how === 'falls silent first') drafts.push(...first.flush())
            const resumeAt = first.heldFrom ?? lines[stop]?.start ?? bytes.length
            const second = open(path)
            for (const line of lines) {
              const found = second.read(line.bytes, line.start)
              if (line.start >= resumeAt) drafts.push(...found)
            }
            drafts.push(...second.flush())
            expect(kept(drafts), `${path}, stopped before line ${stop + 1}`).toEqual(whole)
          }
        }
      },
    )

    test('holds nothing after giving up what it held', () => {
      for (const { path, bytes } of samples) {
        const reader = open(path)
        for (const line of linesOf(bytes)) reader.read(line.bytes, line.start)
        reader.flush()
        expect(reader.heldFrom).toBeNull()
        expect(reader.flush()).toEqual([])
      }
    })

    test('lets no text of the session pass', () => {
      for (const { path, bytes } of samples) {
        expect(bytes.toString(), path).toContain('SECRET')
        expect(JSON.stringify(eventsOf(path, linesOf(bytes)))).not.toMatch(/secret/i)
      }
    })

    test('survives any value in any place, and lets no hidden character pass', () => {
      const records = samples.flatMap(({ bytes }) => linesOf(bytes).map(({ bytes: line }) => line.toString()))
      fc.assert(
        fc.property(fc.nat(), fc.nat(), fc.constantFrom(...WRONG), (which, where, value) => {
          const record: unknown = JSON.parse(records[which % records.length]!)
          const places = placesIn(record)
          if (places.length === 0) return
          places[where % places.length]!(value)
          const lines = [...records.slice(0, which % records.length), JSON.stringify(record)]
          expectSound(eventsOf('any.jsonl', linesOf(Buffer.from(lines.join('\n')))))
        }),
        { numRuns: 400 },
      )
    })

    test('survives lines that were cut off, bytes that are no text, and what was written over', () => {
      const all = Buffer.concat(samples.map(({ bytes }) => bytes))
      fc.assert(
        fc.property(
          fc.nat(all.length),
          fc.nat(all.length),
          fc.uint8Array({ maxLength: 40 }),
          (from, to, noise) => {
            const damaged = Buffer.concat([all.subarray(0, from), noise, all.subarray(to)])
            expectSound(eventsOf('any.jsonl', linesOf(damaged)))
          },
        ),
        { numRuns: 60 },
      )
    })

    test.each([
      ['brackets 20,000 deep', Buffer.from('['.repeat(20_000))],
      ['objects 20,000 deep', Buffer.from('{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000))],
      ['a line of zeros', Buffer.alloc(100_000)],
      ['UTF-16', Buffer.from('{"type":"user"}', 'utf16le')],
      ['a number', Buffer.from('42')],
      ['a string of 8 MB', Buffer.from(JSON.stringify({ type: 'user', x: 'y'.repeat(8_000_000) }))],
      ['quotes without end', Buffer.from('"\\'.repeat(50_000))],
    ])('survives %s between its records', (_, line) => {
      for (const { path, bytes } of samples) {
        const reader = open(path)
        const drafts = linesOf(bytes).flatMap(({ bytes: own, start }) => [
          ...reader.read(own, start),
          ...reader.read(line, start),
        ])
        expect(kept([...drafts, ...reader.flush()])).toEqual(kept(draftsOf(path, linesOf(bytes))))
      }
    })
  })
}

function expectSound(events: readonly Event[]): void {
  for (const event of events) {
    expect(parseEvent(event)).toEqual(event)
    expect(JSON.stringify(event)).not.toMatch(UNSEEN_PATTERN)
    expect(JSON.stringify(event)).not.toMatch(/\\u00|passwd\W|secret/i)
  }
}

/** One setter for every place in a value. */
function placesIn(value: unknown): ((replacement: unknown) => void)[] {
  if (typeof value !== 'object' || value === null) return []
  const fields = value as Record<string, unknown>
  return Object.keys(fields).flatMap((key) => [
    (replacement: unknown) => void (fields[key] = replacement),
    ...placesIn(fields[key]),
  ])
}
