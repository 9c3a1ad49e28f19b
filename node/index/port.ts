import type { Event, Tokens } from '../../core/events.ts'

/** A block of a log, checked, as the index takes it. */
export interface IndexedBlock {
  /** The log's name in the index: z32 of its key. */
  core: string
  seq: number
  events: readonly Event[]
  /** Events that were not valid and were left out. */
  invalid: number
}

/** When and in which order blocks came; kept in `state.db`, so that an index that is built anew agrees. */
export interface Arrival {
  /** Number of the range's first block in this node's arrival order, from 0. */
  number: number
  core: string
  /** Index of the range's first block in its log. */
  seq: number
  blocks: number
  /** ms since 1970; all blocks of a range have it. */
  receivedAt: number
}

export interface ArrivalStore {
  /** Random characters that name this order; another `state.db` has another, and cursors of the two do not mix. */
  readonly orderId: string
  /** All ranges, in order. */
  all(): Promise<Arrival[]>
  /** Notes that blocks came, extending the last range where they follow it within the same second. */
  note(core: string, seq: number, blocks: number, receivedAt: number): Promise<Arrival>
}

/** A log as the indexer reads it: `log/` gives it. Only blocks that are here are read; nothing is waited for. */
export interface ReadableLog {
  readonly core: string
  readonly source: string
  /** Blocks before this have been cleared. */
  readonly floor: number
  readonly length: number
  /** Blocks from `seq` on, at most `limit`; unreadable ones come with no events and are counted. */
  read(seq: number, limit: number): Promise<IndexedBlock[]>
  /** Called after each append. Returns how to stop. */
  onAppend(listener: () => void): () => void
}

/** What intake asks of the index, to keep what was recorded already from being recorded again. */
export interface KnownEvents {
  /** Which of these ids of one source are indexed, with a response's tokens. */
  known(source: string, ids: readonly string[]): Promise<Map<string, Tokens | null>>
  /** All events of those of a source's sessions that have not ended, by session, in time order. */
  openSessions(source: string): Promise<Map<string, Event[]>>
  /** All events of some of a source's sessions, by session, in time order. */
  sessionEvents(source: string, sessionIds: readonly string[]): Promise<Map<string, Event[]>>
}
