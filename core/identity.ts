import * as ed from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { z32Prefix } from './hash.ts'

ed.hashes.sha512 = sha512

/** Ed25519 as the protocol has it: strict (RFC 8032), small-order keys refused. */

/** The public key of a 32-byte Ed25519 secret. */
export function publicKeyOf(secret: Uint8Array): Uint8Array {
  return ed.getPublicKey(secret)
}

export function sign(message: Uint8Array, secret: Uint8Array): Uint8Array {
  return ed.sign(message, secret)
}

/** False for a wrong signature and for any key or signature that is malformed. */
export function verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (!isUsableKey(publicKey)) return false
  try {
    return ed.verify(signature, message, publicKey, { zip215: false })
  } catch {
    return false
  }
}

/**
 * Whether 32 bytes are a public key that can be trusted to verify anything: on the curve and not of small order, for
 * with such a key any message verifies. Costs about 0.1 ms: keep the answer.
 */
export function isUsableKey(publicKey: Uint8Array): boolean {
  try {
    return !ed.Point.fromBytes(publicKey).isSmallOrder()
  } catch {
    return false
  }
}

/** `<name>-<first 6 of z32(device key)>`. A name is letters, digits and `._-`; anything else in it becomes `-`. */
export function sourceLabel(name: string, publicKey: Uint8Array): string {
  const fitted = name
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63)
  return `${fitted || 'node'}-${z32Prefix(publicKey, 6)}`
}
