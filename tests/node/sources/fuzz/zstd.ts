const MAGIC = [0x28, 0xb5, 0x2f, 0xfd]
/** One segment, its size in four bytes, no checksum. */
const DESCRIPTOR = 0xa0
const MAX_BLOCK_BYTES = 128 * 1024

/** A frame of zstd (RFC 8878) that holds some bytes in raw blocks: as long as they are, but valid. */
export function zstdOf(bytes: Buffer): Buffer {
  const head = Buffer.from([...MAGIC, DESCRIPTOR, 0, 0, 0, 0])
  head.writeUInt32LE(bytes.length, 5)
  const parts: Buffer[] = [head]
  for (let at = 0; at === 0 || at < bytes.length; at += MAX_BLOCK_BYTES) {
    const block = bytes.subarray(at, at + MAX_BLOCK_BYTES)
    const isLast = at + MAX_BLOCK_BYTES >= bytes.length
    const header = Buffer.alloc(3)
    header.writeUIntLE((block.length << 3) | (isLast ? 1 : 0), 0, 3)
    parts.push(header, block)
  }
  return Buffer.concat(parts)
}
