import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { LineSplitter } from './lines.ts'
import { OPEN_FLAGS } from './open-flags.ts'
import { handOver, TailedFile, type FileHost } from './tail-file.ts'
import type { Cursor, LineSink } from './tail-port.ts'
import { notAFile } from './tail-problems.ts'

/** Enough to tell two session files apart: their first record holds ids and times. */
const HEAD_BYTES = 1024
/** What is compared before reading on, to notice a file that was cut and has grown again. */
const OVERLAP_BYTES = 64
/** A longer unfinished line is not kept while waiting for its end, but read again. */
const MAX_KEPT_BYTES = 1024 * 1024

/** A file of lines, which are appended. */
export class TailedLines extends TailedFile {
  /** Null until the sink has been told to begin. */
  #splitter: LineSplitter | null = null
  /** The bytes before the splitter's end, as they were; a Latin-1 string, which is the smallest form at rest. */
  #overlap = ''
  /** Where the last line that the sink has taken ends, without its line end. */
  #takenEnd = 0
  /** Up to where there is nothing that the sink has not taken. */
  #taken = 0
  /** Up to where the sink knows that nothing more is there. */
  #toldEnd = -1

  #offset = 0
  #exactInode = ''
  #head = ''
  #headBytes = 0
  /** Hash of the bytes before the offset, from an earlier run; '' where they are not known. */
  #tail = ''
  #seenAt = 0

  constructor(path: string, cursor?: Cursor) {
    super(path)
    if (!cursor) return
    this.#offset = cursor.offset
    this.#exactInode = cursor.inode
    const [head = '', tail = ''] = cursor.head.split('.')
    this.#head = head
    this.#tail = tail
    this.#headBytes = cursor.headBytes
    this.#seenAt = cursor.seenAt
  }

  override get cursor(): Cursor {
    const tail = this.#tailHash
    return {
      path: this.path,
      inode: this.#exactInode,
      offset: this.#offset,
      head: tail === '' ? this.#head : `${this.#head}.${tail}`,
      headBytes: this.#headBytes,
      seenAt: this.#seenAt,
    }
  }

  override get isUnchanged(): boolean {
    return (
      this.#splitter === null &&
      this.#offset > 0 &&
      this.size === this.#offset &&
      this.inode === Number(this.#exactInode) &&
      this.mtimeMs <= this.#seenAt
    )
  }

  override async read(host: FileHost, buffer: Buffer): Promise<void> {
    const handle = await open(this.path, OPEN_FLAGS)
    try {
      const seenAt = host.timers.now()
      const stats = await handle.stat({ bigint: true })
      if (!stats.isFile()) throw notAFile(this.path, stats)
      this.see({ size: Number(stats.size), mtimeMs: Number(stats.mtimeMs), ino: Number(stats.ino) })
      if (await this.#isAnother(handle, stats)) this.#restart(host)
      this.#seenAt = seenAt
      this.#exactInode = String(stats.ino)
      const isDealtWith = this.#splitter === null && this.size === this.#offset && this.#offset > 0
      if (isDealtWith && !host.isReadAgain(this)) host.moved(this)
      else await this.#readOn(handle, host, buffer)
    } finally {
      await handle.close()
    }
  }

  override dealtWith(offset: number, host: FileHost): void {
    if (!this.#splitter) return
    this.#offset = Math.max(this.#offset, offset >= this.#takenEnd ? this.#taken : offset)
    host.moved(this)
  }

  override forget({ sink }: FileHost): void {
    if (this.#splitter) sink.forget(this.path)
    this.#splitter = null
  }

  async #isAnother(handle: FileHandle, stats: BigIntStats): Promise<boolean> {
    if (this.#exactInode === '') return false
    if (this.#exactInode !== String(stats.ino)) return true
    if (stats.size < (this.#splitter?.end ?? this.#offset)) return true
    if (this.#overlap !== '') return false
    if (this.#headBytes > 0 && (await hashAt(handle, 0, this.#headBytes)) !== this.#head) return true
    if (this.#splitter || this.#tail === '') return false
    const length = Math.min(OVERLAP_BYTES, this.#offset)
    return (await hashAt(handle, this.#offset - length, length)) !== this.#tail
  }

  /** As it would be read at the offset; '' where what lies before it is not at hand. */
  get #tailHash(): string {
    if (!this.#splitter) return this.#tail
    const isAtHand =
      this.#offset === this.#splitter.end && this.#overlap.length === Math.min(OVERLAP_BYTES, this.#offset)
    return isAtHand ? hash(Buffer.from(this.#overlap, 'latin1')) : ''
  }

  #restart(host: FileHost): void {
    this.forget(host)
    this.#offset = 0
    this.#headBytes = 0
    this.#head = ''
    this.#tail = ''
  }

  #begin(host: FileHost): LineSplitter {
    this.#overlap = ''
    this.#takenEnd = 0
    this.#taken = 0
    this.#toldEnd = -1
    host.sink.begin(this.path, this.#offset)
    return (this.#splitter = new LineSplitter())
  }

  async #readOn(handle: FileHandle, host: FileHost, buffer: Buffer): Promise<void> {
    let splitter = this.#splitter ?? this.#begin(host)
    for (let isFirst = true; !host.stopping; isFirst = false) {
      const overlap = isFirst ? this.#overlap.length : 0
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, splitter.end - overlap)
      if (buffer.toString('latin1', 0, Math.min(overlap, bytesRead)) !== this.#overlap.slice(0, overlap)) {
        this.#restart(host)
        splitter = this.#begin(host)
        continue
      }
      const chunk = buffer.subarray(overlap, Math.max(overlap, bytesRead))
      await this.#take(splitter, chunk, host)
      if (chunk.length === 0 || splitter.end >= this.size) break
    }
    const isKept = splitter.heldBytes <= MAX_KEPT_BYTES && this.isRecent(host.timers.now())
    if (splitter.heldBytes > 0 && !isKept) {
      this.#splitter = new LineSplitter({ start: splitter.lineStart })
      this.#overlap = ''
    }
  }

  async #take(splitter: LineSplitter, chunk: Buffer, host: FileHost): Promise<void> {
    if (splitter.end === 0) {
      const head = chunk.subarray(0, HEAD_BYTES)
      this.#head = hash(head)
      this.#headBytes = head.length
    }
    const skippedBefore = splitter.skippedLines
    const lines = splitter.push(chunk)
    const tail = chunk.toString('latin1', Math.max(0, chunk.length - OVERLAP_BYTES))
    this.#overlap = (this.#overlap + tail).slice(-OVERLAP_BYTES)
    const atEnd = splitter.end >= this.size || chunk.length === 0
    if (lines.length > 0 || (atEnd && this.#toldEnd !== splitter.lineStart)) {
      this.#toldEnd = atEnd ? splitter.lineStart : -1
      const answer = await this.#hand(lines, atEnd, host)
      const last = lines.at(-1)
      if (last) this.#takenEnd = last.start + last.bytes.length
      this.#taken = splitter.skipping ? splitter.end : splitter.lineStart
      this.dealtWith(answer, host)
    }
    host.advanced(chunk.length, splitter.skippedLines - skippedBefore)
  }

  async #hand(lines: Parameters<LineSink['lines']>[1], atEnd: boolean, host: FileHost): Promise<number> {
    try {
      return await handOver(this.path, 'lines', () => host.sink.lines(this.path, lines, atEnd))
    } catch (error) {
      this.#splitter = null
      throw error
    }
  }
}

async function hashAt(handle: FileHandle, offset: number, length: number): Promise<string> {
  const bytes = Buffer.alloc(length)
  const { bytesRead } = await handle.read(bytes, 0, length, offset)
  return hash(bytes.subarray(0, bytesRead))
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
}
