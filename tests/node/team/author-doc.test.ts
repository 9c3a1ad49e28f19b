import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { clientIdOf, docOf, MAX_STATE_BYTES, withUpdate } from '../../../node/team/author-doc.ts'

const ADA = new Uint8Array(32).fill(1)
const BRUNO = new Uint8Array(32).fill(2)
const FIRST = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const ada = clientIdOf(ADA, FIRST)
const bruno = clientIdOf(BRUNO, FIRST)

/** A document in which one writes as any client, and what each change added. */
function author(clientId: number): { doc: Y.Doc; updates: Uint8Array[] } {
  const doc = new Y.Doc()
  doc.clientID = clientId
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  return { doc, updates }
}

/** The update of one change by one client. */
function written(clientId: number, write: (doc: Y.Doc) => void): Uint8Array {
  const { doc, updates } = author(clientId)
  doc.transact(() => write(doc))
  return updates[0]!
}

const named = (clientId: number, name: unknown) =>
  written(clientId, (doc) => doc.getMap('profile').set('name', name))
const nameIn = (state: Uint8Array | null) => docOf(state).getMap('profile').get('name')
const clientsOf = (state: Uint8Array) => {
  const { structs, ds } = Y.decodeUpdate(state)
  return new Set([...structs.map(({ id }) => id.client), ...ds.clients.keys()])
}

test('the client id of a device and incarnation is fixed', () => {
  expect(ada).toBe(272174440)
  expect(clientIdOf(BRUNO, FIRST)).not.toBe(ada)
  expect(clientIdOf(ADA, new Uint8Array(8))).not.toBe(ada)
})

describe("an author's document", () => {
  test('takes what its author wrote, in order, and the same again', () => {
    const { doc, updates } = author(ada)
    const profile = doc.getMap('profile')
    profile.set('name', 'Ada')
    profile.set('name', 'Ada L.')
    profile.delete('name')
    const seen: unknown[] = []
    let state: Uint8Array | null = null
    for (const update of [...updates, ...updates]) {
      state = withUpdate(state, update, ada)
      seen.push(nameIn(state))
    }
    expect(seen.slice(0, 3)).toEqual(['Ada', 'Ada L.', undefined])
    expect(seen.slice(3)).toEqual([undefined, undefined, undefined])
  })

  test("does not take another client's text", () => {
    expect(withUpdate(null, named(bruno, 'Bruno'), ada)).toBeNull()
    const both = Y.mergeUpdates([named(ada, 'Ada'), named(bruno, 'Bruno')])
    expect(withUpdate(null, both, ada)).toBeNull()
  })

  test("does not take an update that erases another's text, with text of its own or without", () => {
    const { doc, updates } = author(bruno)
    doc.getMap('profile').set('name', 'Bruno')
    const eraser = new Y.Doc()
    eraser.clientID = ada
    Y.applyUpdate(eraser, updates[0]!)
    const forged: Uint8Array[] = []
    eraser.on('update', (update: Uint8Array) => forged.push(update))
    eraser.getMap('profile').delete('name')
    const { structs, ds } = Y.decodeUpdate(forged[0]!)
    expect([structs.length, [...ds.clients.keys()]]).toEqual([0, [bruno]])
    expect(withUpdate(null, forged[0]!, ada)).toBeNull()
    expect(withUpdate(null, Y.mergeUpdates([named(ada, 'Ada'), forged[0]!]), ada)).toBeNull()
  })

  test('does not take what needs something that is not there', () => {
    const { doc, updates } = author(ada)
    const profile = doc.getMap('profile')
    profile.set('name', 'Ada')
    profile.set('version', '1.0.0')
    profile.delete('name')
    expect(withUpdate(null, updates[1]!, ada)).toBeNull()
    expect(withUpdate(null, updates[2]!, ada)).toBeNull()
    // Yjs writes what is missing in between as a hole.
    expect(withUpdate(null, Y.mergeUpdates([updates[0]!, named(ada, 'x'), skipping(ada)]), ada)).toBeNull()
  })

  test('does not grow beyond 64 KiB, and goes on with what fits', () => {
    const text = (length: number) => 'x'.repeat(length)
    expect(withUpdate(null, named(ada, text(MAX_STATE_BYTES)), ada)).toBeNull()
    const { doc, updates } = author(ada)
    doc.getMap('profile').set('name', text(50_000))
    const large = withUpdate(null, updates[0]!, ada)!
    doc.getMap('marks').set('one', text(20_000))
    expect(withUpdate(large, updates[1]!, ada)).toBeNull()
    expect(nameIn(large)).toHaveLength(50_000)
    // What is replaced makes room.
    const next = author(0)
    Y.applyUpdate(next.doc, large)
    next.doc.clientID = ada
    next.doc.getMap('profile').set('name', 'Ada')
    expect(nameIn(withUpdate(large, next.updates[1]!, ada))).toBe('Ada')
  })

  const ENDLESS = [0xff, 0xff, 0xff, 0xff, 0x0f]
  test.each([
    ['that states four thousand million structs', [1, ...ENDLESS, 1, 0]],
    ['that states as many clients', ENDLESS],
    ['that states as many deletions', [0, 1, 1, ...ENDLESS]],
    ['of a struct of no length', [1, 1, 1, 0, 0, 0, 0]],
    ['whose clock has no end', [1, 1, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0]],
    ['that deletes the same again and again', [1, 1, 1, 0, 0, 4, 1, 1, 2, 0, 4, 0, 4]],
    ['of arrays in each other', [1, 1, 1, 0, 8, 1, 1, 97, 1, ...Array<number[]>(30_000).fill([117, 1]).flat()]],
    ['of nothing', []],
  ])('does not take an update %s', (_, bytes) => {
    expect(withUpdate(null, Uint8Array.from(bytes), 1)).toBeNull()
    // The same form with nothing wrong in it.
    expect(withUpdate(null, Uint8Array.of(1, 1, 1, 0, 0, 4, 1, 1, 2, 0, 2, 2, 2), 1)).not.toBeNull()
  }) // prettier-ignore

  test('holds nothing but its author, whatever bytes come', () => {
    const before = withUpdate(null, named(ada, 'Ada'), ada)
    const valid = written(ada, (doc) => {
      doc.getMap('profile').set('name', 'Ada')
      doc.getText('notes').insert(0, 'tea')
      doc.getText('notes').delete(1, 1)
      doc.getArray('list').insert(0, [new Y.Map(), { a: [1, null] }])
    })
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(valid.length).map((length) => valid.slice(0, length)),
      fc
        .array(fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        })
        .map((changes) => {
          const out = valid.slice()
          for (const [at, byte] of changes) out[at] = byte
          return out
        }),
    )
    fc.assert(
      fc.property(bytes, fc.boolean(), (update, isFirst) => {
        const state = isFirst ? null : before
        const copy = state?.slice() ?? null
        const next = withUpdate(state, update, ada)
        expect(state).toEqual(copy)
        if (!next) return
        expect([...clientsOf(next)].filter((client) => client !== ada)).toEqual([])
        const { pendingStructs, pendingDs } = docOf(next).store
        expect([pendingStructs, pendingDs]).toEqual([null, null])
      }),
      { numRuns: 2000 },
    )
  })

  test('takes no update into which a foreign client was written anywhere', () => {
    const foreign = fc.tuple(
      fc.integer({ min: 0, max: 2 ** 32 - 1 }).filter((id) => id !== ada),
      fc.string({ maxLength: 60 }),
      fc.boolean(),
    )
    fc.assert(
      fc.property(foreign, ([client, text, isMerged]) => {
        const forged = named(client, text)
        const update = isMerged ? Y.mergeUpdates([named(ada, 'Ada'), forged]) : forged
        expect(withUpdate(null, update, ada)).toBeNull()
      }),
    )
  })
})

/** An update of one client whose first struct is missing. */
function skipping(clientId: number): Uint8Array {
  const { doc, updates } = author(clientId)
  for (const letter of 'abcdef') doc.getArray('list').push([letter])
  return updates[5]!
}
