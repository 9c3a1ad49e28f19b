import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineSplitter } from '../../../node/sources/lines.ts'

/** Splits what is pushed in pieces, copying each line as a caller must who keeps it. */
function split(pieces: readonly Buffer[], maxLineBytes?: number) {
  const splitter = new LineSplitter(maxLineBytes === undefined ? {} : { maxLineBytes })
  const lines: [number, string][] = []
  for (const piece of pieces) {
    const buffer = Buffer.from(piece)
    for (const { start, bytes } of splitter.push(buffer)) lines.push([start, bytes.toString()])
    buffer.fill(0)
  }
  return { splitter, lines }
}

const bytes = (text: string) => Buffer.from(text)

describe('cutting bytes into lines', () => {
  test('lines end with LF or CRLF and know where they begin', () => {
    expect(split([bytes('one\ntwo\r\nthree\n')]).lines).toEqual([
      [0, 'one'],
      [4, 'two'],
      [9, 'three'],
    ])
  })

  test('a line written in parts is given once it is whole', () => {
    const { lines, splitter } = split([bytes('{"a"'), bytes(':1'), bytes('}\n{"b'), bytes('":2}')])
    expect(lines).toEqual([[0, '{"a":1}']])
    expect(splitter.lineStart).toBe(8)
    expect(splitter.rest()).toEqual({ start: 8, bytes: bytes('{"b":2}') })
    expect(splitter.rest()).toBeNull()
  })

  test('a byte order mark is dropped at the beginning only, even in pieces', () => {
    const text = '\ufeffone\n\ufefftwo\n'
    const whole = [
      [3, 'one'],
      [7, '\ufefftwo'],
    ]
    expect(split([bytes(text)]).lines).toEqual(whole)
    expect(split([...bytes(text)].map((byte) => Buffer.from([byte]))).lines).toEqual(whole)
  })

  test('empty lines are left out', () => {
    expect(split([bytes('\n\r\none\n\n')]).lines).toEqual([[3, 'one']])
  })

  test('a line that is too long is skipped, counted and never held', () => {
    const { lines, splitter } = split(
      [bytes('ok\n'), bytes('x'.repeat(9)), bytes('y'), bytes('z\nnext\n')],
      8,
    )
    expect(lines).toEqual([
      [0, 'ok'],
      [15, 'next'],
    ])
    expect(splitter.skippedLines).toBe(1)
    const endless = new LineSplitter({ maxLineBytes: 1000 })
    for (let i = 0; i < 100; i++) {
      endless.push(Buffer.alloc(100))
      expect(endless.heldBytes).toBeLessThanOrEqual(1001)
    }
    expect(endless.rest()).toBeNull()
  })

  test('a line of exactly the allowed length passes, with either end', () => {
    expect(split([bytes('12345678\r'), bytes('\n12345678\n123456789\n')], 8).lines).toEqual([
      [0, '12345678'],
      [10, '12345678'],
    ])
  })

  test('a byte order mark counts for the length of its line, in one piece or in many', () => {
    const all = bytes('\ufeff123456\nnext\n')
    const inPieces = [...all].map((byte) => Buffer.from([byte]))
    for (const pieces of [[all], inPieces]) expect(split(pieces, 8).lines).toEqual([[10, 'next']])
  })

  test('however the bytes are cut, the lines are the same', () => {
    const piece = fc.constantFrom(
      'a',
      'é',
      '😀',
      '\r',
      '\n',
      '\r\n',
      '\ufeff',
      '{"k":"v"}',
      'longer than allowed',
    )
    fc.assert(
      fc.property(
        fc.array(piece),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        (parts, sizes) => {
          const all = bytes(parts.join(''))
          const pieces: Buffer[] = []
          for (let at = 0; at < all.length;) {
            const size = sizes[pieces.length % sizes.length]!
            pieces.push(all.subarray(at, at + size))
            at += size
          }
          const [once, cut] = [split([all], 16), split(pieces, 16)]
          expect(cut.lines).toEqual(once.lines)
          expect(cut.splitter.skippedLines).toBe(once.splitter.skippedLines)
          expect(cut.splitter.lineStart).toBe(all.lastIndexOf('\n') + 1)
          for (const [start, text] of once.lines) {
            expect(all.subarray(start, start + Buffer.byteLength(text)).toString()).toBe(text)
          }
        },
      ),
    )
  })
})
