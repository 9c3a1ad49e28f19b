import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteReader, compareBytes, concat, equalBytes, readWhole, uint16, uint64 } from '../../core/bytes.ts'
import { SEED, toHex } from './support.ts'

const bytes = fc.uint8Array({ maxLength: 40 })

test(`numbers and bytes are read as they were written [seed ${SEED}]`, () => {
  const short = fc.integer({ min: 0, max: 0xffff })
  fc.assert(
    fc.property(bytes, short, fc.maxSafeNat(), (part, small, large) => {
      const whole = concat(uint16(small), part, uint64(large))
      const read = readWhole(whole, (reader) => [reader.uint16(), reader.bytes(part.length), reader.uint64()])
      expect(read).toEqual([small, part, large])
    }),
  )
})

test('numbers are little-endian', () => {
  expect(toHex(uint16(0x1234))).toBe('3412')
  expect(toHex(uint64(0x1234567890))).toBe('9078563412000000')
})

test('a number that has no place is refused', () => {
  for (const value of [-1, 0.5, NaN, 0x10000]) expect(() => uint16(value)).toThrow(RangeError)
  for (const value of [-1, 0.5, NaN, 2 ** 53]) expect(() => uint64(value)).toThrow(RangeError)
})

describe('a reader', () => {
  test('reads no number that is not exact', () => {
    const largest = uint64(Number.MAX_SAFE_INTEGER)
    expect(new ByteReader(largest).uint64()).toBe(Number.MAX_SAFE_INTEGER)
    expect(() => new ByteReader(new Uint8Array(8).fill(255)).uint64()).toThrow(RangeError)
    expect(() => new ByteReader(Uint8Array.of(0, 0, 0, 0, 0, 0, 32, 0)).uint64()).toThrow(RangeError)
  })

  test('ends where the bytes end', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3))
    expect(reader.uint16()).toBe(513)
    expect(() => reader.uint16()).toThrow(RangeError)
    expect(reader.left).toBe(1)
    expect(reader.uint8()).toBe(3)
    expect(() => reader.uint8()).toThrow(RangeError)
  })

  test('gives copies, also of a message that is a piece of a pool', () => {
    const message = Buffer.from([9, 9, 7, 0, 1, 2, 3]).subarray(2)
    const reader = new ByteReader(message)
    expect(reader.uint16()).toBe(7)
    const part = reader.bytes(3)
    message.fill(0)
    expect(part).toEqual(Uint8Array.of(1, 2, 3))
    expect(part.buffer.byteLength).toBe(3)
  })
})

test('bytes that are too few or too many are nothing', () => {
  const read = (length: number) => readWhole(new Uint8Array(length), (reader) => reader.uint16())
  expect([read(1), read(2), read(3)]).toEqual([null, 0, null])
})

test('what goes wrong in the reading itself is not taken for wrong bytes', () => {
  const broken = () => readWhole(new Uint8Array(1), () => JSON.parse('{') as unknown)
  expect(broken).toThrow(SyntaxError)
})

test(`bytes are in the order of their hexadecimal text, and equal where it is [seed ${SEED}]`, () => {
  const few = fc.uint8Array({ maxLength: 3, max: 2 })
  fc.assert(
    fc.property(few, few, (a, b) => {
      const [left, right] = [toHex(a), toHex(b)]
      expect(compareBytes(a, b)).toBe(left < right ? -1 : left > right ? 1 : 0)
      expect(equalBytes(a, b)).toBe(left === right)
    }),
    { numRuns: 500 },
  )
})
