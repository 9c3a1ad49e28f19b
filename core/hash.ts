import { blake2b } from '@noble/hashes/blake2.js'

/** Keyed BLAKE2b-256 of one message: `(key, message) -> 32 bytes`. The key has 32 bytes. */
export type Blake2b = (key: Uint8Array, message: Uint8Array) => Uint8Array

/** The portable implementation; a hot path may pass a native one that gives the same bytes. */
export const portableBlake2b: Blake2b = (key, message) => blake2b(message, { key, dkLen: 32 })

/** BLAKE2b-256 without a key: for checksums and for the names of public things. */
export function plainHash(message: Uint8Array): Uint8Array {
  return blake2b(message, { dkLen: 32 })
}

const utf8 = new TextEncoder()
/** A UTF-16 unit takes at most this many bytes of UTF-8. */
const UTF8_BYTES_PER_UNIT = 3
/** Where what is put together is small: nearly always. Nothing in here outlives a call. */
const scratch = new Uint8Array(2048)

/** Concatenates parts, each behind its length in bytes as an unsigned 32-bit little-endian number. */
export function lengthPrefixed(parts: readonly (string | Uint8Array)[]): Uint8Array {
  return prefixed(parts).slice()
}

/** The same, valid until the next call: for a message that is hashed at once, a copy costs more than the hash. */
function prefixed(parts: readonly (string | Uint8Array)[]): Uint8Array {
  let most = 0
  for (const part of parts) most += 4 + part.length * (typeof part === 'string' ? UTF8_BYTES_PER_UNIT : 1)
  const out = most <= scratch.length ? scratch : new Uint8Array(most)
  let at = 0
  for (const part of parts) {
    const length = write(part, out, at + 4)
    out[at] = length
    out[at + 1] = length >>> 8
    out[at + 2] = length >>> 16
    out[at + 3] = length >>> 24
    at += 4 + length
  }
  return out.subarray(0, at)
}

/** Writes a part at a place that has room for it; the bytes it took. */
function write(part: string | Uint8Array, out: Uint8Array, at: number): number {
  if (typeof part !== 'string') {
    out.set(part, at)
    return part.length
  }
  // Most parts are short and ASCII, and the encoder's call costs more than they do.
  for (let i = 0; i < part.length; i++) {
    const code = part.charCodeAt(i)
    if (code > 0x7f || i === 256) return utf8.encodeInto(part, out.subarray(at)).written
    out[at + i] = code
  }
  return part.length
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
  return hash(key, prefixed([label, ...inputs]))
}

/** The z-base-32 alphabet (philzimmermann.com/docs/human-oriented-base-32-encoding.txt). */
const Z32 = 'ybndrfg8ejkmcpqxot1uwisza345h769'

/**
 * The first `length` z-base-32 characters of some bytes, five bits each; the last of all is filled up with zero bits, so
 * that 32 bytes have 52. `length` is at most `ceil(bytes.length * 8 / 5)`.
 */
export function z32Prefix(bytes: Uint8Array, length: number): string {
  const codes: number[] = []
  let buffer = 0
  let bits = 0
  for (let i = 0; codes.length < length;) {
    if (bits < 5) {
      buffer = ((buffer << 8) | bytes[i++]!) & 0xfff
      bits += 8
    }
    bits -= 5
    codes.push(Z32.charCodeAt((buffer >> bits) & 31))
  }
  return String.fromCharCode(...codes)
}

/** What `z32Prefix` made of whole bytes; null for other characters, a length that none have, or spare bits that are set. */
export function z32Bytes(text: string): Uint8Array | null {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8))
  let buffer = 0
  let bits = 0
  let at = 0
  for (const character of text) {
    const value = Z32.indexOf(character)
    if (value < 0) return null
    buffer = ((buffer << 5) | value) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = buffer >> bits
  }
  return z32Prefix(bytes, Math.ceil((bytes.length * 8) / 5)) === text ? bytes : null
}
