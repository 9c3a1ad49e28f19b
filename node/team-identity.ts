import { equalBytes } from '../core/bytes.ts'
import { decodeCertificate, encodeCertificate, signCertificate } from '../core/certificate.ts'
import { publicKeyOf, sign } from '../core/identity.ts'
import { issuerSecretOf, secretFor, type EpochSecrets } from '../core/secrets.ts'
import { encodeStatement, statementBytes, type Statement } from '../core/statement.ts'
import type { Writer } from '../core/writer.ts'
import type { DeviceKey } from './home/device-key.ts'
import type { TeamFile } from './home/team-file.ts'
import type { Roster } from './mesh/roster.ts'

/** This device in its team: what it issues and signs. */
export class TeamIdentity {
  readonly #file: TeamFile
  readonly #key: DeviceKey
  readonly #secrets: EpochSecrets
  readonly #noise: Uint8Array

  /** `noise`: the key under which this device is met in the DHT, 32 bytes. */
  constructor(file: TeamFile, key: DeviceKey, secrets: EpochSecrets, noise: Uint8Array) {
    this.#file = file
    this.#key = key
    this.#secrets = secrets
    this.#noise = noise
  }

  /**
   * The certificate to publish at `now` (ms); null where the roster has one of this epoch, log and Noise key, and where
   * none can be issued: the epoch is not known, or the key at hand is of another, whose record alone can bring the new.
   */
  certificate(roster: Roster, now: number): Uint8Array | null {
    const { teamId, role, incarnation } = this.#file
    const { epoch, issuers } = roster
    const secret = secretFor(role, this.#secrets)
    if (epoch === null || !issuers || !secret) return null
    const issuer = issuerSecretOf(secret, teamId, epoch)
    const isThere = roster
      .certificates()
      .map(decodeCertificate)
      .some((own) => own && this.isOwn(own) && own.epoch === epoch && equalBytes(own.noise, this.#noise))
    if (isThere) return null
    if (!equalBytes(publicKeyOf(issuer), issuers[role])) return null
    const certificate = {
      teamId,
      epoch,
      device: this.#key.publicKey,
      noise: this.#noise,
      incarnation,
      issuedAt: now,
    }
    return encodeCertificate(
      signCertificate(
        certificate,
        (message) => sign(message, issuer),
        (message) => this.#key.sign(message),
      ),
    )
  }

  /** What this device says of its log, to publish. */
  statement(kind: Statement['kind'], value: number): Uint8Array {
    const { teamId, incarnation } = this.#file
    const statement = { kind, teamId, device: this.#key.publicKey, incarnation, value }
    return encodeStatement({ ...statement, signature: this.#key.sign(statementBytes(statement)) })
  }

  /** Whether it is the log that this device writes now. */
  isOwn({ device, incarnation }: Pick<Writer, 'device' | 'incarnation'>): boolean {
    return equalBytes(device, this.#key.publicKey) && equalBytes(incarnation, this.#file.incarnation)
  }
}
