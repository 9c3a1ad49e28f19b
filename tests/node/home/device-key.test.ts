import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { derive } from '../../../core/hash.ts'
import { publicKeyOf, sign, verify } from '../../../core/identity.ts'
import { DeviceKey, manyVerifier, verifier } from '../../../node/home/device-key.ts'

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** RFC 8032, section 7.1, tests 1 to 3: secret, public key, message, signature. */
const VECTORS = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
] as const

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

function toNumber(little: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(little).reverse())}`)
}

function toBytes(number: bigint): Uint8Array {
  return hex(number.toString(16).padStart(64, '0')).reverse()
}

describe('the device key', () => {
  test.each(VECTORS)('signs and verifies as RFC 8032 says: %s', (secret, publicKey, message, signature) => {
    const key = new DeviceKey(hex(secret))
    expect(toHex(key.publicKey)).toBe(publicKey)
    expect(toHex(key.sign(hex(message)))).toBe(signature)
    const check = verifier(hex(publicKey))
    expect(check(hex(signature), hex(message))).toBe(true)
    expect(check(hex(signature), hex(message + '00'))).toBe(false)
  })

  test('gives the same signatures, verdicts and derived keys as the portable code', () => {
    fc.assert(
      fc.property(bytes(32), fc.uint8Array(), bytes(64), fc.nat(63), (secret, message, noise, at) => {
        const key = new DeviceKey(secret)
        const signature = key.sign(message)
        expect(signature).toEqual(sign(message, secret))
        expect(key.publicKey).toEqual(publicKeyOf(secret))
        expect(key.derive('ids', ['a', message])).toEqual(derive(secret, 'ids', ['a', message]))
        const check = verifier(key.publicKey)
        expect(check(signature, message)).toBe(true)
        const bent = Uint8Array.from(signature)
        bent[at]! ^= 1
        for (const wrong of [bent, noise]) {
          expect(check(wrong, message)).toBe(verify(wrong, message, key.publicKey))
          expect(check(wrong, message)).toBe(false)
        }
      }),
      { numRuns: 50 },
    )
  })

  test('is called by 52 characters of its public key', () => {
    const key = new DeviceKey(hex(VECTORS[0][0]))
    expect(key.device).toMatch(/^[ybndrfg8ejkmcpqxot1uwisza345h769]{52}$/)
    expect(key.device).not.toBe(new DeviceKey(hex(VECTORS[1][0])).device)
  })

  test('does not show its secret when it is printed, copied or turned into JSON', () => {
    const key = new DeviceKey(hex(VECTORS[0][0]))
    const shown = JSON.stringify([key, Object.assign({}, key), Object.values(key)])
    expect(shown).not.toContain(JSON.stringify(hex(VECTORS[0][0])).slice(1, 30))
    expect(Object.keys(key).sort()).toEqual(['device', 'publicKey'])
  })

  test('a key of small order, or one that is no point, verifies nothing', () => {
    const signature = new Uint8Array(64)
    signature[0] = 1
    for (const key of [toBytes(1n), toBytes(0n), new Uint8Array(32).fill(255), new Uint8Array(31)]) {
      expect(verifier(key)(signature, new Uint8Array(3))).toBe(false)
    }
  })

  test('a signature that was changed without its secret, or has another length, is refused', () => {
    const key = new DeviceKey(hex(VECTORS[1][0]))
    const message = hex('72')
    const signature = key.sign(message)
    const malleable = Uint8Array.from(signature)
    malleable.set(toBytes(toNumber(signature.subarray(32)) + ORDER), 32)
    const check = verifier(key.publicKey)
    for (const wrong of [malleable, signature.subarray(1), new Uint8Array(0), new Uint8Array(65)]) {
      expect(check(wrong, message)).toBe(false)
    }
  })
})

test('signatures of any key are verified as the portable code does, however many keys there are', () => {
  const verifyWith = manyVerifier()
  const message = hex('7465610a')
  for (let i = 0; i < 20; i++) {
    const secret = new Uint8Array(32).fill(i)
    const signature = new DeviceKey(secret).sign(message)
    for (const publicKey of [publicKeyOf(secret), publicKeyOf(new Uint8Array(32).fill(i + 1))]) {
      const expected = verify(signature, message, publicKey)
      for (let again = 0; again < 2; again++) expect(verifyWith(signature, message, publicKey)).toBe(expected)
    }
  }
  for (const publicKey of [new Uint8Array(32), new Uint8Array(31), new Uint8Array(32).fill(0xff)]) {
    expect(verifyWith(new Uint8Array(64), message, publicKey)).toBe(false)
  }
})

test('the key pair has the form that Hypercore takes: seed and public key', () => {
  const key = new DeviceKey(hex(VECTORS[0][0]))
  const { publicKey, secretKey } = key.keyPair()
  expect(toHex(publicKey)).toBe(VECTORS[0][1])
  expect(toHex(secretKey)).toBe(VECTORS[0][0] + VECTORS[0][1])
})
