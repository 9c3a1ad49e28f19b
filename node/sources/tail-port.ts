/** What the tailer says of files, and where it keeps its place. */

/** A file's place: everything before `offset` has been dealt with for good. */
export interface Cursor {
  path: string
  /** Decimal: it can exceed 2^53. */
  inode: string
  offset: number
  /** Hashes of the file's first bytes and of those before the offset, to notice another file under the same name. */
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

/** Takes the lines. Calls for one file never overlap, those for different files may. */
export interface LineSink {
  /** A file will be read from its beginning; lines before `resumeAt` were dealt with in an earlier run. */
  begin(path: string, resumeAt: number): void
  /**
   * The next lines of a file, in order; none where only `atEnd` is news. Awaited before more of it is read.
   * `atEnd`: nothing more stands in it now.
   * Answers the offset before which everything is dealt with for good, so that a later run may begin there; the end
   * of the last line, or anything behind it, means all. What was held here can be dealt with later: `Tail.dealtWith`.
   * A VibeTeaError is reported as the file's problem, and the file is begun again after a while.
   */
  lines(path: string, lines: readonly Line[], atEnd: boolean): Promise<number>
  /** A file that was begun is gone, or has been truncated or replaced and begins anew. */
  forget(path: string): void
}

/** Takes what a person should know of a file or folder: each once, until it changes. */
export interface ProblemReporter {
  problem(path: string, message: string, remedy: string): void
  /** What was reported of the path no longer holds. */
  solved(path: string): void
}
