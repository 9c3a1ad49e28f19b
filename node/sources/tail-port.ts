/** What the tailer says of files, and where it keeps its place. */

/**
 * A file's place. Of lines: everything before `offset` has been dealt with for good. Of a document: `offset` is its size
 * where all of it has been, else 0. Of a database: `offset` is the mark, see `Changes`.
 */
export interface Cursor {
  path: string
  /** Decimal: it can exceed 2^53. */
  inode: string
  offset: number
  /**
   * To notice another file under the same name, or a change: of lines hashes of the first bytes and of those before the
   * offset, of others what the system tells of the file.
   */
  head: string
  /** Of lines, how many first bytes there are a hash of; else 0. */
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

/** Takes documents. Calls for one file never overlap, those for different files may. */
export interface DocumentSink {
  /**
   * All of a document as it is now. Where it is no `news`, it was dealt with in an earlier run. `isStopping` is asked
   * now and then: then the rest is left. A VibeTeaError is reported as the file's problem.
   */
  document(
    path: string,
    bytes: Buffer,
    reading: { isNews: boolean; isStopping: () => boolean },
  ): Promise<DocumentReading>
  /** A file that was handed over is gone, or has not changed for long. */
  forget(path: string): void
}

export interface DocumentReading {
  /** Whether everything in it is dealt with for good; what was held can be dealt with later: `Tail.dealtWith`. */
  isDealtWith: boolean
  /** Some of it could not be read, or all: it may have been half written. */
  damage: 'none' | 'some' | 'all'
}

/** Takes databases. Calls for one file never overlap, those for different files may. */
export interface DatabaseSink {
  /**
   * Deals with what was changed in a database since the mark, and tells of each mark before which everything is dealt
   * with for good. `isStopping` is asked now and then: then the rest is left. A VibeTeaError is reported as the file's
   * problem, and tried again after a while.
   */
  changes(
    path: string,
    since: number,
    reading: { marked: (mark: number) => void; isStopping: () => boolean },
  ): Promise<void>
  /** A file that was handed over is gone or replaced, or has not changed for long. */
  forget(path: string): void
}

/** Takes what a person should know of a file or folder: each once, until it changes. */
export interface ProblemReporter {
  problem(path: string, message: string, remedy: string): void
  /** What was reported of the path no longer holds. */
  solved(path: string): void
}
