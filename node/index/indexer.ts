import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from '../sqlite.ts'
import type { ArrivedBlock } from './followed-log.ts'
import type { ArrivalStore, ReadableLog } from './port.ts'
import { Reading } from './reading.ts'
import { removeBlocks } from './retention.ts'
import { storageError } from './schema.ts'
import type { Written } from './writer.ts'
import { Writer } from './writer.ts'

/** After a failed write, as on a full disk, the next try comes this much later. */
const RETRY_MS = 5000

export interface IndexerOptions {
  /** The one handle that writes; migrated. */
  db: Database
  /** For what people are told. */
  path: string
  arrivals: ArrivalStore
  /** ms since 1970. */
  now: () => number
  /** After each commit. */
  onWritten: (written: Written) => void
  /** Once for each spell of failures. */
  onProblem: (error: unknown) => void
}

interface LogCursor {
  next: number
  /** Blocks before this were cleared and are out of the index. */
  floor: number
  invalid: number
}

/** Follows logs into the index: new blocks are given their place in `state.db` first, then written, in order. */
export class Indexer {
  readonly #options: IndexerOptions
  readonly #writer: Writer
  readonly #cursors: Map<string, LogCursor>
  readonly #logs = new Map<string, ReadableLog>()
  #reading: Reading
  #running: Promise<void> | null = null
  #isAwake = false
  #turn: Promise<unknown> = Promise.resolve()
  #failure: unknown = null
  #retry: NodeJS.Timeout | null = null
  #isClosed = false

  private constructor(options: IndexerOptions, cursors: Map<string, LogCursor>) {
    this.#options = options
    this.#cursors = cursors
    this.#writer = new Writer(options.db)
    this.#reading = new Reading(options.arrivals, options.now)
  }

  static async open(options: IndexerOptions): Promise<Indexer> {
    const rows = await options.db.all<LogCursor & { core: string }>(
      'SELECT core, next, floor, invalid FROM logs',
    )
    return new Indexer(options, new Map(rows.map(({ core, ...cursor }) => [core, cursor])))
  }

  /** Indexes a log, now and as it grows. Returns how to stop. */
  follow(log: ReadableLog): () => void {
    this.#logs.set(log.core, log)
    this.#join(log)
    const stop = log.onAppend(() => {
      this.#reading.wake(log.core)
      this.#wake()
    })
    this.#wake()
    return () => {
      stop()
      this.#logs.delete(log.core)
      this.#reading.leave(log.core)
    }
  }

  /** Resolves when everything that is here has been indexed; rejects where it could not be. */
  async caughtUp(): Promise<void> {
    this.#wake()
    while (this.#running) await this.#running
    if (this.#failure !== null) throw this.#failure as Error
  }

  /** Blocks of a log that are in the index, or will never be. */
  next(core: string): number {
    return this.#cursors.get(core)?.next ?? 0
  }

  /** Takes out what stood in blocks of a log before `beforeSeq`, as they are cleared. */
  async prune(core: string, beforeSeq: number): Promise<void> {
    const cursor = this.#cursors.get(core)
    const from = cursor?.floor ?? 0
    if (beforeSeq <= from) return
    await this.#remove(core, from, beforeSeq, {
      next: Math.max(cursor?.next ?? 0, beforeSeq),
      floor: beforeSeq,
      invalid: cursor?.invalid ?? 0,
    })
  }

  /**
   * Takes out all that stood in a log, which is followed no more, and that it was ever here: one that comes again is
   * indexed from its beginning.
   */
  async forget(core: string): Promise<void> {
    // What was read of it before it was left may still be on its way.
    while (this.#running) await this.#running
    const cursor = this.#cursors.get(core)
    if (!cursor) return
    await this.prune(core, cursor.next)
    await this.#exclusively(() => this.#options.db.run('DELETE FROM logs WHERE core = ?', [core]))
    this.#cursors.delete(core)
  }

  /** Waits for what is being written, and stops. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#retry) clearTimeout(this.#retry)
    while (this.#running) await this.#running
    await this.#turn
  }

  #join(log: ReadableLog): void {
    this.#reading.join(log, this.next(log.core))
  }

  #wake(): void {
    this.#isAwake = true
    if (this.#running || this.#isClosed) return
    this.#running = this.#run().finally(() => {
      this.#running = null
    })
  }

  /** Reads the next batch while one is being written, until nothing is left. */
  async #run(): Promise<void> {
    try {
      while (this.#isAwake) {
        this.#isAwake = false
        await this.#dropLostBlocks()
        let blocks = await this.#reading.next()
        while (blocks.length > 0) {
          if (this.#isClosed) return
          const [written, read] = await Promise.allSettled([this.#write(blocks), this.#reading.next()])
          if (written.status === 'rejected') throw written.reason
          if (read.status === 'rejected') throw read.reason
          blocks = read.value
          await nextTurn()
        }
      }
      this.#failure = null
    } catch (error) {
      this.#fail(storageError(error, this.#options.path))
    }
  }

  /** Begins again with what is in the index, later. */
  #fail(error: unknown): void {
    const isNew = this.#failure === null
    this.#failure = error
    this.#reading = new Reading(this.#options.arrivals, this.#options.now)
    for (const log of this.#logs.values()) this.#join(log)
    if (isNew) this.#options.onProblem(error)
    if (this.#isClosed) return
    if (this.#retry) clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.#wake(), RETRY_MS)
    this.#retry.unref()
  }

  #write(batch: readonly ArrivedBlock[]): Promise<void> {
    return this.#exclusively(async () => {
      const blocks = batch.filter(({ core, seq }) => seq >= (this.#cursors.get(core)?.floor ?? 0))
      const cursors = new Map<string, LogCursor>()
      for (const { core, seq, invalid } of blocks) {
        const before = cursors.get(core) ?? this.#cursors.get(core) ?? { next: 0, floor: 0, invalid: 0 }
        cursors.set(core, { ...before, next: seq + 1, invalid: before.invalid + invalid })
      }
      const occurrences = blocks.flatMap((block) => block.occurrences)
      const written = await this.#writer.add(occurrences, () => this.#writeCursors(cursors))
      for (const [core, cursor] of cursors) this.#cursors.set(core, cursor)
      this.#options.onWritten(written)
    })
  }

  async #writeCursors(cursors: ReadonlyMap<string, LogCursor>): Promise<void> {
    await this.#options.db.run(
      `INSERT OR REPLACE INTO logs (core, next, floor, invalid)
       SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each(?)`,
      [JSON.stringify([...cursors].map(([core, { next, floor, invalid }]) => [core, next, floor, invalid]))],
    )
  }

  /** A log that lost its end, as after a power cut, will fill these places with other blocks. */
  async #dropLostBlocks(): Promise<void> {
    for (const log of this.#logs.values()) {
      const cursor = this.#cursors.get(log.core)
      if (!cursor || cursor.next <= log.length) continue
      await this.#remove(log.core, log.length, cursor.next, { ...cursor, next: log.length })
      this.#join(log)
    }
  }

  #remove(core: string, from: number, to: number, cursor: LogCursor): Promise<void> {
    return this.#exclusively(async () => {
      const written = await removeBlocks(
        { db: this.#options.db, writer: this.#writer, arrivals: this.#options.arrivals, logs: this.#logs },
        { core, from, to },
        () => this.#writeCursors(new Map([[core, cursor]])),
      )
      this.#cursors.set(core, cursor)
      for (const sessions of written) this.#options.onWritten({ added: [], sessions, lastPlace: -1 })
    })
  }

  /** One change of the index after the other. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined) // the caller is told; the next change has its own turn
    return result
  }
}
