/** Reads a fixed format from its front; a read past the end throws a RangeError. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** A copy, so that what is kept does not hold a whole message. */
  bytes(length: number): Uint8Array {
    if (length > this.left) throw new RangeError('the bytes end too soon')
    // `slice` of a Node buffer would be a view on its pool.
    return new Uint8Array(this.#bytes.subarray(this.#at, (this.#at += length)))
  }

  uint8(): number {
    return this.bytes(1)[0]!
  }

  uint16(): number {
    return new DataView(this.bytes(2).buffer).getUint16(0, true)
  }

  /** Throws a RangeError for what is no safe integer. */
  uint64(): number {
    const value = new DataView(this.bytes(8).buffer).getBigUint64(0, true)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError('a number is too large')
    return Number(value)
  }
}

/** Parts one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** A number as 2 bytes, little-endian. */
export function uint16(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff) throw new RangeError('not a 16-bit number')
  return Uint8Array.of(value & 0xff, value >> 8)
}

/** A number as 8 bytes, little-endian. */
export function uint64(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('not a whole number from 0')
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes
}

/** What reads a format; null where the bytes are not of it, or more follow. */
export function readWhole<T>(bytes: Uint8Array, read: (reader: ByteReader) => T): T | null {
  const reader = new ByteReader(bytes)
  try {
    const value = read(reader)
    return reader.left === 0 ? value : null
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** Whether two byte strings are the same. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** -1, 0 or 1 by the first byte that differs. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1
  return Math.sign(a.length - b.length)
}
