import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../../../core/events.ts'
import { weight } from '../../../../core/events.ts'
import type { Adapter } from '../../../../node/sources/port.ts'
import type { Sample } from './reading.ts'
import { draftsOfDocument, kept, linesOf } from './reading.ts'
import { expectSound, placesIn, WRONG } from './soundness.ts'

/** A document as it came to be: each time it was written, the last as it is now. */
export interface History {
  path: string
  snapshots: readonly Buffer[]
}

/**
 * The history of a JSON document that grows at the end of its longest list, or, where it has none, is written once.
 * Anything else than JSON is written once too.
 */
export function growthOf({ path, bytes }: Sample): History {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch {
    // A compressed document: who has samples of it says how it grows.
    return { path, snapshots: [bytes] }
  }
  const lists = Array.isArray(value) ? [value] : Object.values(value as object).filter(Array.isArray)
  const longest = lists.reduce<unknown[] | null>(
    (a, b: unknown[]) => (a && a.length >= b.length ? a : b),
    null,
  )
  if (!longest) return { path, snapshots: [bytes] }
  const all = [...longest]
  const snapshots = all.map((_, count) => {
    longest.splice(0, longest.length, ...all.slice(0, count))
    return Buffer.from(JSON.stringify(value, null, 2))
  })
  return { path, snapshots: [...snapshots, bytes] }
}

/** One reading of a document: of which snapshot, how much of it was written then, and whether it fell silent. */
const READING = fc.record({
  snapshot: fc.nat(1000),
  written: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) }),
  isSilent: fc.boolean(),
}) // prettier-ignore

/** The part of the suite for files that are rewritten whole. */
export function acceptDocuments(adapter: Adapter, histories: readonly History[], foreign: readonly Buffer[]) {
  const samples = histories.map(({ path, snapshots }) => ({ path, bytes: snapshots.at(-1)! }))

  describe(`the ${adapter.assistant} adapter, as every other that reads documents`, () => {
    test('finds something in every sample', () => {
      for (const sample of samples)
        expect([...kept(draftsOfDocument(adapter, sample))], sample.path).not.toEqual([])
    })

    test('recognises its documents by what they hold, and nobody else’s', () => {
      for (const { path, bytes } of samples) {
        const heads = [linesOf(bytes).slice(0, 50), [{ bytes }]]
        const found = heads.map((head) => adapter.recognises(head.map((line) => line.bytes)))
        expect(found, path).toContain('document')
        expect(found, path).not.toContain('lines')
      }
      for (const bytes of foreign)
        expect(adapter.recognises([bytes]), bytes.toString().slice(0, 200)).toBeNull()
    })

    test('says the same of what was there before, whatever is written, half-written or read again', () => {
      for (const { path, snapshots } of histories) {
        const said = snapshots.map((bytes) => kept(draftsOfDocument(adapter, { path, bytes })))
        const last = said.at(-1)!
        for (const earlier of said) expectToGoOnAs(last, earlier, path)
        fc.assert(
          fc.property(fc.array(READING, { maxLength: 8 }), (readings) => {
            const drafts = readings.flatMap(({ snapshot, written, isSilent }) => {
              const whole = snapshots[snapshot % snapshots.length]!
              const bytes = whole.subarray(0, Math.floor(whole.length * written))
              return draftsOfDocument(adapter, { path, bytes }, isSilent)
            })
            const end = draftsOfDocument(adapter, { path, bytes: snapshots.at(-1)! })
            const events = kept([...drafts, ...end])
            expect(new Map([...events].filter(([id]) => last.has(id)))).toEqual(last)
            const shown = [...events.keys()].filter((id) => !last.has(id))
            expect(shown.filter((id) => !said.some((earlier) => earlier.has(id)))).toEqual([])
          }),
          { numRuns: 60 },
        )
      }
    })

    test('holds nothing after giving up what it held', () => {
      for (const { path, bytes } of samples) {
        const reader = adapter.open({ path, sessionId: 'the-file' })
        for (const piece of adapter.pieces?.(bytes) ?? [bytes]) reader.read(piece, 0)
        expect([null, 0]).toContain(reader.heldFrom)
        reader.flush()
        expect(reader.heldFrom).toBeNull()
        expect(reader.flush()).toEqual([])
      }
    })

    test('lets no text of the session pass', () => {
      for (const { path, bytes } of samples) {
        const pieces = Buffer.concat([...(adapter.pieces?.(bytes) ?? [bytes])])
        expect(pieces.toString(), path).toContain('SECRET')
        expect(JSON.stringify([...kept(draftsOfDocument(adapter, { path, bytes })).values()])).not.toMatch(
          /secret/i,
        )
      }
    })

    test('survives any value in any place, and lets no hidden character pass', () => {
      const pieces = samples.map(({ path, bytes }) => ({
        path,
        pieces: [...(adapter.pieces?.(bytes) ?? [bytes])],
      }))
      fc.assert(
        fc.property(fc.nat(), fc.nat(), fc.nat(), fc.constantFrom(...WRONG), (which, piece, where, value) => {
          const sample = pieces[which % pieces.length]!
          const at = piece % sample.pieces.length
          const record: unknown = JSON.parse(sample.pieces[at]!.toString())
          const places = placesIn(record)
          if (places.length === 0) return
          places[where % places.length]!(value)
          const reader = adapter.open({ path: sample.path, sessionId: 'the-file' })
          const drafts = sample.pieces.flatMap((own, i) =>
            reader.read(i === at ? Buffer.from(JSON.stringify(record)) : own, 0),
          )
          expectSound(kept([...drafts, ...reader.flush()]).values())
        }),
        { numRuns: 400 },
      )
    })

    test('survives documents with bytes that are no text, too few or too many', () => {
      for (const { path, bytes } of samples) {
        const place = fc.nat(bytes.length)
        fc.assert(
          fc.property(place, place, fc.uint8Array({ maxLength: 40 }), (from, to, noise) => {
            const damaged = Buffer.concat([bytes.subarray(0, from), noise, bytes.subarray(to)])
            expectSound(kept(draftsOfDocument(adapter, { path, bytes: damaged })).values())
          }),
          { numRuns: 60 },
        )
      }
    })
  })
}

/**
 * What an earlier snapshot said still holds: nothing but a response's tokens has grown. Only a wait may be said that
 * what was written afterwards shows to have been none.
 */
function expectToGoOnAs(last: Map<string, Event>, earlier: Map<string, Event>, path: string): void {
  for (const [id, event] of earlier) {
    const later = last.get(id)
    if (later) {
      expect(weight(later), path).toBeGreaterThanOrEqual(weight(event))
      expect(withoutTokens(later), path).toEqual(withoutTokens(event))
    } else expect(event.payload, `${path}: told once and then no more`).toMatchObject({ kind: 'waiting' })
  }
}

function withoutTokens(event: Event): unknown {
  return JSON.parse(JSON.stringify(event, (key, value: unknown) => (key === 'tokens' ? undefined : value)))
}
