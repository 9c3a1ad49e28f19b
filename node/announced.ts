import type { SessionRow } from '../core/api.ts'
import type { Event } from '../core/events.ts'
import { isSessionFound, searchedWords } from '../core/search.ts'
import type { OverviewQuery } from './index/overview.ts'
import { emptyFold, foldIn, sessionRow } from './index/session-fold.ts'

/** Sessions at most; what is announced beyond comes with its first record. */
const MAX_SESSIONS = 64

export interface AnnouncedOptions {
  /** Whether a process of a session lives; undefined where that is not known. */
  isAlive(sessionId: string): boolean | undefined
  /** ms since 1970. */
  now(): number
}

/**
 * Sessions that an assistant has opened and in which nothing has been done yet. They stand in this node's own overview
 * and nowhere else: many never get a record, and a session without one is none.
 */
export class Announced {
  readonly #options: AnnouncedOptions
  /** The `started` that each would have, by session. */
  readonly #starts = new Map<string, Event>()
  readonly #listeners = new Set<(rows: readonly SessionRow[]) => void>()

  constructor(options: AnnouncedOptions) {
    this.#options = options
  }

  /** A session was opened; its `started` as it would be now. */
  opened(start: Event): void {
    const { sessionId } = start.payload
    if (this.#starts.has(sessionId) || this.#starts.size >= MAX_SESSIONS) return
    this.#starts.set(sessionId, start)
    this.#tell(this.#row(start))
  }

  /** A session was left, perhaps one in which nothing was done. */
  left(sessionId: string): void {
    const start = this.#starts.get(sessionId)
    if (!start) return
    this.#starts.delete(sessionId)
    this.#tell({ ...this.#row(start), state: 'ended', endedAt: new Date(this.#options.now()).toISOString() })
  }

  /** Sessions that are known by their events from now on. */
  begun(rows: readonly SessionRow[]): void {
    for (const { sessionId } of rows) this.#starts.delete(sessionId)
  }

  /** The rows among those that are asked for. */
  rows({ state, from = -Infinity, to = Infinity, q }: OverviewQuery): SessionRow[] {
    const rows: SessionRow[] = []
    for (const [id, start] of this.#starts) {
      const row = this.#row(start)
      if (row.state === 'ended' || this.#options.isAlive(id) === false) this.#starts.delete(id)
      else rows.push(row)
    }
    const isIn = (at: number) => at >= from && at < to
    const words = q === undefined ? [] : searchedWords(q)
    return rows.filter(
      (row) =>
        isIn(Date.parse(row.startedAt)) && (state?.includes(row.state) ?? true) && isSessionFound(words, row),
    )
  }

  /** Returns how to stop. */
  onChange(listener: (rows: readonly SessionRow[]) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #tell(row: SessionRow): void {
    for (const listener of this.#listeners) listener([row])
  }

  #row(start: Event): SessionRow {
    const at = Date.parse(start.timestamp)
    const fold = emptyFold(start.source, start.payload.sessionId)
    foldIn(fold, { event: start, at, receivedAt: at, row: 0, carried: 0, isAhead: false })
    return sessionRow(fold, this.#options.now())
  }
}
