import { compareBytes, equalBytes } from '../../core/bytes.ts'
import {
  certificateBytes,
  certifiedRole,
  decodeCertificate,
  type SignedCertificate,
} from '../../core/certificate.ts'
import type { EpochRecord } from '../../core/epoch.ts'
import { EpochRecords, type Issuers, type Provisional } from '../../core/epoch-records.ts'
import { plainHash } from '../../core/hash.ts'
import type { VerifyWith } from '../../core/identity.ts'
import { decodeStatement, isSignedStatement } from '../../core/statement.ts'
import { ROLES, type Role } from '../../core/team-key.ts'
import { KNOWN, NEW, idOf, refused } from './verdicts.ts'
import { Allowance, FLOORS, MAX_CLOCK_AHEAD_MS } from './limits.ts'
import type { Writer } from '../../core/writer.ts'
import type { RefusedReason, Verdict } from './port.ts'
import { RANKS, roomForDevice, roomForIncarnation } from './room.ts'

/** A certificate that counts, and what its device says of its log. */
interface Admitted {
  certificate: SignedCertificate
  bytes: Uint8Array
  hash: Uint8Array
  role: Role
  /** The key that signed it: another record may give it another role, or none. */
  issuer: Uint8Array
  floor: { value: number; bytes: Uint8Array } | null
  left: Uint8Array | null
  floors: Allowance
}

/**
 * Who is in the team, as far as this node has heard. What is added in any order gives the same, with three rules:
 * - What needs something that is not here yet is refused (`unknown_epoch`, `no_certificate`), not kept: peers send
 *   everything in an order in which it can be checked, and again when a record has come.
 * - Of the certificates of one device and incarnation the one of the later epoch counts, then that of the higher role,
 *   for a device does not sign its role and every holder of M can issue its certificate anew, as a mirror's; then the
 *   one with the lower hash. A device that changes its Noise key begins a new incarnation.
 * - Who is in stays in: past a limit the first come remain, but that members displace readers, readers mirrors, and
 *   all of them those who left. So a key that was given to a server cannot crowd people out.
 */
export class Roster {
  readonly #teamId: Uint8Array
  readonly #verify: VerifyWith
  readonly #now: () => number
  readonly #records: EpochRecords
  /** By device, then by incarnation. */
  readonly #devices = new Map<string, Map<string, Admitted>>()
  #writers: Writer[] | null = null

  /** `now` is in ms since 1970. */
  constructor(options: {
    teamId: Uint8Array
    provisional: Provisional | null
    verify: VerifyWith
    now: () => number
  }) {
    this.#teamId = options.teamId
    this.#verify = options.verify
    this.#now = options.now
    this.#records = new EpochRecords(options.teamId, options.provisional, options.verify)
  }

  /** Of the highest record, else the provisional one; null where neither is here. */
  get epoch(): number | null {
    return this.#records.epoch
  }

  /** Of that epoch. */
  get issuers(): Issuers | null {
    return this.epoch === null ? null : this.#records.issuersOf(this.epoch)
  }

  /** The record that counts. */
  get record(): EpochRecord | null {
    return this.#records.current
  }

  addRecord(bytes: Uint8Array): Verdict {
    const verdict = this.#records.add(bytes)
    if (verdict.kind === 'new') this.#reconsider()
    return verdict
  }

  addCertificate(bytes: Uint8Array): Verdict {
    const certificate = decodeCertificate(bytes)
    if (!certificate) return refused('invalid_certificate')
    if (!equalBytes(certificate.teamId, this.#teamId)) return refused('other_team')
    const { device, incarnation, epoch } = certificate
    const before = this.#admitted(device, incarnation)
    if (before && (epoch < before.certificate.epoch || equalBytes(before.bytes, bytes))) return KNOWN
    const hash = plainHash(bytes)
    const issuers = this.#records.issuersOf(epoch)
    const isOld = this.epoch !== null && epoch < this.epoch
    if (!issuers) return refused(isOld ? 'closed_epoch' : 'unknown_epoch')
    if (this.#records.cutOf(device, incarnation, epoch) === undefined) return refused('closed_epoch')
    const role = certifiedRole(certificate, issuers, this.#verify)
    if (!role) {
      const isOfDevice = this.#verify(certificate.deviceSignature, certificateBytes(certificate), device)
      return refused(isOfDevice ? 'forged_issuer' : 'invalid_certificate')
    }
    if (before && !isPreferred(certificate, role, hash, before)) return KNOWN
    const noRoom = before ? null : this.#makeRoom(certificate, role)
    if (noRoom) return refused(noRoom)
    const incarnations = this.#devices.get(idOf(device)) ?? new Map<string, Admitted>()
    this.#devices.set(idOf(device), incarnations)
    incarnations.set(idOf(incarnation), {
      certificate,
      bytes: Uint8Array.from(bytes),
      hash,
      role,
      issuer: issuers[role],
      floor: before?.floor ?? null,
      left: before?.left ?? null,
      floors: before?.floors ?? new Allowance(FLOORS, this.#now()),
    })
    this.#writers = null
    return NEW
  }

  /** Of two statements of leaving the one with the lower hash counts; a floor only rises. */
  addStatement(bytes: Uint8Array): Verdict {
    const statement = decodeStatement(bytes)
    if (!statement) return refused('invalid_statement')
    if (!equalBytes(statement.teamId, this.#teamId)) return refused('other_team')
    const admitted = this.#admitted(statement.device, statement.incarnation)
    if (!admitted) return refused('no_certificate')
    const { floor, left } = admitted
    const isKnown =
      statement.kind === 'floor'
        ? floor !== null && floor.value >= statement.value
        : left !== null && compareBytes(plainHash(left), plainHash(bytes)) <= 0
    if (isKnown) return KNOWN
    if (!isSignedStatement(statement, this.#verify)) return refused('invalid_statement')
    const kept = Uint8Array.from(bytes)
    if (statement.kind === 'left') admitted.left = kept
    else if (!admitted.floors.take(1, this.#now())) return refused('too_many_statements')
    else admitted.floor = { value: statement.value, bytes: kept }
    this.#writers = null
    return NEW
  }

  /** What counts now, to keep and to pass on, in an order in which each can be checked. */
  records(): Uint8Array[] {
    return this.#records.all()
  }

  certificates(): Uint8Array[] {
    return this.#all().map(({ bytes }) => bytes)
  }

  /** That of a device's log, which says under which epoch's issuer it counts; null where none does. */
  certificateOf(device: Uint8Array, incarnation: Uint8Array): Uint8Array | null {
    return this.#admitted(device, incarnation)?.bytes ?? null
  }

  statements(): Uint8Array[] {
    return this.#all().flatMap(({ floor, left }) => [
      ...(floor ? [floor.bytes] : []),
      ...(left ? [left] : []),
    ])
  }

  /** All devices and incarnations that are admitted, those that left or are cut too: their logs are still read. */
  writers(): readonly Writer[] {
    this.#writers ??= this.#all().map(({ certificate, role, floor, left }) => {
      const { device, incarnation, noise, issuedAt, epoch } = certificate
      const cut = this.#records.cutOf(device, incarnation, epoch) ?? null
      return {
        device,
        incarnation,
        noise,
        role,
        issuedAt,
        cut,
        floor: floor?.value ?? 0,
        hasLeft: left !== null,
      }
    })
    return this.#writers
  }

  /**
   * Who is met under a Noise key: neither left nor cut, the latest certificate; null where there is none. A device may
   * claim a Noise key that is not its own: it is then taken for connected when it is not, and no more.
   */
  writerOf(noise: Uint8Array): Writer | null {
    const present = this.writers().filter(
      (writer) => !writer.hasLeft && writer.cut === null && equalBytes(writer.noise, noise),
    )
    return latest(present)
  }

  /** Who writes the logs of a device and incarnation; null where no certificate counts for them. */
  writer({ device, incarnation }: Pick<Writer, 'device' | 'incarnation'>): Writer | null {
    const isOf = (writer: Writer) =>
      equalBytes(writer.device, device) && equalBytes(writer.incarnation, incarnation)
    return this.writers().find(isOf) ?? null
  }

  #all(): Admitted[] {
    return [...this.#devices.values()].flatMap((incarnations) => [...incarnations.values()])
  }

  #admitted(device: Uint8Array, incarnation: Uint8Array): Admitted | undefined {
    return this.#devices.get(idOf(device))?.get(idOf(incarnation))
  }

  /** After a new record: signatures have been verified, so a certificate counts as its issuer does now. */
  #reconsider(): void {
    this.#writers = null
    for (const [device, incarnations] of this.#devices) {
      for (const [incarnation, admitted] of incarnations) {
        const { certificate, issuer } = admitted
        const issuers = this.#records.issuersOf(certificate.epoch)
        const role = issuers && ROLES.find((each) => equalBytes(issuers[each], issuer))
        const cut = this.#records.cutOf(certificate.device, certificate.incarnation, certificate.epoch)
        if (role && cut !== undefined) admitted.role = role
        else incarnations.delete(incarnation)
      }
      if (incarnations.size === 0) this.#devices.delete(device)
    }
  }

  /** Makes room for a device and incarnation that is new; why there is none, or null. */
  #makeRoom(certificate: SignedCertificate, role: Role): RefusedReason | null {
    const incarnations = this.#devices.get(idOf(certificate.device))
    if (incarnations) {
      const others = [...incarnations].map(([id, other]) => ({ id, at: this.#clamped(other.certificate) }))
      const room = roomForIncarnation(others, this.#clamped(certificate))
      if (room.kind === 'instead') incarnations.delete(room.id)
      return room.kind === 'none' ? 'too_many_incarnations' : null
    }
    const devices = [...this.#devices].map(([id, own]) => ({
      id,
      roles: [...own.values()].filter(({ left }) => !left).map((admitted) => admitted.role),
    }))
    const room = roomForDevice(devices, role)
    if (room.kind === 'instead') this.#devices.delete(room.id)
    return room.kind === 'none' ? 'too_many_devices' : null
  }

  #clamped({ issuedAt }: SignedCertificate): number {
    return Math.min(issuedAt, this.#now() + MAX_CLOCK_AHEAD_MS)
  }
}

function isPreferred({ epoch }: SignedCertificate, role: Role, hash: Uint8Array, before: Admitted): boolean {
  const later = epoch - before.certificate.epoch
  return (later || RANKS[role] - RANKS[before.role] || compareBytes(before.hash, hash)) > 0
}

/** The writer with the latest certificate; of equal ones the same for everybody. */
export function latest(writers: readonly Writer[]): Writer | null {
  return writers.reduce<Writer | null>((a, b) => (a && compareWriters(a, b) >= 0 ? a : b), null)
}

function compareWriters(a: Writer, b: Writer): number {
  return (
    a.issuedAt - b.issuedAt || compareBytes(a.device, b.device) || compareBytes(a.incarnation, b.incarnation)
  )
}
