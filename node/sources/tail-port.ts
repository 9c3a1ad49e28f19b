/** What the tailer says of files, and where it keeps its place. */

/** A file's place: everything before `offset` has been dealt with for good. */
export interface Cursor {
  path: string
  /** Decimal: it can exceed 2^53. */
  inode: string
  offset: number
  /** Hash of the file's first bytes, to notice another file under the same name. */
  head: string
  headBytes: number
  /** When the file was last seen, ms. */
  seenAt: number
}

export interface CursorStore {
  load(): Promise<Cursor[]>
  save(cursors: readonly Cursor[]): Promise<void>
  remove(paths: readonly string[]): Promise<void>
}

export interface Line {
  /** The offset of its first byte. */
  start: number
  /** Without its end; valid only during the call. */
  bytes: Buffer
}

export interface LineSink {
  /** A file will be read from its beginning; lines before `resumeAt` were dealt with in an earlier run. */
  begin(path: string, resumeAt: number): void
  /**
   * The next lines of a file, in order. Awaited before more of it is read. `atEnd`: nothing more stands in it now.
   * Answers where the oldest line begins that is still held, null where all are dealt with for good: a later run
   * begins there. May take long while the disk is full; it rejects only when the node stops.
   */
  lines(path: string, lines: readonly Line[], atEnd: boolean): Promise<number | null>
  /** The file is gone, or has been truncated or replaced and begins anew. */
  forget(path: string): void
}
