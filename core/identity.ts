import * as ed from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { z32Prefix } from './hash.ts'
import { fitSourceName } from './shapes.ts'

ed.hashes.sha512 = sha512

/** Ed25519 as the protocol has it: strict (RFC 8032), small-order keys refused. */

/** The public key of a 32-byte Ed25519 secret. Throws for another length. */
export function publicKeyOf(secret: Uint8Array): Uint8Array {
  return ed.getPublicKey(secret)
}

/** The 64-byte signature of a message. Throws for a secret of another length than 32 bytes. */
export function sign(message: Uint8Array, secret: Uint8Array): Uint8Array {
  return ed.sign(message, secret)
}

/** Verifies a signature (64 bytes) of a message by a public key (32 bytes); a hot path may pass a native one. */
export type VerifyWith = (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean

/** False for a wrong signature and for any key or signature that is malformed, or a key of small order. */
export function verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false
  return ed.verify(signature, message, publicKey, { zip215: false })
}

/**
 * Whether 32 bytes are a public key that can be trusted to verify anything: on the curve and not of small order, for
 * with such a key any message verifies. `verify` asks this itself; ask before another implementation verifies, and
 * keep the answer, as it costs about 0.1 ms.
 */
export function isUsableKey(publicKey: Uint8Array): boolean {
  try {
    return !ed.Point.fromBytes(publicKey).isSmallOrder()
  } catch {
    return false // it throws for what is no point
  }
}

/** `<name>-<first 6 of z32(device key)>`, the name made to fit. */
export function sourceLabel(name: string, publicKey: Uint8Array): string {
  return `${fitSourceName(name)}-${z32Prefix(publicKey, 6)}`
}
