import { Decompress } from 'fzstd'
import { isFields } from './json-line.ts'
import { LineSplitter } from './lines.ts'
import { DAMAGED, kindOf } from './documents.ts'

/** Compressed bytes taken at once. A block of 4 bytes can stand for 128 KB, so that this much gives at most 32 MB. */
const STEP_BYTES = 1024
/** The largest window that the `zstd` program accepts unasked; the decompressor holds as much. */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024

/** Whether bytes begin as a zstd file does (RFC 8878). */
export function isZstd(bytes: Buffer): boolean {
  return kindOf(bytes) === 'zstd'
}

/**
 * The lines of a compressed file, as far as it can be read, and DAMAGED as the last where it is damaged or cut off. Holds one line, one step's bytes and the window. Never throws.
 */
export function* linesOf(compressed: Buffer): Generator<Buffer> {
  const splitter = new LineSplitter()
  let lines: Buffer[] = []
  const stream = new Decompress((bytes) => {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (const line of splitter.push(chunk)) lines.push(line.bytes)
  })
  let isWhole = windowBytes(compressed) <= MAX_WINDOW_BYTES
  for (let at = 0; isWhole && at < compressed.length; at += STEP_BYTES) {
    isWhole = isPushed(stream, compressed, at)
    yield* lines
    lines = []
  }
  const rest = splitter.rest()
  if (rest && (isWhole || isRecord(rest.bytes))) yield rest.bytes
  if (!isWhole) yield DAMAGED
}

function isPushed(stream: Decompress, compressed: Buffer, at: number): boolean {
  try {
    stream.push(compressed.subarray(at, at + STEP_BYTES), at + STEP_BYTES >= compressed.length)
    return true
  } catch {
    // Damaged or cut off: what was read before it is good.
    return false
  }
}

/** What is left of a line that was cut off is no record. */
function isRecord(line: Buffer): boolean {
  try {
    return isFields(JSON.parse(line.toString()))
  } catch {
    return false
  }
}

/** The window that the first frame asks for (RFC 8878, 3.1.1.1); 0 where the frame is one piece of a known size. */
function windowBytes(frame: Buffer): number {
  const [descriptor = 0, window = 0] = frame.subarray(4, 6)
  if (descriptor & 0x20) return 0
  const base = 2 ** (10 + (window >> 3))
  return base + (base / 8) * (window & 7)
}
