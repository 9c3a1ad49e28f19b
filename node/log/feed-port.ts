import type { Event } from '../../core/events.ts'

/** What the feed of the team log reads, writes and keeps. */

/** A log of this device, as far as it is read for what is in it. */
export interface ReadBack {
  readonly length: number
  /** Blocks before this have been cleared. */
  readonly floor: number
  read(seq: number, limit: number): Promise<readonly { events: readonly Event[] }[]>
}

/** The device's private log, as far as the feed follows it. */
export interface FollowedPrivateLog extends ReadBack {
  onAppend(listener: () => void): () => void
}

/** The device's own log in the team. */
export interface FedLog extends ReadBack {
  append(batches: readonly (readonly Event[])[]): Promise<void>
  /** `lost` where peers have more of it than can be had: it must not be written any more. */
  recovered(): Promise<'ok' | 'lost'>
  /** Whether a peer has all of it. */
  isHeldByAPeer(): boolean
  /** Called when peers have another history of it. Returns how to stop. */
  onConflict(listener: () => void): () => void
}

/** A place in the private log, and the length of the own team log when everything before it was there. */
export interface FeedCursor {
  private: number
  team: number
}

/** How far the own team log has followed the private log. */
export interface FeedState {
  cursor: FeedCursor
  /** The last one of which a peer held everything. */
  confirmed: FeedCursor
  /** Length of the own team log when a backfill last ended; 0 where none has. */
  backfillEnd: number
}

export interface FeedStore {
  save(state: FeedState): Promise<void>
}
