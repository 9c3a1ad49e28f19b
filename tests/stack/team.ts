import { type IngestBatch } from '../../core/archive.ts'
import { signedBytes } from '../../core/blocks.ts'
import { encodeCertificate, signCertificate } from '../../core/certificate.ts'
import { encodeRecord, recordHash, signRecord, type EpochRecord, type TeamRecord } from '../../core/epoch.ts'
import { derive } from '../../core/hash.ts'
import { publicKeyOf, sign, sourceLabel } from '../../core/identity.ts'
import { issuerSecretOf, issuersOf, keyText, secretFor, secretsOf } from '../../core/secrets.ts'
import type { Role } from '../../core/team-key.ts'
import type { Event } from '../../core/events.ts'

/** Teams and devices of which everything is known, as tests of the archive need them. */

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** 32 bytes that are the same whenever the name is. */
export const secretNamed = (name: string): Uint8Array => derive(new Uint8Array(32), name)

const signer = (secret: Uint8Array) => (message: Uint8Array) => sign(message, secret)

/** A developer's device. */
export class TestDevice {
  readonly secret: Uint8Array
  readonly key: Uint8Array
  readonly source: string
  incarnation = new Uint8Array(8).fill(1)

  constructor(name: string, secret = secretNamed(name)) {
    this.secret = secret
    this.key = publicKeyOf(secret)
    this.source = sourceLabel(name, this.key)
  }
}

/** A team with its founder's key and the write secret of each epoch. */
export class TestTeam {
  readonly #admin: Uint8Array
  readonly id: Uint8Array
  readonly #writes: Uint8Array[] = []
  #last: TeamRecord | null = null

  constructor(name = 'harbour') {
    this.#admin = secretNamed(`${name}: admin`)
    this.id = publicKeyOf(this.#admin)
  }

  /** What `VIBETEA_TEAM_ID` is. */
  get idText(): string {
    return keyText(this.id)
  }

  /** The record of the next epoch, base64; `closes` are the logs of the one before. */
  nextEpoch(closes: EpochRecord['closes'] = [], by = this.#admin): string {
    const epoch = this.#writes.length + 1
    const write = secretNamed(`write ${epoch}`)
    this.#writes.push(write)
    const previous = this.#last ? recordHash(this.#last) : new Uint8Array(32)
    const parts = { kind: 'epoch', teamId: this.id, epoch, previous, closes, sealed: [] } as const
    const record = {
      ...parts,
      issuers: issuersOf(write, this.id, epoch),
      sealed: [],
      history: new Uint8Array(),
    }
    this.#last = signRecord(record, publicKeyOf(by), signer(by))
    return base64(encodeRecord(this.#last))
  }

  /** The record that names further admins, base64. */
  admins(secrets: readonly Uint8Array[], by = this.#admin): string {
    const record = { kind: 'admin', teamId: this.id, admins: secrets.map(publicKeyOf) } as const
    return base64(encodeRecord(signRecord(record, publicKeyOf(by), signer(by))))
  }

  /** A certificate of an epoch (from 1; by default the last), base64. */
  certificate(
    device: TestDevice,
    { role = 'member', epoch = this.#writes.length }: { role?: Role; epoch?: number } = {},
  ): string {
    const secret = secretFor(role, secretsOf(this.id, 'member', this.#writes[epoch - 1]!))!
    return base64(
      encodeCertificate(
        signCertificate(
          {
            teamId: this.id,
            epoch,
            device: device.key,
            noise: secretNamed('noise'),
            incarnation: device.incarnation,
            issuedAt: 0,
          },
          signer(issuerSecretOf(secret, this.id, epoch)),
          signer(device.secret),
        ),
      ),
    )
  }

  /** A batch at a place of a device's log. */
  batch(
    device: TestDevice,
    seq: number,
    events: readonly Event[] | string,
    certificate = this.certificate(device),
  ): IngestBatch {
    const body = typeof events === 'string' ? events : JSON.stringify(events)
    const scope = { teamId: this.id, incarnation: device.incarnation }
    const signature = sign(signedBytes(scope, seq, new TextEncoder().encode(body)), device.secret)
    return { certificate, seq, signature: base64(signature), body }
  }
}

/** The key of order 1: with it a signature of zeros is one of any message. */
export const IDENTITY_POINT = Uint8Array.of(1, ...new Uint8Array(31))
