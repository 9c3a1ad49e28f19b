import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CERTIFICATE_BYTES,
  certificateBytes,
  certifiedRole,
  decodeCertificate,
  encodeCertificate,
  signCertificate,
  type Certificate,
  type SignedCertificate,
} from '../../core/certificate.ts'
import { publicKeyOf, sign } from '../../core/identity.ts'
import type { Role } from '../../core/team-key.ts'
import { hex, SEED, toHex, vectors } from './support.ts'

interface Bytes {
  why: string
  bytes: string
}
const given = vectors('certificate') as {
  deviceSecret: string
  issuers: Record<Role, string>
  issuerSecrets: Record<Role, string>
  certificates: {
    role: Role
    teamId: string
    epoch: number
    device: string
    noise: string
    incarnation: string
    issuedAt: number
    signedBytes: string
    bytes: string
  }[]
  refused: Bytes[]
  malformed: Bytes[]
}
const { member, reader, mirror } = given.issuers
const issuers = { member: hex(member), reader: hex(reader), mirror: hex(mirror) }
const device = hex(given.deviceSecret)
const [first] = given.certificates
const good = hex(first!.bytes)
const goodOne = decodeCertificate(good)!

/** A certificate that the holder of a role's secret issues to a device. */
function issue(certificate: Certificate, role: Role, deviceSecret = device): SignedCertificate {
  const by = (secret: Uint8Array) => (message: Uint8Array) => sign(message, secret)
  return signCertificate(certificate, by(hex(given.issuerSecrets[role])), by(deviceSecret))
}
const roleOf = (bytes: Uint8Array) => {
  const certificate = decodeCertificate(bytes)
  return certificate && certifiedRole(certificate, issuers)
}

describe.each(given.certificates)('the certificate of a $role', (vector) => {
  const certificate = {
    teamId: hex(vector.teamId),
    epoch: vector.epoch,
    device: hex(vector.device),
    noise: hex(vector.noise),
    incarnation: hex(vector.incarnation),
    issuedAt: vector.issuedAt,
  }
  test('is signed over the whole tuple', () =>
    expect(toHex(certificateBytes(certificate))).toBe(vector.signedBytes))
  test('is written in one way', () =>
    expect(toHex(encodeCertificate(issue(certificate, vector.role)))).toBe(vector.bytes))
  test('is read', () => {
    expect(decodeCertificate(hex(vector.bytes))).toEqual(issue(certificate, vector.role))
    expect(decodeCertificate(Buffer.from(vector.bytes, 'hex'))).toEqual(issue(certificate, vector.role))
    expect(hex(vector.bytes).length).toBe(CERTIFICATE_BYTES)
  })
  test('gives its role', () => expect(roleOf(hex(vector.bytes))).toBe(vector.role))
  test('gives none under the issuers of another epoch or team', () => {
    const others = { member: publicKeyOf(device), reader: issuers.mirror, mirror: issuers.member }
    const role = certifiedRole(decodeCertificate(hex(vector.bytes))!, others)
    expect(role).toBe({ member: 'mirror', reader: null, mirror: 'reader' }[vector.role])
  })
})

describe('a certificate is not believed', () => {
  test.each(given.refused)('$why', ({ bytes }) => {
    expect(decodeCertificate(hex(bytes))).not.toBeNull()
    expect(roleOf(hex(bytes))).toBeNull()
  })
  test('with any byte changed', () => {
    for (let i = 0; i < good.length; i++) {
      const changed = Uint8Array.from(good)
      changed[i]! ^= 1
      expect([i, roleOf(changed)]).toEqual([i, null])
    }
  })
  test('with any field changed after it was signed', () => {
    const changes: Partial<Certificate>[] = [
      { teamId: publicKeyOf(device) },
      { epoch: 2 },
      { noise: publicKeyOf(device) },
      { incarnation: new Uint8Array(8) },
      { issuedAt: first!.issuedAt + 1 },
    ]
    for (const change of changes) expect(certifiedRole({ ...goodOne, ...change }, issuers)).toBeNull()
  })
  test('where another device takes its place, with or without signing', () => {
    const thief = hex('aa'.repeat(32))
    const taken = { ...goodOne, device: publicKeyOf(thief) }
    expect(certifiedRole(taken, issuers)).toBeNull()
    const deviceSignature = sign(certificateBytes(taken), thief)
    expect(certifiedRole({ ...taken, deviceSignature }, issuers)).toBeNull()
  })
  test('where a reader issues one, as more than a reader', () =>
    expect(certifiedRole(issue(goodOne, 'reader'), issuers)).toBe('reader'))
})

describe('no certificate', () => {
  test.each(given.malformed)('is $why', ({ bytes }) => expect(decodeCertificate(hex(bytes))).toBeNull())
  test(`is any other bytes [seed ${SEED}]`, () => {
    const any = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ minLength: CERTIFICATE_BYTES, maxLength: CERTIFICATE_BYTES }),
    )
    fc.assert(fc.property(any, (bytes) => roleOf(bytes) === null))
  })
})

test(`a certificate is read as it was written, and believed [seed ${SEED}]`, () => {
  const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  const certificates = fc.record({
    teamId: exactly(32),
    epoch: fc.maxSafeNat(),
    noise: exactly(32),
    incarnation: exactly(8),
    issuedAt: fc.maxSafeNat(),
  })
  const roles = fc.constantFrom<Role>('member', 'reader', 'mirror')
  fc.assert(
    fc.property(certificates, roles, exactly(32), (part, role, secret) => {
      const signed = issue({ ...part, device: publicKeyOf(secret) }, role, secret)
      const read = decodeCertificate(encodeCertificate(signed))!
      expect(read).toEqual(signed)
      expect(certifiedRole(read, issuers)).toBe(role)
    }),
    { numRuns: 15 },
  )
})
