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
  /** Whether a file in a watched directory is a session file; `relative` is below that directory, with `/`. */
  isSessionFile(relative: string): boolean
  /** Whether a file's first lines are this assistant's, wherever the file lies. Given at most 50 lines. */
  recognises(firstLines: readonly Buffer[]): boolean
  /** Starts reading a file from its beginning. */
  open(file: SessionFile): Reader
  /** Follows what the assistant says about its running processes, where it says it; absent where it does not. */
  liveness?(directories: readonly string[]): Liveness
}

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

/** Reads one append-only file, a line at a time, in order. What it returns depends on the lines alone. */
export interface Reader {
  /**
   * Reads the line that begins at byte `offset`, given without its end. Whatever it is, it never throws.
   * A response is held until a record closes it.
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

/** What running processes of an assistant say of their sessions. Only ids, a status and times are taken. */
export interface Liveness {
  /** Reads anew; drafts for sessions that have begun to wait for an answer since, or no longer do (`unknown`). */
  poll(): Promise<Draft[]>
  /** Whether a process of the session lives; undefined where processes tell nothing of themselves. */
  isAlive(sessionId: string): boolean | undefined
  /** Directories whose changes call for a `poll`. */
  readonly watched: readonly string[]
}
