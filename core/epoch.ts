import { compareBytes, concat, readWhole, uint16, uint64, type ByteReader } from './bytes.ts'
import { plainHash } from './hash.ts'
import { verify as portableVerify, type VerifyWith } from './identity.ts'
import type { Role } from './team-key.ts'

/**
 * Epoch and admin records: what the founder's key says about the team. Formats (numbers little-endian):
 *
 * epoch: 0x01 ‖ teamId ‖ epoch (8) ‖ previous (32) ‖ member, reader, mirror issuer (32 each) ‖ count (2) ‖ closes:
 *   [device ‖ incarnation (8) ‖ has cut (1) ‖ cut (8)] ‖ count (2) ‖ sealed: [device ‖ length (2) ‖ box] ‖ history
 *   length (2) ‖ history ‖ signer ‖ signature
 * admin: 0x02 ‖ teamId ‖ count (2) ‖ admin keys (32 each) ‖ signer ‖ signature
 */
export interface EpochRecord {
  teamId: Uint8Array
  /** From 1. */
  epoch: number
  /** Hash of the record before; zero bytes for the first. */
  previous: Uint8Array
  issuers: Record<Role, Uint8Array>
  /** Every device and incarnation of the epoch that ended: where its log is cut, or null where it goes on. */
  closes: { device: Uint8Array; incarnation: Uint8Array; cut: number | null }[]
  /** For each device that stays, the new secret of its role in a `crypto_box_seal` to the device key's X25519 form. */
  sealed: { device: Uint8Array; box: Uint8Array }[]
  /** The R before under the new one; empty for the first. */
  history: Uint8Array
}

export interface AdminRecord {
  teamId: Uint8Array
  /** Further admin keys, 32 bytes each. */
  admins: Uint8Array[]
}

export interface Signed {
  /** The admin key that signed. */
  signer: Uint8Array
  signature: Uint8Array
}

export type TeamRecord =
  ({ kind: 'epoch' } & EpochRecord & Signed) | ({ kind: 'admin' } & AdminRecord & Signed)

/** The number of a team's first epoch. */
export const FIRST_EPOCH = 1

const EPOCH = 1
const ADMIN = 2
const DOMAIN = new TextEncoder().encode('vibetea/record/1')
export const MAX_RECORD_BYTES = 256 * 1024

/** What the signer signs: the record up to and with the signer's key, behind a domain. */
function unsigned(record: TeamRecord): Uint8Array {
  if (record.kind === 'admin') {
    return concat(
      Uint8Array.of(ADMIN),
      record.teamId,
      uint16(record.admins.length),
      ...record.admins,
      record.signer,
    )
  }
  const { teamId, epoch, previous, issuers, closes, sealed, history, signer } = record
  return concat(
    Uint8Array.of(EPOCH),
    teamId,
    uint64(epoch),
    previous,
    issuers.member,
    issuers.reader,
    issuers.mirror,
    uint16(closes.length),
    ...closes.flatMap(({ device, incarnation, cut }) => [
      device,
      incarnation,
      Uint8Array.of(cut === null ? 0 : 1),
      uint64(cut ?? 0),
    ]),
    uint16(sealed.length),
    ...sealed.flatMap(({ device, box }) => [device, uint16(box.length), box]),
    uint16(history.length),
    history,
    signer,
  )
}

/** Signs a record with an admin key; `sign` gives that key's signature. */
export function signRecord(
  record: ({ kind: 'epoch' } & EpochRecord) | ({ kind: 'admin' } & AdminRecord),
  signer: Uint8Array,
  sign: (message: Uint8Array) => Uint8Array,
): TeamRecord {
  const draft: TeamRecord = { ...record, signer, signature: new Uint8Array(64) }
  return { ...draft, signature: sign(concat(DOMAIN, unsigned(draft))) }
}

export function encodeRecord(record: TeamRecord): Uint8Array {
  return concat(unsigned(record), record.signature)
}

/** Reads one, without looking at its signature; null where the bytes are none or too many. */
export function decodeRecord(bytes: Uint8Array): TeamRecord | null {
  if (bytes.length > MAX_RECORD_BYTES) return null
  return readWhole(bytes, (reader) => {
    const kind = reader.uint8()
    if (kind === EPOCH) return readEpoch(reader)
    if (kind !== ADMIN) throw new RangeError('another kind of record')
    const teamId = reader.bytes(32)
    const admins = list(reader, () => reader.bytes(32))
    return { kind: 'admin', teamId, admins, signer: reader.bytes(32), signature: reader.bytes(64) }
  })
}

function readEpoch(reader: ByteReader): TeamRecord {
  return {
    kind: 'epoch',
    teamId: reader.bytes(32),
    epoch: reader.uint64(),
    previous: reader.bytes(32),
    issuers: { member: reader.bytes(32), reader: reader.bytes(32), mirror: reader.bytes(32) },
    closes: list(reader, () => {
      const device = reader.bytes(32)
      const incarnation = reader.bytes(8)
      const hasCut = reader.uint8()
      const cut = reader.uint64()
      if (hasCut > 1 || (hasCut === 0 && cut !== 0)) throw new RangeError('a cut is written in one way')
      return { device, incarnation, cut: hasCut === 1 ? cut : null }
    }),
    sealed: list(reader, () => ({ device: reader.bytes(32), box: reader.bytes(reader.uint16()) })),
    history: reader.bytes(reader.uint16()),
    signer: reader.bytes(32),
    signature: reader.bytes(64),
  }
}

function list<T>(reader: ByteReader, read: () => T): T[] {
  return Array.from({ length: reader.uint16() }, read)
}

/** Whether its signer signed it. That the signer is an admin of the team is for the caller to check. */
export function isSignedRecord(record: TeamRecord, verify: VerifyWith = portableVerify): boolean {
  return verify(record.signature, concat(DOMAIN, unsigned(record)), record.signer)
}

/** What names a record: BLAKE2b-256 of its bytes, with the signature. */
export function recordHash(record: TeamRecord): Uint8Array {
  return plainHash(encodeRecord(record))
}

/** A record's epoch and what names the record. */
export interface NamedEpoch {
  epoch: number
  hash: Uint8Array
}

/** Which of two valid epoch records counts: the higher epoch, then the lower hash. Negative: `a`. */
export function compareEpochs(a: NamedEpoch, b: NamedEpoch): number {
  return b.epoch - a.epoch || compareBytes(a.hash, b.hash)
}
