import type { Sign } from './blocks.ts'
import { concat, readWhole, uint64 } from './bytes.ts'
import { verify as portableVerify, type VerifyWith } from './identity.ts'
import type { Role } from './team-key.ts'
import { ROLES } from './team-key.ts'

/**
 * A certificate says that a device takes part in an epoch of a team. Whoever holds a role's secret can issue one of that
 * role; issuer and device both sign the whole tuple. Format: version ‖ teamId ‖ epoch (8) ‖ device ‖ noise ‖
 * incarnation (8) ‖ issuedAt (8, ms) ‖ issuer's signature ‖ device's signature; numbers are little-endian.
 */
export interface Certificate {
  teamId: Uint8Array
  /** From 1. */
  epoch: number
  /** The device key, 32 bytes. */
  device: Uint8Array
  /** The key under which the device is met in the DHT, 32 bytes. */
  noise: Uint8Array
  /** 8 random bytes: which of the device's logs. */
  incarnation: Uint8Array
  /** ms since 1970, by the device's clock. */
  issuedAt: number
}

export interface SignedCertificate extends Certificate {
  issuerSignature: Uint8Array
  deviceSignature: Uint8Array
}

const VERSION = 1
const DOMAIN = new TextEncoder().encode('vibetea/certificate/1')
const TUPLE_BYTES = 32 + 8 + 32 + 32 + 8 + 8
export const CERTIFICATE_BYTES = 1 + TUPLE_BYTES + 64 + 64

function tuple({ teamId, epoch, device, noise, incarnation, issuedAt }: Certificate): Uint8Array {
  return concat(teamId, uint64(epoch), device, noise, incarnation, uint64(issuedAt))
}

/** What issuer and device sign. */
export function certificateBytes(certificate: Certificate): Uint8Array {
  return concat(DOMAIN, tuple(certificate))
}

/** Signs one: `issue` with the role's issuer, `sign` with the device. */
export function signCertificate(certificate: Certificate, issue: Sign, sign: Sign): SignedCertificate {
  const message = certificateBytes(certificate)
  return { ...certificate, issuerSignature: issue(message), deviceSignature: sign(message) }
}

export function encodeCertificate(certificate: SignedCertificate): Uint8Array {
  const { issuerSignature, deviceSignature } = certificate
  return concat(Uint8Array.of(VERSION), tuple(certificate), issuerSignature, deviceSignature)
}

/** Reads one, without looking at its signatures; null where the bytes are none. */
export function decodeCertificate(bytes: Uint8Array): SignedCertificate | null {
  return readWhole(bytes, (reader) => {
    if (reader.uint8() !== VERSION) throw new RangeError('another version')
    return {
      teamId: reader.bytes(32),
      epoch: reader.uint64(),
      device: reader.bytes(32),
      noise: reader.bytes(32),
      incarnation: reader.bytes(8),
      issuedAt: reader.uint64(),
      issuerSignature: reader.bytes(64),
      deviceSignature: reader.bytes(64),
    }
  })
}

/** The role whose issuer signed it, for the issuers of its epoch; null where none did, or its device did not. */
export function certifiedRole(
  certificate: SignedCertificate,
  issuers: Readonly<Record<Role, Uint8Array>>,
  verify: VerifyWith = portableVerify,
): Role | null {
  const message = certificateBytes(certificate)
  if (!verify(certificate.deviceSignature, message, certificate.device)) return null
  return ROLES.find((role) => verify(certificate.issuerSignature, message, issuers[role])) ?? null
}
