import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { derive, lengthPrefixed, plainHash, z32Bytes, z32Prefix } from '../../core/hash.ts'
import { hex, SEED, toHex, vectors } from './support.ts'

const given = vectors('hash') as {
  lengthPrefixed: { parts: string[]; bytes: string }[]
  derive: { key: string; label: string; inputs: string[]; output: string }[]
  z32: { bytes: string; text: string }[]
}

test.each(given.lengthPrefixed)('parts $parts are told apart by their lengths', ({ parts, bytes }) =>
  expect(toHex(lengthPrefixed(parts))).toBe(bytes),
)

test.each(given.derive)('H under $key of "$label" and $inputs is $output', ({ key, label, inputs, output }) =>
  expect(toHex(derive(hex(key), label, inputs))).toBe(output),
)

test.each(given.z32)('the bytes $bytes are $text', ({ bytes, text }) =>
  expect(z32Prefix(hex(bytes), text.length)).toBe(text),
)

test('a key of a Hypercore reads as the z32 package writes it', () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + 11) & 255)
  expect(z32Prefix(key, 52)).toBe('bcafk6w9auwohc4axstcx5ytg3pabjqk7hkd1zwdidg9rf3hcgdy')
})

test(`characters are the bits, five at a time, from the front [seed ${SEED}]`, () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 64 }), (bytes, wanted) => {
      const length = Math.min(wanted, Math.floor((bytes.length * 8) / 5))
      const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
      const text = Array.from(
        { length },
        (_, i) => 'ybndrfg8ejkmcpqxot1uwisza345h769'[parseInt(bits.slice(i * 5, i * 5 + 5), 2)],
      )
      expect(z32Prefix(bytes, length)).toBe(text.join(''))
    }),
  )
})

test(`other parts are other bytes [seed ${SEED}]`, () => {
  const parts = fc.array(fc.string({ maxLength: 3, unit: fc.constantFrom('a', 'b', '\0') }), { maxLength: 4 })
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const isSame = toHex(lengthPrefixed(a)) === toHex(lengthPrefixed(b))
      expect(isSame).toBe(JSON.stringify(a) === JSON.stringify(b))
    }),
  )
})

test('text and its UTF-8 bytes are the same input', () => {
  const key = new Uint8Array(32)
  expect(derive(key, 'a', [new TextEncoder().encode('茶')])).toEqual(derive(key, 'a', ['茶']))
})

describe('text is read as bytes', () => {
  test('only as z32 writes them', () => {
    expect(z32Bytes('')).toEqual(new Uint8Array(0))
    expect(z32Bytes('yy')).toEqual(Uint8Array.of(0))
    expect(z32Bytes('9h')).toEqual(Uint8Array.of(255))
    for (const text of ['y', 'yyy', 'yb', '99', 'YY', 'l0', 'y-', ' yy', '茶y', 'yy='])
      expect(z32Bytes(text)).toBeNull()
  })

  test(`whatever they are, and no two texts are the same bytes [seed ${SEED}]`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(z32Bytes(z32Prefix(bytes, Math.ceil((bytes.length * 8) / 5)))).toEqual(bytes)
      }),
    )
    const texts = fc.string({
      unit: fc.constantFrom(...Array.from('ybndrfg8ejkmcpqxot1uwisza345h769')),
      maxLength: 60,
    })
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = z32Bytes(text)
        if (bytes) expect(z32Prefix(bytes, text.length)).toBe(text)
      }),
    )
  })
})

test('a hash without a key is what b2sum -l 256 says', () => {
  const abc = new TextEncoder().encode('abc')
  expect(toHex(plainHash(abc))).toBe('bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319')
})
