import fc from 'fast-check'
import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { LogScope } from '../../core/blocks.ts'
import {
  decodeBlock,
  encodeBlock,
  MAX_BLOCK_BYTES,
  MAX_BLOCK_EVENTS,
  MAX_BODY_BYTES,
  PRIVATE_SCOPE,
  signedBytes,
} from '../../core/blocks.ts'
import { DICTIONARY } from '../../core/dictionary.ts'
import type { Event } from '../../core/events.ts'
import { parseEvent } from '../../core/events.ts'
import { publicKeyOf, sign, verify } from '../../core/identity.ts'
import { zlibCodec as codec } from '../../node/log/codec.ts'
import { anyEvent, eventAt, hex, SEED, toHex, vectors } from './support.ts'

const given = vectors('blocks') as {
  deviceSecret: string
  publicKey: string
  dictionary: string
  blocks: {
    why: string
    teamId: string
    incarnation: string
    seq: number
    flags: number
    body: string
    signedBytes: string
    signature: string
    block: string
  }[]
}
const secret = hex(given.deviceSecret)
const publicKey = publicKeyOf(secret)
const signs = (message: Uint8Array) => sign(message, secret)
const verifies = (signature: Uint8Array, message: Uint8Array) => verify(signature, message, publicKey)
const TEAM: LogScope = { teamId: new Uint8Array(32).fill(7), incarnation: new Uint8Array(8).fill(1) }
const utf8 = (text: string) => new TextEncoder().encode(text)

const encode = (events: readonly Event[], seq = 0, scope = TEAM) =>
  encodeBlock(events, seq, scope, signs, codec)
const decode = (block: Uint8Array, seq = 0, scope = TEAM) => decodeBlock(block, seq, scope, verifies, codec)

/** A block with any body and flags, signed as it should be. */
function signedBlock(body: Uint8Array, flags = 0, stored = body, version = 1): Uint8Array {
  return Uint8Array.from([version, ...signs(signedBytes(TEAM, 0, body)), flags, ...stored])
}

const event = eventAt(1e12, 'activity', { kind: 'prompt' })
const two = [event, eventAt(2e12, 'error', { category: 'api' })]

describe('the vectors', () => {
  test('give the dictionary', () => expect(new TextDecoder().decode(DICTIONARY)).toBe(given.dictionary))

  test.each(given.blocks)('$why', (vector) => {
    const { seq, flags } = vector
    const scope = { teamId: hex(vector.teamId), incarnation: hex(vector.incarnation) }
    const body = utf8(vector.body)
    const events = (JSON.parse(vector.body) as unknown[]).map(parseEvent) as Event[]
    expect(toHex(signedBytes(scope, seq, body))).toBe(vector.signedBytes)
    expect(toHex(signs(hex(vector.signedBytes)))).toBe(vector.signature)
    const block = hex(vector.block)
    expect(block[65]).toBe(flags)
    expect(decode(block, seq, scope)).toEqual({
      events,
      invalid: 0,
      signature: hex(vector.signature),
      body: flags === 0 ? body : Buffer.from(body),
    })
    expect(toHex(encode(events, seq, scope).subarray(0, 65))).toBe(`01${vector.signature}`)
  })
})

test(`events come out of a block as they went in, and come out nowhere else [seed ${SEED}]`, () => {
  const seqs = fc.oneof(fc.nat({ max: 5 }), fc.maxSafeNat())
  fc.assert(
    fc.property(fc.array(anyEvent(), { maxLength: 60 }), seqs, fc.boolean(), (events, seq, isPrivate) => {
      const scope = isPrivate ? PRIVATE_SCOPE : TEAM
      const block = encode(events, seq, scope)
      const batch = decode(block, seq, scope)!
      expect(batch.events).toStrictEqual(events)
      expect(batch.invalid).toBe(0)
      expect(new TextDecoder().decode(batch.body)).toBe(JSON.stringify(events))
      expect(decode(block, seq === 0 ? 1 : seq - 1, scope)).toBeNull()
      expect(decode(block, seq, isPrivate ? TEAM : PRIVATE_SCOPE)).toBeNull()
      expect(decode(block, seq, { ...scope, incarnation: new Uint8Array(8).fill(9) })).toBeNull()
    }),
    { numRuns: 40 },
  )
})

test('a small block is deflated with the dictionary, a large one without, one that does not shrink not at all', () => {
  expect(encode(two)[65]).toBe(3)
  expect(encode(Array.from({ length: 100 }, () => event))[65]).toBe(1)
  expect(encode([])[65]).toBe(0)
})

test('another device is not believed', () => {
  const other = publicKeyOf(new Uint8Array(32))
  const decoded = decodeBlock(encode(two), 0, TEAM, (s, m) => verify(s, m, other), codec)
  expect(decoded).toBeNull()
})

describe('a block is skipped', () => {
  const block = encode(two)

  test('that is cut short anywhere', () => {
    for (let length = 0; length < block.length; length++) expect(decode(block.subarray(0, length))).toBeNull()
  })
  test('with any byte changed', () => {
    for (let i = 0; i < block.length; i++) {
      const changed = Uint8Array.from(block)
      changed[i]! ^= 1
      expect([i, decode(changed)]).toEqual([i, null])
    }
  })
  test('with bytes behind it', () => {
    expect(decode(Uint8Array.from([...block, 0]))).toBeNull()
    const plain = signedBlock(utf8(JSON.stringify(two)))
    expect(decode(plain)).not.toBeNull()
    expect(decode(Uint8Array.from([...plain, 0x20]))).toBeNull()
  })
  test('of another version', () => {
    for (const version of [0, 2, 255]) {
      const body = utf8('[]')
      expect(decode(signedBlock(body, 0, body, version))).toBeNull()
    }
  })
  test('with flags that mean nothing', () => {
    const body = utf8(JSON.stringify(two))
    for (let flags = 4; flags < 256; flags++) expect(decode(signedBlock(body, flags))).toBeNull()
    expect(decode(signedBlock(body, 2))).toBeNull()
    const deflated = codec.deflate(body, null)
    expect(decode(signedBlock(body, 1, deflated))?.events).toEqual(two)
    expect(decode(signedBlock(body, 3, deflated))?.events).toEqual(two)
    expect(decode(signedBlock(body, 5, deflated))).toBeNull()
  })
  test('that inflates to more than 1 MiB', () => {
    const padded = (bytes: number) => utf8('['.padEnd(bytes - 1, ' ') + ']')
    for (const [bytes, isRead] of [
      [MAX_BODY_BYTES, true],
      [MAX_BODY_BYTES + 1, false],
      [4 * MAX_BODY_BYTES, false],
    ] as const) {
      const body = padded(bytes)
      const deflated = deflateRawSync(body)
      expect(deflated.length).toBeLessThan(MAX_BLOCK_BYTES)
      const bomb = Buffer.concat([Buffer.of(1), signs(signedBytes(TEAM, 0, body)), Buffer.of(1), deflated])
      expect(decode(bomb) !== null).toBe(isRead)
    }
  })
  test('of more than 256 KiB', () => {
    const body = (bytes: number) => utf8('['.padEnd(bytes - 1, ' ') + ']')
    const block = (bytes: number) =>
      Buffer.concat([
        Buffer.of(1),
        signs(signedBytes(TEAM, 0, body(bytes - 66))),
        Buffer.of(0),
        body(bytes - 66),
      ])
    expect(decode(block(MAX_BLOCK_BYTES))).not.toBeNull()
    expect(decode(block(MAX_BLOCK_BYTES + 1))).toBeNull()
  })
  test('of more than 500 events', () => {
    const body = (n: number) => utf8(`[${Array.from({ length: n }, () => '0').join()}]`)
    expect(decode(signedBlock(body(MAX_BLOCK_EVENTS)))?.invalid).toBe(MAX_BLOCK_EVENTS)
    expect(decode(signedBlock(body(MAX_BLOCK_EVENTS + 1)))).toBeNull()
  })
  test.each(['', '{}', 'null', '"[]"', '[', '[]]', '\ufeff[]', '['.repeat(100_000)])(
    'whose body is no array: %.20s',
    (text) => expect(decode(signedBlock(utf8(text)))).toBeNull(),
  )
  test('whose body is not UTF-8', () =>
    expect(decode(signedBlock(Uint8Array.from([0x5b, 0x22, 0xff, 0x22, 0x5d])))).toBeNull())
  test(`of any bytes [seed ${SEED}]`, () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => decode(bytes) === null))
  })
})

test('an event that is not valid is left out of its batch and counted, and the others are read', () => {
  const values = [event, { ...event, id: 'evt_1' }, null, [event], two[1]]
  const batch = decode(signedBlock(utf8(JSON.stringify(values))))!
  expect(batch.events).toEqual(two)
  expect(batch.invalid).toBe(3)
})

test('a field that is not known is stripped, and the signed bytes stay', () => {
  const body = utf8(JSON.stringify([{ ...event, text: 'a prompt' }]))
  const batch = decode(signedBlock(body))!
  expect(batch.events).toStrictEqual([event])
  expect(toHex(batch.body)).toBe(toHex(body))
})

describe('a writer is refused', () => {
  test('more than 500 events', () =>
    expect(() => encode(Array.from({ length: MAX_BLOCK_EVENTS + 1 }, () => event))).toThrow(RangeError))
  test('a block that no reader takes', () => {
    const stored = { ...codec, deflate: (body: Uint8Array) => Uint8Array.from([...body, 0]) }
    const many = Array.from({ length: MAX_BLOCK_EVENTS }, () => event)
    expect(() => encodeBlock(many, 0, TEAM, signs, stored)).not.toThrow()
    const wide = many.map((one) => ({ ...one, extra: 'x'.repeat(400) }))
    expect(() => encodeBlock(wide, 0, TEAM, signs, stored)).toThrow(RangeError)
  })
  test('an index or a scope that none can be', () => {
    for (const seq of [-1, 0.5, NaN, 2 ** 53]) expect(() => encode(two, seq)).toThrow(RangeError)
    for (const scope of [
      { ...TEAM, teamId: new Uint8Array(31) },
      { ...TEAM, incarnation: new Uint8Array(9) },
    ]) {
      expect(() => encode(two, 0, scope)).toThrow(RangeError)
      expect(() => decode(encode(two), 0, scope)).toThrow(RangeError)
    }
  })
})
