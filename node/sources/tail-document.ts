import { open } from 'node:fs/promises'
import { damaged, MAX_DOCUMENT_BYTES, tooLarge } from './documents.ts'
import { OPEN_FLAGS } from './open-flags.ts'
import { COARSE_TIME_MS, handOver, TailedFile, type FileHost } from './tail-file.ts'
import type { Cursor } from './tail-port.ts'
import { notAFile, Unusable } from './tail-problems.ts'

/** What cannot be read may be half written: it is read again after this, then after twice as long each time. */
const FIRST_RETRY_MS = 100
/** What cannot be read for so long is told of, and from then on read again when it changes. */
const PATIENCE_MS = 3000

/** A document: read whole whenever it has changed. */
export class TailedDocument extends TailedFile {
  /** Whether it was handed over in this run. */
  #isTaken = false
  /** What `stat` told before the last reading, and when that was. */
  #state = ''
  #seenAt = 0
  /** Its size where all of it is dealt with, else 0. */
  #offset = 0
  /** Since when it cannot be read; null where it can. */
  #damagedSince: number | null = null
  #retryMs = FIRST_RETRY_MS

  constructor(path: string, cursor?: Cursor) {
    super(path)
    if (!cursor) return
    this.#offset = cursor.offset
    this.#state = cursor.head
    this.#seenAt = cursor.seenAt
  }

  override get cursor(): Cursor {
    return {
      path: this.path,
      inode: String(this.inode),
      offset: this.#offset,
      head: this.#state,
      headBytes: 0,
      seenAt: this.#seenAt,
    }
  }

  override get isUnchanged(): boolean {
    return !this.#isTaken && this.#offset > 0 && this.#state === this.#seenState
  }

  override async read(host: FileHost): Promise<void> {
    const handle = await open(this.path, OPEN_FLAGS)
    try {
      const seenAt = host.timers.now()
      const stats = await handle.stat()
      if (!stats.isFile()) throw notAFile(this.path, stats)
      this.see(stats)
      // Others look at it too while it is read.
      const state = this.#seenState
      const isKnown = this.isUnchanged
      if (isKnown ? !host.isReadAgain(this) : this.#isAsTaken) return
      if (stats.size > MAX_DOCUMENT_BYTES) {
        const { message, remedy } = tooLarge(this.path)
        throw new Unusable(message, remedy)
      }
      await this.#take(await handle.readFile(), !isKnown, { state, seenAt }, host)
    } finally {
      await handle.close()
    }
  }

  override dealtWith(_offset: number, host: FileHost): void {
    if (!this.#isTaken) return
    this.#offset = Number(this.#state.split(' ')[0])
    host.moved(this)
  }

  override forget({ documents }: FileHost): void {
    if (this.#isTaken) documents.forget(this.path)
    this.#isTaken = false
  }

  get #seenState(): string {
    return `${this.size} ${this.mtimeMs} ${this.inode}`
  }

  /** Whether it is for certain as it was when it was taken in this run. */
  get #isAsTaken(): boolean {
    const isSame = this.#isTaken && this.#offset > 0 && this.#state === this.#seenState
    return isSame && this.mtimeMs + COARSE_TIME_MS < this.#seenAt
  }

  async #take(
    bytes: Buffer,
    isNews: boolean,
    { state, seenAt }: { state: string; seenAt: number },
    host: FileHost,
  ): Promise<void> {
    if (isNews) this.#offset = 0
    this.#isTaken = true
    const reading = { isNews, isStopping: () => host.stopping }
    const { isDealtWith, damage } = await handOver(this.path, 'a document', () =>
      host.documents.document(this.path, bytes, reading),
    )
    host.advanced(bytes.length, 0)
    this.#seenAt = seenAt
    this.#state = state
    if (damage !== 'none' && !this.#isGivenUp(host)) return
    if (damage === 'all') {
      const { message, remedy } = damaged(this.path, damage)
      throw new Unusable(message, remedy, { isLasting: true })
    }
    if (damage === 'none') this.#damagedSince = null
    if (isDealtWith) this.#offset = bytes.length
    host.moved(this)
  }

  /** Whether it could not be read for so long that it is not merely half written; else it is read again soon. */
  #isGivenUp(host: FileHost): boolean {
    const now = host.timers.now()
    if (this.#damagedSince === null) {
      this.#damagedSince = now
      this.#retryMs = FIRST_RETRY_MS
    }
    if (now - this.#damagedSince >= PATIENCE_MS) return true
    host.again(this, this.#retryMs)
    this.#retryMs *= 2
    return false
  }
}
