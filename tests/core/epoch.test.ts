import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compareEpochs,
  decodeRecord,
  encodeRecord,
  isSignedRecord,
  MAX_RECORD_BYTES,
  recordHash,
  signRecord,
  type EpochRecord,
  type TeamRecord,
} from '../../core/epoch.ts'
import { publicKeyOf, sign } from '../../core/identity.ts'
import type { Role } from '../../core/team-key.ts'
import { hex, SEED, toHex, vectors } from './support.ts'

interface Bytes {
  why: string
  bytes: string
}
interface Common {
  name: string
  teamId: string
  signer: string
  signerSecret: string
  hash: string
  bytes: string
}
interface EpochVector extends Common {
  kind: 'epoch'
  epoch: number
  previous: string
  issuers: Record<Role, string>
  closes: { device: string; incarnation: string; cut: number | null }[]
  sealed: { device: string; box: string }[]
  history: string
}
interface AdminVector extends Common {
  kind: 'admin'
  admins: string[]
}
type Vector = EpochVector | AdminVector
const given = vectors('epoch') as {
  records: Vector[]
  order: string[]
  unsigned: Bytes[]
  malformed: Bytes[]
}

type Unsigned = Parameters<typeof signRecord>[0]

function unsignedOf(vector: Vector): Unsigned {
  const teamId = hex(vector.teamId)
  if (vector.kind === 'admin') return { kind: 'admin', teamId, admins: vector.admins.map(hex) }
  const { issuers, closes, sealed } = vector
  return {
    kind: 'epoch',
    teamId,
    epoch: vector.epoch,
    previous: hex(vector.previous),
    issuers: { member: hex(issuers.member), reader: hex(issuers.reader), mirror: hex(issuers.mirror) },
    closes: closes.map(({ device, incarnation, cut }) => ({
      device: hex(device),
      incarnation: hex(incarnation),
      cut,
    })),
    sealed: sealed.map(({ device, box }) => ({ device: hex(device), box: hex(box) })),
    history: hex(vector.history),
  }
}
const signedBy = (record: Unsigned, secret: Uint8Array): TeamRecord =>
  signRecord(record, publicKeyOf(secret), (message) => sign(message, secret))
const isBelieved = (bytes: Uint8Array) => {
  const record = decodeRecord(bytes)
  return record !== null && isSignedRecord(record)
}
const named = (name: string) => given.records.find((record) => record.name === name)!
const epochOf = ({ bytes }: Vector) => decodeRecord(hex(bytes)) as TeamRecord & { kind: 'epoch' }

describe.each(given.records)('the record "$name"', (vector) => {
  const record = signedBy(unsignedOf(vector), hex(vector.signerSecret))
  test('is written in one way', () => expect(toHex(encodeRecord(record))).toBe(vector.bytes))
  test('is read', () => {
    expect(decodeRecord(hex(vector.bytes))).toEqual(record)
    expect(decodeRecord(Buffer.from(vector.bytes, 'hex'))).toEqual(record)
  })
  test('is signed by its signer', () => {
    expect(toHex(record.signer)).toBe(vector.signer)
    expect(isSignedRecord(record)).toBe(true)
  })
  test('has its hash', () => expect(toHex(recordHash(record))).toBe(vector.hash))
  test('is not believed with any byte changed', () => {
    for (let i = 0; i < vector.bytes.length / 2; i++) {
      const changed = hex(vector.bytes)
      changed[i]! ^= 1
      expect([i, isBelieved(changed)]).toEqual([i, false])
    }
  })
})

test('an epoch follows the record of the one before', () => {
  const second = epochOf(named('the second, which removed a device'))
  expect(toHex(second.previous)).toBe(named('the first epoch').hash)
})

test.each(given.unsigned)('a record is not believed: $why', ({ bytes }) => {
  expect(decodeRecord(hex(bytes))).not.toBeNull()
  expect(isBelieved(hex(bytes))).toBe(false)
})

test('a record by somebody else than an admin says so by its signer', () => {
  const first = named('the first epoch')
  const member = hex('77'.repeat(32))
  const record = signedBy(unsignedOf(first), member)
  expect(isSignedRecord(record)).toBe(true)
  expect(toHex(record.signer)).toBe(toHex(publicKeyOf(member)))
  expect(isSignedRecord({ ...record, signer: hex(first.signer) })).toBe(false)
})

describe('no record', () => {
  test.each(given.malformed)('is $why', ({ bytes }) => expect(decodeRecord(hex(bytes))).toBeNull())

  test('is what is longer than 256 KiB', () => {
    const [admin, teamId] = [hex('40'.repeat(32)), new Uint8Array(32)]
    const head = 1 + 32 + 2 + 32 + 64
    const most = Math.floor((MAX_RECORD_BYTES - head) / 32)
    const ofLength = (count: number) =>
      encodeRecord(
        signedBy({ kind: 'admin', teamId, admins: Array.from({ length: count }, () => teamId) }, admin),
      )
    expect(decodeRecord(ofLength(most))).not.toBeNull()
    expect(decodeRecord(ofLength(most + 1))).toBeNull()
  })

  test(`is any other bytes; what is read is written the same again [seed ${SEED}]`, () => {
    const noise = fc.uint8Array({ maxLength: 400 })
    const kind = fc.constantFrom(1, 2)
    fc.assert(
      fc.property(noise, kind, (bytes, first) => {
        const record = decodeRecord(Uint8Array.of(first, ...bytes))
        if (record) expect(encodeRecord(record)).toEqual(Uint8Array.of(first, ...bytes))
        return record === null || !isSignedRecord(record)
      }),
    )
    const places = fc.nat({ max: 2000 })
    const byte = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(fc.constantFrom(...given.records), places, byte, ({ bytes }, at, value) => {
        const changed = hex(bytes)
        changed[at % changed.length] = value
        const record = decodeRecord(changed)
        if (record) expect(toHex(encodeRecord(record))).toBe(toHex(changed))
      }),
    )
  })
})

test('the record of the largest team has room', () => {
  const device = new Uint8Array(32)
  const closes = Array.from({ length: 256 * 8 }, () => ({ device, incarnation: new Uint8Array(8), cut: 1 }))
  const sealed = Array.from({ length: 256 }, () => ({ device, box: new Uint8Array(80) }))
  const record = unsignedOf(named('the first epoch')) as { kind: 'epoch' } & EpochRecord
  const signed = signedBy({ ...record, closes, sealed, history: new Uint8Array(72) }, device)
  expect(encodeRecord(signed).length).toBeLessThanOrEqual(MAX_RECORD_BYTES)
  expect(decodeRecord(encodeRecord(signed))).toEqual(signed)
})

test('of two epoch records the higher epoch counts, then the lower hash, whoever comes first', () => {
  const epochs = given.order.map((name) => {
    const record = epochOf(named(name))
    return { name, epoch: record.epoch, hash: recordHash(record) }
  })
  for (const start of [epochs, epochs.toReversed(), [...epochs.slice(2), ...epochs.slice(0, 2)]]) {
    const sorted = [...start].sort(compareEpochs)
    expect(sorted.map(({ name }) => name)).toEqual(given.order)
  }
  expect(compareEpochs(epochs[0]!, epochs[0]!)).toBe(0)
})

test(`a record is read as it was written [seed ${SEED}]`, () => {
  const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  const key = exactly(32)
  const closes = fc.record({
    device: key,
    incarnation: exactly(8),
    cut: fc.option(fc.maxSafeNat()),
  })
  const epochs: fc.Arbitrary<Unsigned> = fc.record({
    kind: fc.constant('epoch'),
    teamId: key,
    epoch: fc.maxSafeNat(),
    previous: key,
    issuers: fc.record({ member: key, reader: key, mirror: key }),
    closes: fc.array(closes, { maxLength: 5 }),
    sealed: fc.array(fc.record({ device: key, box: fc.uint8Array({ maxLength: 100 }) }), { maxLength: 5 }),
    history: fc.uint8Array({ maxLength: 100 }),
  })
  const admins: fc.Arbitrary<Unsigned> = fc.record({
    kind: fc.constant('admin'),
    teamId: key,
    admins: fc.array(key, { maxLength: 5 }),
  })
  fc.assert(
    fc.property(fc.oneof(epochs, admins), key, (record, secret) => {
      const signed = signedBy(record, secret)
      expect(decodeRecord(encodeRecord(signed))).toEqual(signed)
      expect(isBelieved(encodeRecord(signed))).toBe(true)
    }),
    { numRuns: 20 },
  )
})
