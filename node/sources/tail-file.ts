import { stat } from 'node:fs/promises'
import { VibeTeaError } from '../../core/errors.ts'
import type { Timers } from '../../core/timers.ts'
import type { Cursor, DatabaseSink, DocumentSink, LineSink } from './tail-port.ts'
import { Unusable } from './tail-problems.ts'

/** A file is recent, and looked at every second, for so long after its last change. */
export const RECENT_MS = 5 * 60_000
/** A file can change again without its time changing: file systems keep as little as two seconds (FAT). */
export const COARSE_TIME_MS = 3000

/** What a file needs of the tailer. */
export interface FileHost {
  readonly sink: LineSink
  readonly documents: DocumentSink
  readonly databases: DatabaseSink
  readonly timers: Timers
  /** Whether to leave off between two pieces. */
  readonly stopping: boolean
  /** Whether a file is read from its beginning though all of it was dealt with in an earlier run. */
  isReadAgain(file: TailedFile): boolean
  /** The file's place has moved. */
  moved(file: TailedFile): void
  /** So many bytes were read, and so many lines skipped as too long. */
  advanced(bytes: number, skippedLines: number): void
  /** Visits the file again in so many ms. */
  again(file: TailedFile, ms: number): void
}

/** What a `stat` tells of a file. */
export interface Seen {
  size: number
  mtimeMs: number
  ino: number
}

/** One file that is followed: as it was last seen, how far it has been read, and up to where it is dealt with for good. */
export abstract class TailedFile {
  readonly path: string
  /** As last seen. */
  size = -1
  mtimeMs = 0
  /** When it began, ms; what is there at the start is read in this order. */
  beganMs = 0
  inode = 0

  constructor(path: string) {
    this.path = path
  }

  /** Its place, for the next run. */
  abstract readonly cursor: Cursor
  /** Whether what was just seen says that all of it was dealt with in an earlier run. */
  abstract readonly isUnchanged: boolean

  /**
   * Hands to its sink what that has not had; lines by way of `buffer`. Throws the system's error, Unusable where this
   * is no file or the sink says why it cannot take it, and what else the sink throws as the cause.
   */
  abstract read(host: FileHost, buffer: Buffer): Promise<void>
  /** Everything before `offset` is dealt with for good; the end of the last line taken, or more, means all taken. */
  abstract dealtWith(offset: number, host: FileHost): void
  /** Lets the sink forget what it knows of the file. */
  abstract forget(host: FileHost): void

  /** Looks at it, where `stats` does not tell already; whether it differs from the last look. */
  async look(stats?: Seen & { birthtimeMs: number }): Promise<boolean> {
    return this.see(stats ?? (await stat(this.path)))
  }

  isRecent(now: number): boolean {
    return now - this.mtimeMs < RECENT_MS
  }

  protected see(stats: Seen): boolean {
    const mtimeMs = Math.floor(stats.mtimeMs)
    const differs = stats.size !== this.size || mtimeMs !== this.mtimeMs || stats.ino !== this.inode
    this.size = stats.size
    this.mtimeMs = mtimeMs
    this.inode = stats.ino
    return differs
  }
}

/** Has a sink take something of a file, and says of what it throws which file's it is. */
export async function handOver<T>(path: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof VibeTeaError
      ? new Unusable(error.message, error.remedy, { cause: error })
      : new Error(`taking ${what} of ${path} failed`, { cause: error })
  }
}
