import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBlock, encodeBlock, type LogScope } from '../../core/blocks.ts'
import { z32Prefix } from '../../core/hash.ts'
import { publicKeyOf, sign, verify } from '../../core/identity.ts'
import { parseProfile } from '../../core/profile.ts'
import { decodeStateBlock, encodeStateBlock, MAX_UPDATE_BYTES } from '../../core/state-block.ts'
import { zlibCodec as codec } from '../../node/log/codec.ts'
import { clientIdOf, docOf, withUpdate } from '../../node/team/author-doc.ts'
import { PROFILE_MAP } from '../../node/team/own-profile.ts'
import { hex, SEED, toHex, vectors } from './support.ts'

const given = vectors('state-block') as {
  teamId: string
  deviceSecret: string
  device: string
  incarnation: string
  clientId: number
  profile: Record<string, string | boolean>
  blocks: {
    why: string
    seq: number
    flags: number
    update: string
    signature: string
    block: string
  }[]
  refused: { why: string; block: string }[]
}
const secret = hex(given.deviceSecret)
const device = publicKeyOf(secret)
const SCOPE: LogScope = { teamId: hex(given.teamId), incarnation: hex(given.incarnation) }
const signs = (message: Uint8Array) => sign(message, secret)
const verifies = (signature: Uint8Array, message: Uint8Array) => verify(signature, message, device)
const encode = (update: Uint8Array, seq = 0) => encodeStateBlock(update, seq, SCOPE, signs, codec)
const decode = (block: Uint8Array, seq = 0) => decodeStateBlock(block, seq, SCOPE, verifies, codec)

describe.each(given.blocks)('$why', ({ seq, flags, update, signature, block }) => {
  test('is read', () => {
    expect(hex(block)[65]).toBe(flags)
    expect(toHex(decode(hex(block), seq)!)).toBe(update)
  })
  test('is signed in one way', () =>
    expect(toHex(encode(hex(update), seq).subarray(0, 65))).toBe(`01${signature}`))
  test('is nothing with any byte changed', () => {
    for (let i = 0; i < block.length / 2; i++) {
      const changed = hex(block)
      changed[i]! ^= 1
      expect([i, decode(changed, seq)]).toEqual([i, null])
    }
  })
})

test('the updates say what the device says of itself, under its own client id', () => {
  expect(clientIdOf(device, SCOPE.incarnation)).toBe(given.clientId)
  const updates = given.blocks.filter(({ flags }) => flags === 0).map(({ update }) => hex(update))
  const state = updates.reduce<Uint8Array | null>((before, update) => {
    const after = withUpdate(before, update, given.clientId)
    expect(after).not.toBeNull()
    return after
  }, null)
  const map = docOf(state).getMap(PROFILE_MAP)
  expect(map.toJSON()).toEqual(given.profile)
  expect(parseProfile((key) => map.get(key), `-${z32Prefix(device, 6)}`)).toEqual(given.profile)
})

describe('no state block', () => {
  test.each(given.refused)('is one that is $why', ({ block }) => expect(decode(hex(block))).toBeNull())

  test('is a batch of events, and a batch is none', () => {
    const batch = encodeBlock([], 0, SCOPE, signs, codec)
    expect(decodeBlock(batch, 0, SCOPE, verifies, codec)?.events).toEqual([])
    expect(decode(batch)).toBeNull()
    const state = encode(new TextEncoder().encode('[]'))
    expect(decodeBlock(state, 0, SCOPE, verifies, codec)).toBeNull()
  })

  test('has more than 64 KiB, deflated or not', () => {
    const most = new Uint8Array(MAX_UPDATE_BYTES)
    expect(decode(encode(most))).toHaveLength(MAX_UPDATE_BYTES)
    expect(() => encode(new Uint8Array(MAX_UPDATE_BYTES + 1))).toThrow(RangeError)
    const message = (body: Uint8Array) =>
      Buffer.concat([Buffer.from('vibetea/state/1'), SCOPE.teamId, SCOPE.incarnation, Buffer.alloc(8), body])
    const more = new Uint8Array(MAX_UPDATE_BYTES + 1)
    const signature = signs(message(more))
    for (const [flags, stored] of [
      [0, more],
      [1, codec.deflate(more, null)],
    ] as const)
      expect(decode(Buffer.concat([Buffer.of(1), signature, Buffer.of(flags), stored]))).toBeNull()
  })
})

test(`an update is read as it was written, in its place alone [seed ${SEED}]`, () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.maxSafeNat(), (update, seq) => {
      const block = encode(update, seq)
      expect(toHex(decode(block, seq)!)).toBe(toHex(update))
      expect(decode(block, seq === 0 ? 1 : seq - 1)).toBeNull()
    }),
    { numRuns: 20 },
  )
})
