import fc from 'fast-check'
import { createPrivateKey, createPublicKey, sign as nodeSign, verify as nodeVerify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { isUsableKey, publicKeyOf, sign, sourceLabel, verify } from '../../core/identity.ts'
import { isSource } from '../../core/shapes.ts'
import { hex, SEED, toHex, vectors } from './support.ts'

interface Signed {
  publicKey: string
  message: string
  signature: string
}
const given = vectors('identity') as {
  signatures: (Signed & { secret: string })[]
  refused: (Signed & { why: string })[]
  unusableKeys: { why: string; publicKey: string }[]
  sources: { name: string; publicKey: string; source: string }[]
}
const isGood = ({ publicKey, message, signature }: Signed): boolean =>
  verify(hex(signature), hex(message), hex(publicKey))

describe.each(given.signatures)('the device $publicKey', (vector) => {
  test('has its public key from its secret', () =>
    expect(toHex(publicKeyOf(hex(vector.secret)))).toBe(vector.publicKey))
  test('signs as RFC 8032 says', () =>
    expect(toHex(sign(hex(vector.message), hex(vector.secret)))).toBe(vector.signature))
  test('is recognised by its signature', () => expect(isGood(vector)).toBe(true))
  test('is not recognised by another device', () => {
    for (const other of given.signatures) {
      if (other !== vector) expect(isGood({ ...vector, publicKey: other.publicKey })).toBe(false)
    }
  })
})

test.each(given.refused)('a signature is refused: $why', (vector) => expect(isGood(vector)).toBe(false))

test.each(given.unusableKeys)('a key is of no use: $why ($publicKey)', ({ publicKey }) => {
  expect(isUsableKey(hex(publicKey))).toBe(false)
  // With a key of small order R = identity, S = 0 verifies one message in eight where nothing is checked.
  const signature = hex('01' + '00'.repeat(63))
  for (let i = 0; i < 32; i++) expect(verify(signature, Uint8Array.of(i), hex(publicKey))).toBe(false)
})

test('a secret of another length than 32 bytes is refused', () => {
  for (const length of [0, 31, 33, 64]) {
    expect(() => publicKeyOf(new Uint8Array(length))).toThrow()
    expect(() => sign(new Uint8Array(1), new Uint8Array(length))).toThrow()
  }
})

const PKCS8 = hex('302e020100300506032b657004220420')

test(`a native implementation signs and verifies the same [seed ${SEED}]`, () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(bytes, fc.uint8Array(), (secret, message) => {
      const key = createPrivateKey({
        key: Buffer.concat([PKCS8, secret]),
        format: 'der',
        type: 'pkcs8',
      })
      const signature = sign(message, secret)
      expect(toHex(nodeSign(null, message, key))).toBe(toHex(signature))
      expect(nodeVerify(null, message, createPublicKey(key), signature)).toBe(true)
      expect(isUsableKey(publicKeyOf(secret))).toBe(true)
    }),
    { numRuns: 20 },
  )
})

test(`a changed byte of signature or message is noticed [seed ${SEED}]`, () => {
  const { secret, publicKey } = given.signatures[3]!
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (message, at, x) => {
        const signature = sign(message, hex(secret))
        const both = new Uint8Array([...signature, ...message])
        both[at % both.length]! ^= x
        expect(verify(both.subarray(0, 64), both.subarray(64), hex(publicKey))).toBe(false)
      },
    ),
    { numRuns: 30 },
  )
})

describe('the label of a device', () => {
  test.each(given.sources)('named "$name" is $source', ({ name, publicKey, source }) =>
    expect(sourceLabel(name, hex(publicKey))).toBe(source),
  )
  test(`is a valid source whatever the name [seed ${SEED}]`, () => {
    const key = hex(given.signatures[0]!.publicKey)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (name) => isSource(sourceLabel(name, key))),
    )
  })
})
