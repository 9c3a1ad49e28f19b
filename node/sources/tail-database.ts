import { stat } from 'node:fs/promises'
import { naming } from './named-error.ts'
import { COARSE_TIME_MS, handOver, TailedFile, type FileHost, type Seen } from './tail-file.ts'
import type { Cursor } from './tail-port.ts'
import { notAFile } from './tail-problems.ts'

/** Behind a database's name: its write-ahead log, which is all that changes while others write. */
export const WAL = '-wal'
/** Between two readings, at least: a burst of writes is read as one. */
const EVERY_MS = 200
/** What is in the write-ahead log can be read only a moment later, and nothing tells when: it is read once more. */
const SETTLE_MS = 1000

/** An SQLite database: asked for what has changed whenever it, or its write-ahead log, has. */
export class TailedDatabase extends TailedFile {
  /** What the system told before the last reading that came to its end, and when that was. */
  #state = ''
  #seenAt = 0
  /** Tells this database from another under its name. */
  #identity = ''
  #mark = 0
  #birthMs = 0
  #wal = ''
  /** When its last reading in this run began. */
  #readAt = -Infinity

  constructor(path: string, cursor?: Cursor) {
    super(path)
    if (!cursor) return
    this.#mark = cursor.offset
    this.#state = cursor.head
    this.#seenAt = cursor.seenAt
    this.#identity = cursor.inode
  }

  override get cursor(): Cursor {
    return {
      path: this.path,
      inode: this.#identity,
      offset: this.#mark,
      head: this.#state,
      headBytes: 0,
      seenAt: this.#seenAt,
    }
  }

  override get isUnchanged(): boolean {
    return (
      this.#readAt === -Infinity && this.#identity === this.#seenIdentity && this.#state === this.#seenState
    )
  }

  /** The time of the last change is that of either file. */
  override async look(stats?: Seen & { birthtimeMs: number }): Promise<boolean> {
    const own = stats ?? (await stat(this.path))
    const log = await this.#lookAtLog()
    const wal = log ? `${log.size} ${Math.floor(log.mtimeMs)}` : ''
    const mtimeMs = Math.max(own.mtimeMs, log?.mtimeMs ?? 0)
    const differs = this.see({ size: own.size, mtimeMs, ino: own.ino })
    const isOther = wal !== this.#wal || own.birthtimeMs !== this.#birthMs
    this.#wal = wal
    this.#birthMs = own.birthtimeMs
    return differs || isOther
  }

  override async read(host: FileHost): Promise<void> {
    const now = host.timers.now()
    const waitMs = this.#readAt + EVERY_MS - now
    if (waitMs > 0) return host.again(this, waitMs)
    const stats = await stat(this.path)
    if (!stats.isFile()) throw notAFile(this.path, stats)
    await this.look(stats)
    if (this.#identity !== this.#seenIdentity) this.#beginAnew(host)
    const isEmpty = this.size === 0 && this.#wal === ''
    if (isEmpty || this.#isAsRead() || (this.isUnchanged && !host.isReadAgain(this))) return
    const state = this.#seenState
    this.#readAt = now
    await handOver(this.path, 'changes', () => naming(this.path, () => this.#readChanges(host)))
    host.advanced(this.size, 0)
    if (host.stopping) return
    this.#state = state
    this.#seenAt = now
    host.moved(this)
    if (!this.#isAsRead()) host.again(this, SETTLE_MS)
  }

  /** Nothing of a database is held. */
  override dealtWith(): void {}

  override forget({ databases }: FileHost): void {
    databases.forget(this.path)
  }

  get #seenState(): string {
    return `${this.size} ${this.mtimeMs} ${this.#wal}`
  }

  get #seenIdentity(): string {
    return `${this.inode} ${this.#birthMs}`
  }

  /** Whether it is for certain as it was when it was last read in this run. */
  #isAsRead(): boolean {
    return this.#state === this.#seenState && this.mtimeMs + COARSE_TIME_MS < this.#seenAt
  }

  #beginAnew(host: FileHost): void {
    if (this.#identity !== '') this.forget(host)
    this.#identity = this.#seenIdentity
    this.#mark = 0
    this.#state = ''
  }

  async #readChanges(host: FileHost): Promise<void> {
    const since = this.#mark
    let last = since
    const marked = (mark: number) => {
      last = mark
      if (mark < since) return
      this.#mark = mark
      host.moved(this)
    }
    const isStopping = () => host.stopping
    await host.databases.changes(this.path, since, { marked, isStopping })
    if (last >= since || host.stopping) return
    // It counts less than it did: another one's content has been put into the same file.
    this.#mark = 0
    await host.databases.changes(this.path, 0, { marked: (mark) => (this.#mark = mark), isStopping })
  }

  async #lookAtLog(): Promise<{ size: number; mtimeMs: number } | null> {
    try {
      return await stat(this.path + WAL)
    } catch {
      // There is none while nobody writes; where it may not be looked at, the reading of the database tells.
      return null
    }
  }
}
