import type { Line } from './tail-port.ts'

/** Longer lines are skipped without being held; the largest real one known is 2.2 MB. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024

const LF = 10
const CR = 13
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Cuts a stream of bytes into lines, each with the offset of its first byte. Ends are LF or CRLF; a byte order mark
 * at offset 0 and empty lines are dropped. Holds one unfinished line, at most `maxLineBytes`.
 */
export class LineSplitter {
  readonly #maxLineBytes: number
  /** Copies of the parts of the unfinished line; empty where it is being skipped. */
  #parts: Buffer[] = []
  #heldBytes = 0
  #skipping = false
  #lineStart: number
  #end: number
  #skippedLines = 0

  /** `start`: the offset of the first byte pushed; it begins a line. */
  constructor({ start = 0, maxLineBytes = MAX_LINE_BYTES } = {}) {
    this.#maxLineBytes = maxLineBytes
    this.#lineStart = start
    this.#end = start
  }

  /** Where the unfinished line begins: everything before it has been given out or skipped. */
  get lineStart(): number {
    return this.#lineStart
  }

  /** The offset behind the last byte pushed. */
  get end(): number {
    return this.#end
  }

  /** Bytes of the unfinished line that are held. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Whether the unfinished line is already too long and its bytes are dropped. */
  get skipping(): boolean {
    return this.#skipping
  }

  /** Lines so far that were too long. */
  get skippedLines(): number {
    return this.#skippedLines
  }

  /** The lines that `chunk` ends. Most of them are views of it: valid as long as it is. */
  push(chunk: Buffer): Line[] {
    const lines: Line[] = []
    const base = this.#end
    let from = 0
    for (let lf = chunk.indexOf(LF); lf !== -1; lf = chunk.indexOf(LF, from)) {
      const line = this.#finish(chunk.subarray(from, lf))
      if (line) lines.push(line)
      from = lf + 1
      this.#lineStart = base + from
    }
    this.#end = base + chunk.length
    if (from < chunk.length) this.#hold(chunk.subarray(from))
    return lines
  }

  /** The last line where the stream stops without an end of line; null where there is none or it is too long. */
  rest(): Line | null {
    const line = this.#finish(Buffer.alloc(0))
    this.#lineStart = this.#end
    return line
  }

  #hold(part: Buffer): void {
    if (this.#skipping) return
    // One byte more than allowed: it may be the CR of the line's end.
    if (this.#heldBytes + part.length > this.#maxLineBytes + 1) {
      this.#skipping = true
      this.#drop()
      return
    }
    this.#parts.push(Buffer.from(part))
    this.#heldBytes += part.length
  }

  #drop(): void {
    this.#parts = []
    this.#heldBytes = 0
  }

  #finish(last: Buffer): Line | null {
    let bytes = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last])
    this.#drop()
    if (bytes.at(-1) === CR) bytes = bytes.subarray(0, -1)
    if (this.#skipping || bytes.length > this.#maxLineBytes) {
      this.#skipping = false
      this.#skippedLines++
      return null
    }
    let start = this.#lineStart
    if (start === 0 && bytes.subarray(0, 3).equals(BOM)) {
      bytes = bytes.subarray(3)
      start = 3
    }
    return bytes.length === 0 ? null : { start, bytes }
  }
}
