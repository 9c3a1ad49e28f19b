import { equalBytes } from './bytes.ts'
import {
  compareEpochs,
  decodeRecord,
  FIRST_EPOCH,
  isSignedRecord,
  type EpochRecord,
  type NamedEpoch,
} from './epoch.ts'
import { plainHash, z32Prefix } from './hash.ts'
import type { VerifyWith } from './identity.ts'
import { issuersOf, keyText, type EpochSecrets } from './secrets.ts'
import type { Role } from './team-key.ts'

/** Records that a team may have. */
const MAX_RECORDS = 256

export type Issuers = Readonly<Record<Role, Uint8Array>>

/** What a member assumes before it has met a record: the first epoch, with the issuers that follow from its W. */
export interface Provisional {
  epoch: typeof FIRST_EPOCH
  issuers: Issuers
}

/** For who holds W (null: does not) and has met nobody yet: the first epoch, with the issuers that follow from W. */
export function provisionalOf({ teamId, write }: EpochSecrets): Provisional | null {
  return write && { epoch: FIRST_EPOCH, issuers: issuersOf(write, teamId, FIRST_EPOCH) }
}

interface KeptEpoch extends NamedEpoch {
  bytes: Uint8Array
  record: EpochRecord
  /** Where the logs of the epoch before are cut, by `logId`. */
  closes: Map<string, number | null>
}

/** What became of a record: it is new here, was here, or does not count. */
export type RecordVerdict =
  | { kind: 'new' }
  | { kind: 'known' }
  | { kind: 'refused'; reason: 'invalid_record' | 'other_team' | 'forged_issuer' | 'too_many_records' }

type Refusal = (RecordVerdict & { kind: 'refused' })['reason']

const refused = (reason: Refusal): RecordVerdict => ({ kind: 'refused', reason })

/** A device and incarnation. */
const logId = (device: Uint8Array, incarnation: Uint8Array): string =>
  keyText(device) + z32Prefix(incarnation, 13)

/**
 * The records of a team. The highest epoch counts, of equal ones the record with the lower hash, and with it those
 * before it by `previous`. None is ever dropped, so nothing is rolled back, and the order in which they come makes no
 * difference, but that an admin must be named before it signs: `all` gives them so.
 */
export class EpochRecords {
  readonly #teamId: Uint8Array
  readonly #provisional: Provisional | null
  readonly #verify: VerifyWith
  /** Admin keys from teamId on. */
  readonly #admins: Set<string>
  readonly #adminRecords = new Map<string, Uint8Array>()
  readonly #epochs = new Map<string, KeptEpoch>()
  /** The record that counts and those before it, oldest first. */
  #chain: KeptEpoch[] = []

  constructor(teamId: Uint8Array, provisional: Provisional | null, verify: VerifyWith) {
    this.#teamId = teamId
    this.#provisional = provisional
    this.#verify = verify
    this.#admins = new Set([keyText(teamId)])
  }

  add(bytes: Uint8Array): RecordVerdict {
    const hash = plainHash(bytes)
    const id = keyText(hash)
    if (this.#adminRecords.has(id) || this.#epochs.has(id)) return { kind: 'known' }
    const record = decodeRecord(bytes)
    if (!record || (record.kind === 'epoch' && record.epoch < 1)) return refused('invalid_record')
    if (!equalBytes(record.teamId, this.#teamId)) return refused('other_team')
    if (!this.#admins.has(keyText(record.signer))) return refused('forged_issuer')
    if (!isSignedRecord(record, this.#verify)) return refused('invalid_record')
    if (this.#adminRecords.size + this.#epochs.size >= MAX_RECORDS) return refused('too_many_records')
    // A copy: what came may be a part of a larger buffer, or be used again.
    const kept = Uint8Array.from(bytes)
    if (record.kind === 'admin') {
      this.#adminRecords.set(id, kept)
      for (const admin of record.admins) this.#admins.add(keyText(admin))
    } else {
      this.#epochs.set(id, { epoch: record.epoch, hash, bytes: kept, record, closes: closesOf(record) })
      this.#chain = this.#chainOf()
    }
    return { kind: 'new' }
  }

  /** Of the record that counts, else the provisional one; null where neither is here. */
  get epoch(): number | null {
    return this.#chain.at(-1)?.epoch ?? this.#provisional?.epoch ?? null
  }

  /** The record that counts. */
  get current(): EpochRecord | null {
    return this.#chain.at(-1)?.record ?? null
  }

  /** Who issued certificates in an epoch; null where its record is not here. */
  issuersOf(epoch: number): Issuers | null {
    if (this.#chain.length === 0 && epoch === this.#provisional?.epoch) return this.#provisional.issuers
    return this.#chain.find((each) => each.epoch === epoch)?.record.issuers ?? null
  }

  /**
   * Where the log of a certificate is cut; null where it goes on. undefined: its epoch has ended, and the record that
   * ended it does not list it.
   */
  cutOf(device: Uint8Array, incarnation: Uint8Array, epoch: number): number | null | undefined {
    const id = logId(device, incarnation)
    const later = this.#chain.filter((each) => each.epoch > epoch)
    if (later[0] && !later[0].closes.has(id)) return undefined
    const cuts = later.map(({ closes }) => closes.get(id)).filter((cut) => typeof cut === 'number')
    return cuts.length === 0 ? null : Math.min(...cuts)
  }

  /** All, in an order in which each can be checked. */
  all(): Uint8Array[] {
    const epochs = [...this.#epochs.values()].sort(compareEpochs).reverse()
    return [...this.#adminRecords.values(), ...epochs.map(({ bytes }) => bytes)]
  }

  #chainOf(): KeptEpoch[] {
    const chain: KeptEpoch[] = []
    let next = [...this.#epochs.values()].sort(compareEpochs)[0]
    while (next) {
      chain.unshift(next)
      const before = this.#epochs.get(keyText(next.record.previous))
      next = before && before.epoch < next.epoch ? before : undefined
    }
    return chain
  }
}

function closesOf(record: EpochRecord): Map<string, number | null> {
  const closes = new Map<string, number | null>()
  for (const { device, incarnation, cut } of record.closes) {
    const id = logId(device, incarnation)
    const before = closes.get(id) ?? null
    // One that is listed twice is cut where that takes more away.
    closes.set(id, cut !== null && before !== null ? Math.min(cut, before) : (cut ?? before))
  }
  return closes
}
