import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../../../core/events.ts'
import { emptyTotals, count } from '../../../../core/totals.ts'
import type { Adapter } from '../../../../node/sources/port.ts'
import type { Line } from '../../../../node/sources/tail-port.ts'
import type { Sample } from './reading.ts'
import { draftsOfLines, kept, linesOf } from './reading.ts'
import type { Arrival } from './recording.ts'
import { recordedOf } from './recording.ts'
import { expectSound, placesIn, WRONG } from './soundness.ts'

/** The part of the suite for files that are appended to, a record a line. */
export function acceptLines(adapter: Adapter, samples: readonly Sample[], foreign: readonly Buffer[]): void {
  const open = (path: string) => adapter.open({ path, sessionId: 'the-file' })
  const draftsOf = (path: string, lines: readonly Line[]) => draftsOfLines(adapter, path, lines)
  const eventsOf = (path: string, lines: readonly Line[]): Event[] => [
    ...kept(draftsOf(path, lines)).values(),
  ]

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

    test('comes to the same events and sums however the bytes arrive, and wherever it is killed or falls silent', async () => {
      for (const sample of samples) {
        const whole = await recordedOf(adapter, sample, [])
        const byByte = [...sample.bytes].map((): Arrival => ({ bytes: 1, then: 'goes on' }))
        expect(await recordedOf(adapter, sample, byByte), sample.path).toEqual(whole)
        const arrival = fc.record({
          bytes: fc.nat(Math.ceil(sample.bytes.length / 4)),
          then: fc.constantFrom<Arrival['then'][]>('goes on', 'falls silent', 'is killed'),
        })
        await fc.assert(
          fc.asyncProperty(fc.array(arrival, { minLength: 1, maxLength: 12 }), async (arrivals) => {
            const events = await recordedOf(adapter, sample, arrivals)
            expect(totalsOf(events)).toEqual(totalsOf(whole))
            expect(events).toEqual(whole)
          }),
          { numRuns: 40 },
        )
      }
    })

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

function totalsOf(events: ReadonlyMap<string, Event>) {
  const sum = emptyTotals()
  for (const event of events.values()) count(sum, event)
  return sum
}
