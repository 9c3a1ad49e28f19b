import { concat, uint64 } from '../../../core/bytes.ts'
import { encodeCertificate, signCertificate } from '../../../core/certificate.ts'
import {
  encodeRecord,
  recordHash,
  signRecord,
  type EpochRecord,
  type TeamRecord,
} from '../../../core/epoch.ts'
import { plainHash } from '../../../core/hash.ts'
import type { VerifyWith } from '../../../core/identity.ts'
import { issuerSecretOf, issuersOf, secretFor, secretsOf, type EpochSecrets } from '../../../core/secrets.ts'
import { encodeStatement, statementBytes, type Statement } from '../../../core/statement.ts'
import type { Role } from '../../../core/team-key.ts'
import { DeviceKey, verifyWith } from '../../../node/home/device-key.ts'

/** Real keys, certificates and records of teams, the same in each run. */

export const NOW = Date.parse('2026-02-03T09:00:00Z')
export const DAY = 24 * 60 * 60 * 1000

/** 32 bytes that follow from a name. */
export const bytesOf = (name: string): Uint8Array => plainHash(new TextEncoder().encode(name))

const devices = new Map<string, DeviceKey>()
/** The device of a name. */
export function deviceOf(name: string): DeviceKey {
  const device = devices.get(name) ?? new DeviceKey(bytesOf(`device ${name}`))
  devices.set(name, device)
  return device
}
export const noiseOf = (name: string): Uint8Array => bytesOf(`noise ${name}`)
export const incarnationOf = (name: string): Uint8Array => bytesOf(`incarnation ${name}`).slice(0, 8)

const verified = new Map<string, boolean>()
/** Verifies each signature once in a run of the tests: hundreds of simulated nodes look at the same ones. */
export const verifyOnce: VerifyWith = (signature, message, key) => {
  const name = Buffer.concat([signature, key, plainHash(message)]).toString('latin1')
  const isRight = verified.get(name) ?? verifyWith(signature, message, key)
  verified.set(name, isRight)
  return isRight
}

export interface CertificateOptions {
  role?: Role
  epoch?: number
  incarnation?: Uint8Array
  issuedAt?: number
  noise?: Uint8Array
}

export type TestTeam = ReturnType<typeof teamOf>

/** A team by its name: its founder, its first W, and whatever can be signed in it. */
export function teamOf(name: string) {
  const admin = new DeviceKey(bytesOf(`admin ${name}`))
  const teamId = admin.publicKey
  const write = bytesOf(`write ${name}`)
  const issuers = (epoch: number) => cached(`${name} issuers ${epoch}`, () => issuersOf(write, teamId, epoch))
  return {
    teamId,
    admin,
    write,
    issuers,
    provisional: { epoch: 1, issuers: issuers(1) } as const,

    secrets(role: Role = 'member'): EpochSecrets {
      return secretsOf(teamId, role, secretFor(role, secretsOf(teamId, 'member', write))!)
    },

    epochRecord(changes: Partial<EpochRecord> = {}, signer: DeviceKey = admin): TeamRecord {
      const epoch = changes.epoch ?? 1
      const record: EpochRecord = {
        teamId,
        epoch,
        previous: new Uint8Array(32),
        issuers: issuers(epoch),
        closes: [],
        sealed: [],
        history: new Uint8Array(),
        ...changes,
      }
      return signRecord({ kind: 'epoch', ...record }, signer.publicKey, (message) => signer.sign(message))
    },

    adminRecord(admins: Uint8Array[], signer: DeviceKey = admin): Uint8Array {
      const record = { kind: 'admin', teamId, admins } as const
      return encodeRecord(signRecord(record, signer.publicKey, (message) => signer.sign(message)))
    },

    /** A certificate of the device of a name. */
    certificate(device: string, options: CertificateOptions = {}): Uint8Array {
      const { role = 'member', epoch = 1, issuedAt = NOW } = options
      const secrets = secretsOf(teamId, 'member', write)
      const issuer = cached(
        `${name} ${role} issuer ${epoch}`,
        () => new DeviceKey(issuerSecretOf(secretFor(role, secrets)!, teamId, epoch)),
      )
      return certificateBy(issuer, teamId, device, { ...options, role, epoch, issuedAt })
    },

    /** A statement of the device of a name. */
    statement(device: string, kind: Statement['kind'], value: number, incarnation = incarnationOf(device)) {
      return statementBy(deviceOf(device), {
        kind,
        teamId,
        device: deviceOf(device).publicKey,
        incarnation,
        value,
      })
    },
  }
}

/** A certificate that somebody issued. */
export function certificateBy(
  issuer: DeviceKey,
  teamId: Uint8Array,
  device: string,
  { epoch = 1, issuedAt = NOW, incarnation, noise }: CertificateOptions = {},
): Uint8Array {
  const key = deviceOf(device)
  const certificate = {
    teamId,
    epoch,
    device: key.publicKey,
    noise: noise ?? noiseOf(device),
    incarnation: incarnation ?? incarnationOf(device),
    issuedAt,
  }
  const name = `certificate ${Buffer.concat([issuer.publicKey, teamId, key.publicKey, certificate.noise, certificate.incarnation, uint64(epoch), uint64(issuedAt)]).toString('hex')}`
  return cached(name, () =>
    encodeCertificate(
      signCertificate(
        certificate,
        (message) => issuer.sign(message),
        (message) => key.sign(message),
      ),
    ),
  )
}

export function statementBy(signer: DeviceKey, statement: Statement): Uint8Array {
  return encodeStatement({ ...statement, signature: signer.sign(statementBytes(statement)) })
}

export { encodeRecord, recordHash, concat }

const made = new Map<string, unknown>()
/** Keys and signatures are slow to make: each is made once. */
function cached<T>(name: string, make: () => T): T {
  if (!made.has(name)) made.set(name, make())
  return made.get(name) as T
}
