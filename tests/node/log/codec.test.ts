import fc from 'fast-check'
import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { MAX_BODY_BYTES } from '../../../core/blocks.ts'
import { DICTIONARY } from '../../../core/dictionary.ts'
import { zlibCodec } from '../../../node/log/codec.ts'
import { SEED } from '../../core/support.ts'

const deflate = (body: Uint8Array, dictionary: Uint8Array | null) => zlibCodec.deflate(body, dictionary)
const inflate = (body: Uint8Array, dictionary: Uint8Array | null, maxBytes: number) =>
  zlibCodec.inflate(body, dictionary, maxBytes)
const LIMIT = 1000

test(`what was deflated comes out again, with the dictionary and without [seed ${SEED}]`, () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: LIMIT }), fc.boolean(), (body, withDictionary) => {
      const dictionary = withDictionary ? DICTIONARY : null
      expect(inflate(deflate(body, dictionary), dictionary, LIMIT)).toEqual(Buffer.from(body))
    }),
  )
})

describe('the codec throws', () => {
  const stream = deflate(new TextEncoder().encode('a pot of tea, '.repeat(20)), null)

  test('for a stream cut short anywhere', () => {
    for (let length = 0; length < stream.length; length++) {
      expect(() => inflate(stream.subarray(0, length), null, LIMIT)).toThrow()
    }
  })
  test.each([
    ['one byte', [0]],
    ['another stream', [...stream]],
  ])('for %s behind the stream', (_, more) =>
    expect(() => inflate(Uint8Array.from([...stream, ...more]), null, LIMIT)).toThrow(),
  )
  test('for one byte more than is allowed, and not for as many', () => {
    const bomb = deflateRawSync(Buffer.alloc(MAX_BODY_BYTES + 1))
    expect(bomb.length).toBeLessThan(2000)
    expect(() => inflate(bomb, null, MAX_BODY_BYTES)).toThrow()
    expect(inflate(deflateRawSync(Buffer.alloc(MAX_BODY_BYTES)), null, MAX_BODY_BYTES).length).toBe(
      MAX_BODY_BYTES,
    )
  })
  test('for a stream of 64 MiB without making room for it', () => {
    const bomb = deflateRawSync(Buffer.alloc(2 ** 26))
    const before = process.memoryUsage().arrayBuffers
    expect(() => inflate(bomb, null, MAX_BODY_BYTES)).toThrow()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MAX_BODY_BYTES)
  })
  test('for a stream that needs the dictionary where none is given', () => {
    const body = DICTIONARY.subarray(100, 300)
    expect(() => inflate(deflate(body, DICTIONARY), null, LIMIT)).toThrow()
  })
})
