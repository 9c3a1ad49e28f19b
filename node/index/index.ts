import type {
  EventRow,
  EventsAnswer,
  HeatmapAnswer,
  Meeting,
  Overlap,
  SessionRow,
  StatsAnswer,
  TimelineAnswer,
} from '../../core/api.ts'
import { VibeTeaError } from '../../core/errors.ts'
import type { Event } from '../../core/events.ts'
import type { Database } from '../sqlite.ts'
import { isDamage } from '../sqlite-file.ts'
import type { HeatmapBeside, HeatmapOptions } from './counts.ts'
import { heatmap, lastBucketAt, projects, totals } from './counts.ts'
import { cursorOf } from './cursor.ts'
import type { FeedQuery } from './feed.ts'
import type { FeedFilter } from './feed-filter.ts'
import { Feed } from './feed.ts'
import { endOf } from './followed-log.ts'
import { Indexer } from './indexer.ts'
import { Known } from './known.ts'
import { meetingsIn } from './meetings.ts'
import { overlapsAt } from './overlaps.ts'
import type { OverviewQuery } from './overview.ts'
import { lastSessions, sessionsAt } from './overview.ts'
import type { ArrivalStore, KnownEvents, ReadableLog } from './port.ts'
import { eventRow } from './rows.ts'
import type { Handles } from './schema.ts'
import { deleteIndex, openIndex } from './schema.ts'
import { sessionRow } from './session-fold.ts'
import type { TimelineOptions } from './timeline.ts'
import { timeline } from './timeline.ts'
import type { StatsOptions } from './usage.ts'
import { stats } from './usage.ts'
import type { Written } from './writer.ts'

export interface IndexOptions {
  arrivals: ArrivalStore
  /** ms since 1970. */
  now: () => number
  /** Is told what a person should know, in sentences; once for each spell of failures. */
  log: (level: 'warning' | 'error', message: string) => void
}

/** How far the index is in a log. */
export interface IndexedLog {
  core: string
  /** Blocks before this are in the index, or will never be. */
  next: number
  /** Events of its blocks that were not valid and were left out. */
  invalid: number
}

/** Everything that can be asked about events, sessions and counts; built from logs alone. */
export class Index {
  /** What intake asks. */
  readonly known: KnownEvents
  readonly #handles: Handles
  readonly #options: IndexOptions
  readonly #feed: Feed
  readonly #rowListeners = new Set<(rows: readonly EventRow[], head: string) => void>()
  readonly #sessionListeners = new Set<(sessions: readonly SessionRow[]) => void>()
  #indexer!: Indexer
  #headRow = -1
  /** Of rows up to here listeners have been told, where they had to be. */
  #readable = -1

  private constructor(handles: Handles, options: IndexOptions) {
    this.#handles = handles
    this.#options = options
    this.#feed = new Feed(handles.reader, options.arrivals.orderId, () => this.#readable)
    this.known = new Known(handles.reader)
  }

  /**
   * Opens `index.db`, making it where it does not exist. One that cannot be used is made anew, with a notice. Throws a
   * VibeTeaError where it can be neither opened nor made.
   */
  static async open(path: string, options: IndexOptions): Promise<Index> {
    const { orderId } = options.arrivals
    let handles = await openIndex(path, orderId)
    const refusal = await refusalOf(handles.writer, options.arrivals)
    if (refusal !== null) {
      await Promise.all([handles.writer.close(), handles.reader.close()])
      await deleteIndex(path)
      handles = { ...(await openIndex(path, orderId)), discarded: refusal }
    }
    if (handles.discarded !== null) options.log('warning', `${handles.discarded} It is being built anew.`)
    const index = new Index(handles, options)
    index.#headRow = await index.#feed.lastRow()
    index.#readable = await index.#feed.lastPlace()
    index.#indexer = await Indexer.open({
      db: handles.writer,
      path,
      arrivals: options.arrivals,
      now: options.now,
      onWritten: (written) => index.#tell(written),
      onProblem: (error) => index.#report(error),
    })
    return index
  }

  /** Indexes a log, now and as it grows. Returns how to stop. */
  follow(log: ReadableLog): () => void {
    return this.#indexer.follow(log)
  }

  /** Resolves when all blocks that are here have been indexed; rejects with a VibeTeaError where they could not be. */
  caughtUp(): Promise<void> {
    return this.#indexer.caughtUp()
  }

  /** Takes out what stood in blocks of a log before `beforeSeq`. */
  prune(core: string, beforeSeq: number): Promise<void> {
    return this.#indexer.prune(core, beforeSeq)
  }

  /** Takes out all that stood in a log and that it was ever here; it is followed no more. */
  forget(core: string): Promise<void> {
    return this.#indexer.forget(core)
  }

  /** The cursor of the newest row. */
  get head(): string {
    return cursorOf(this.#options.arrivals.orderId, this.#headRow)
  }

  /** A page of events, newest first. Throws a VibeTeaError (`invalid_cursor`). */
  events(query: FeedQuery): Promise<EventsAnswer> {
    return this.#feed.events(query)
  }

  /**
   * The rows after a cursor, oldest first, of which `onRows` has told; null where it is not one of this node's or more
   * than `limit` follow. A row cannot be read before it is told of, so that who resumes from one gets none twice.
   */
  after(cursor: string, limit: number): Promise<EventRow[] | null> {
    return this.#feed.after(cursor, limit)
  }

  /** All events that a filter lets through, oldest first, some at a time. */
  inTimeOrder(filter: FeedFilter): AsyncGenerator<Event[]> {
    return this.#feed.inTimeOrder(filter)
  }

  sessions(query: OverviewQuery = {}): Promise<SessionRow[]> {
    return sessionsAt(this.#handles.reader, query, this.#options.now())
  }

  /** Throws a RangeError for a time zone that does not exist. */
  heatmap(options: HeatmapOptions, beside: HeatmapBeside = {}): Promise<HeatmapAnswer> {
    return heatmap(this.#handles.reader, options, beside, this.#options.now())
  }

  /** The quarter of an hour in which a source's last event was, as it begins, ms since 1970; null where it has none. */
  lastBucketAt(source: string): Promise<number | null> {
    return lastBucketAt(this.#handles.reader, source)
  }

  /** Counts of some days by one thing. Throws a RangeError for a time zone that does not exist. */
  stats(options: StatsOptions): Promise<StatsAnswer> {
    return stats(this.#handles.reader, options, this.#options.now())
  }

  /** Files that more than one session is editing; `self` is the source of this machine. */
  overlaps(self: string): Promise<Overlap[]> {
    return overlapsAt(this.#handles.reader, self, this.#options.now())
  }

  /** When sessions met in a file, from `from` to `to` (ms), the latest first. */
  meetings(self: string, from: number, to: number): Promise<Meeting[]> {
    return meetingsIn(this.#handles.reader, self, from, to)
  }

  /** Sessions with events in a time, with those events' density. */
  timeline(options: TimelineOptions): Promise<Omit<TimelineAnswer, 'gaps'>> {
    return timeline(this.#handles.reader, options, this.#options.now())
  }

  /** Projects of which a source has events, by name and tag. */
  projects(source: string): Promise<{ project: string; projectTag?: string }[]> {
    return projects(this.#handles.reader, source)
  }

  /** Events in all, by source. */
  totals(): Promise<{ source: string; events: number }[]> {
    return totals(this.#handles.reader)
  }

  /** When something last happened in a session, ms since 1970, by source. */
  lastSessions(): Promise<{ source: string; lastAt: number }[]> {
    return lastSessions(this.#handles.reader)
  }

  /** How far the index is in each log that it has met. */
  logs(): Promise<IndexedLog[]> {
    return this.#handles.reader.all<IndexedLog>('SELECT core, next, invalid FROM logs ORDER BY core')
  }

  /** Blocks of a log that are in the index, or will never be. */
  indexed(core: string): number {
    return this.#indexer.next(core)
  }

  /** New rows, in arrival order and each once, after they are in the index. Returns how to stop. */
  onRows(listener: (rows: readonly EventRow[], head: string) => void): () => void {
    this.#rowListeners.add(listener)
    return () => this.#rowListeners.delete(listener)
  }

  /** Sessions that changed, as they are now. Returns how to stop. */
  onSessions(listener: (sessions: readonly SessionRow[]) => void): () => void {
    this.#sessionListeners.add(listener)
    return () => this.#sessionListeners.delete(listener)
  }

  /** Lets what is being written end, and closes the file. */
  async close(): Promise<void> {
    await this.#indexer.close()
    await this.#handles.reader.close()
    await this.#handles.writer.close()
  }

  /** Rows before the head belong to a log that joined late: whoever is past them would get them out of order. */
  #tell({ added, sessions, lastPlace }: Written): void {
    const { orderId } = this.#options.arrivals
    const fresh = added.filter(({ row }) => row > this.#headRow)
    this.#headRow = fresh.at(-1)?.row ?? this.#headRow
    this.#readable = Math.max(this.#readable, lastPlace)
    if (fresh.length > 0 && this.#rowListeners.size > 0) {
      const rows = fresh.map((entry) => eventRow(orderId, entry))
      for (const listener of this.#rowListeners) listener(rows, this.head)
    }
    if (sessions.length > 0 && this.#sessionListeners.size > 0) {
      const rows = sessions.map((fold) => sessionRow(fold, this.#options.now()))
      for (const listener of this.#sessionListeners) listener(rows)
    }
  }

  #report(error: unknown): void {
    if (!(error instanceof VibeTeaError)) throw error
    this.#options.log('error', error.sentence)
  }
}

/** Why an index cannot go on from where it is, a sentence; null where it can. */
async function refusalOf(db: Database, arrivals: ArrivalStore): Promise<string | null> {
  try {
    return (await isAhead(db, arrivals)) ? 'The index was ahead of state.db.' : null
  } catch (error) {
    if (isDamage(error)) return 'The index was damaged.'
    throw error
  }
}

/** Whether the index has blocks that `state.db` has not noted, as when the latter lost its last writes. */
async function isAhead(db: Database, arrivals: ArrivalStore): Promise<boolean> {
  const logs = await db.all<{ core: string; next: number; floor: number }>(
    'SELECT core, next, floor FROM logs',
  )
  if (logs.length === 0) return false
  const noted = new Map<string, number>()
  for (const range of await arrivals.all()) {
    noted.set(range.core, Math.max(noted.get(range.core) ?? 0, endOf(range)))
  }
  return logs.some(({ core, next, floor }) => next > Math.max(noted.get(core) ?? 0, floor))
}
