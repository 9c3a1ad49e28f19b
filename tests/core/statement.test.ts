import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { publicKeyOf, sign } from '../../core/identity.ts'
import {
  decodeStatement,
  encodeStatement,
  isSignedStatement,
  STATEMENT_BYTES,
  statementBytes,
  type Statement,
} from '../../core/statement.ts'
import { hex, SEED, toHex, vectors } from './support.ts'

interface Bytes {
  why: string
  bytes: string
}
const given = vectors('statement') as {
  deviceSecret: string
  statements: {
    kind: 'left' | 'floor'
    teamId: string
    device: string
    incarnation: string
    value: number
    signedBytes: string
    bytes: string
  }[]
  unsigned: Bytes[]
  malformed: Bytes[]
}
const secret = hex(given.deviceSecret)
const signed = (statement: Statement, by = secret) => ({
  ...statement,
  signature: sign(statementBytes(statement), by),
})
const isBelieved = (bytes: Uint8Array) => {
  const statement = decodeStatement(bytes)
  return statement !== null && isSignedStatement(statement)
}

describe.each(given.statements)('the statement "$kind" at $value', (vector) => {
  const { kind, value } = vector
  const statement = {
    kind,
    value,
    teamId: hex(vector.teamId),
    device: hex(vector.device),
    incarnation: hex(vector.incarnation),
  }
  test('is signed behind its domain', () => expect(toHex(statementBytes(statement))).toBe(vector.signedBytes))
  test('is written in one way', () => {
    expect(toHex(encodeStatement(signed(statement)))).toBe(vector.bytes)
    expect(hex(vector.bytes).length).toBe(STATEMENT_BYTES)
  })
  test('is read and believed', () => {
    expect(decodeStatement(hex(vector.bytes))).toEqual(signed(statement))
    expect(decodeStatement(Buffer.from(vector.bytes, 'hex'))).toEqual(signed(statement))
    expect(isBelieved(hex(vector.bytes))).toBe(true)
  })
  test('is not believed with any byte changed', () => {
    for (let i = 0; i < STATEMENT_BYTES; i++) {
      const changed = hex(vector.bytes)
      changed[i]! ^= 1
      expect([i, isBelieved(changed)]).toEqual([i, false])
    }
  })
})

test.each(given.unsigned)('a statement is not believed: $why', ({ bytes }) => {
  expect(decodeStatement(hex(bytes))).not.toBeNull()
  expect(isBelieved(hex(bytes))).toBe(false)
})

test.each(given.malformed)('no statement: $why', ({ bytes }) =>
  expect(decodeStatement(hex(bytes))).toBeNull(),
)

test(`no statement: any other bytes [seed ${SEED}]`, () => {
  const any = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ minLength: STATEMENT_BYTES, maxLength: STATEMENT_BYTES }),
  )
  fc.assert(fc.property(any, (bytes) => !isBelieved(bytes)))
})

test(`a statement is read as it was written, and nobody else could make it [seed ${SEED}]`, () => {
  const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  const statements = fc.record({
    kind: fc.constantFrom('left', 'floor'),
    teamId: exactly(32),
    incarnation: exactly(8),
    value: fc.maxSafeNat(),
  })
  fc.assert(
    fc.property(statements, exactly(32), (part, other) => {
      const statement = { ...part, device: publicKeyOf(secret) }
      const read = decodeStatement(encodeStatement(signed(statement)))!
      expect(read).toEqual(signed(statement))
      expect(isSignedStatement(read)).toBe(true)
      expect(isSignedStatement(signed(statement, other))).toBe(toHex(other) === given.deviceSecret)
    }),
    { numRuns: 15 },
  )
})
