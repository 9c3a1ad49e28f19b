import type { Assistant } from '../../core/events.ts'
import type { Draft } from '../../core/rule.ts'
import type { LocalFields } from '../../core/api.ts'

/**
 * The port of an assistant: one adapter is one file, and one line in `adapters.ts`. It knows the assistant's files and
 * nothing of watching, cursors, teams or logs. Every adapter passes `tests/node/sources/adapter-acceptance.ts`.
 */
export interface Adapter {
  readonly assistant: Assistant
  /** The setting that names its directories, comma-separated: `VIBETEA_CLAUDE_DIR`. */
  readonly variable: string
  /** Where it keeps its sessions when no setting says so. Absolute; they need not exist. */
  defaultDirectories(env: Environment): string[]
  /** The directories below one of those that hold session files and are watched, recursively. Absolute. */
  watched(directory: string): string[]
  /** Whether a folder in a watched directory can hold session files, and is watched too; all are where it is absent. */
  enters?(relative: string): boolean
  /** How a file in a watched directory is read; null where it is no session file. `relative` is below it, with `/`. */
  formOf(relative: string): Form | null
  /**
   * How a file that lies anywhere is read, null where it is not this assistant's. Given those of its first 50 lines
   * that hold a record, and then, where those tell nobody anything, all of it as one: a document, or an SQLite
   * database's first bytes.
   */
  recognises(head: readonly Buffer[]): Form | null
  /** Starts reading a file of lines, or a document, from its beginning. */
  open(file: SessionFile): Reader
  /**
   * The pieces of a document, each read as a line; of a compressed one that is not whole the last is `DAMAGED`
   * (documents.ts). The whole of it is one piece where this is absent. Never throws.
   */
  pieces?(document: Buffer): Iterable<Buffer>
  /** Opens a database for reading; there where `formOf` answers 'database'. Throws a `VibeTeaError`. */
  openDatabase?(path: string): Promise<DatabaseReader>
  /** Follows what the assistant says about its running processes, where it says it; absent where it does not. */
  liveness?(directories: readonly string[]): Liveness
}

/**
 * How a session file is read. `lines`: one record a line, appended. `document`: rewritten whole, or compressed; read
 * anew from its beginning whenever it has changed. `database`: SQLite, asked for what has changed.
 */
export type Form = 'lines' | 'document' | 'database'

export interface Environment {
  env: Readonly<Record<string, string | undefined>>
  homeDirectory: string
}

export interface SessionFile {
  /** Absolute. */
  path: string
  /** The session to which records without a session id belong, from the file's name or place. */
  sessionId: string
}

/**
 * Reads one file, a line or a piece of a document at a time, in order. What it returns depends on these alone, or,
 * where an assistant keeps a session in several documents, on those beside it.
 */
export interface Reader {
  /**
   * Reads the line that begins at byte `offset`, given without its end; 0 for each piece of a document. Whatever it is,
   * it never throws. A response is held until a record closes it.
   */
  read(line: Buffer, offset: number): Draft[]
  /** Gives up what is held, as nothing more came for a while. */
  flush(): Draft[]
  /** Where the oldest line begins whose drafts are held; null where nothing is held. */
  readonly heldFrom: number | null
  /** Lines so far that could not be read. */
  readonly invalidLines: number
  /** What only this machine's owner sees of the session. */
  readonly local: LocalFields
  /** The session of the last record, as the assistant has it. */
  readonly sessionId: string
}

/** Reads a database, which others write. Never changes it, and holds up nobody who does. */
export interface DatabaseReader {
  /**
   * What was changed at `since` or later, oldest first, in pieces that are quickly recorded. The first reading is from
   * 0; a later run begins where an earlier one left off, and may be given some of it again. Rejects with a
   * `VibeTeaError` that says what is wrong with the file: it is tried again after a while.
   */
  changes(since: number): AsyncIterable<Changes>
  /**
   * What only this machine's owner sees of the sessions that were changed since then, ms since 1970, by the assistant's
   * own session id: asked once in a run, for a later run begins where an earlier one left off.
   */
  recentLocals?(since: number): Promise<ReadonlyMap<string, LocalFields>>
  close(): Promise<void>
}

export interface Changes {
  drafts: Draft[]
  /** Everything changed before this is in these drafts or in earlier ones; as the database counts, not below 0. */
  mark: number
  /** What only this machine's owner sees, by the assistant's own session id. */
  locals: ReadonlyMap<string, LocalFields>
}

/** What running processes of an assistant say of their sessions. Only ids, a status and times are taken. */
export interface Liveness {
  /** Reads anew; drafts for sessions that have begun to wait for an answer since, or no longer do (`unknown`). */
  poll(): Promise<Draft[]>
  /** Whether a process of the session lives; undefined where processes tell nothing of themselves. */
  isAlive(sessionId: string): boolean | undefined
  /** Whether a process that lives says of the session when it waits: then nobody else need. */
  tellsWaits(sessionId: string): boolean
  /** Directories whose changes call for a `poll`. */
  readonly watched: readonly string[]
}
