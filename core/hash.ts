import { blake2b } from '@noble/hashes/blake2.js'

/** Keyed BLAKE2b-256 of one message: `(key, message) -> 32 bytes`. The key has 32 bytes. */
export type Blake2b = (key: Uint8Array, message: Uint8Array) => Uint8Array

/** The portable implementation; a hot path may pass a native one that gives the same bytes. */
export const portableBlake2b: Blake2b = (key, message) => blake2b(message, { key, dkLen: 32 })

const utf8 = new TextEncoder()

/** Concatenates parts, each behind its length in bytes as an unsigned 32-bit little-endian number. */
export function lengthPrefixed(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const bytes = parts.map((part) => (typeof part === 'string' ? utf8.encode(part) : part))
  const out = new Uint8Array(bytes.reduce((sum, part) => sum + 4 + part.length, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const part of bytes) {
    view.setUint32(at, part.length, true)
    out.set(part, at + 4)
    at += 4 + part.length
  }
  return out
}

/**
 * H of the protocol: keyed BLAKE2b-256 with the label and its inputs length-prefixed.
 * The one way in which VibeTea derives a key, an id or a tag from a secret.
 */
export function derive(
  key: Uint8Array,
  label: string,
  inputs: readonly (string | Uint8Array)[] = [],
  hash: Blake2b = portableBlake2b,
): Uint8Array {
  return hash(key, lengthPrefixed([label, ...inputs]))
}

/** The z-base-32 alphabet (philzimmermann.com/docs/human-oriented-base-32-encoding.txt). */
const Z32 = 'ybndrfg8ejkmcpqxot1uwisza345h769'

/**
 * The first `length` z-base-32 characters of some bytes, five bits each; the last of all is filled up with zero bits, so
 * that 32 bytes have 52. `length` is at most `ceil(bytes.length * 8 / 5)`.
 */
export function z32Prefix(bytes: Uint8Array, length: number): string {
  let out = ''
  let buffer = 0
  let bits = 0
  for (let i = 0; out.length < length;) {
    if (bits < 5) {
      buffer = ((buffer << 8) | bytes[i++]!) & 0xfff
      bits += 8
    }
    bits -= 5
    out += Z32.charAt((buffer >> bits) & 31)
  }
  return out
}
