import type { EventRow } from '../../core/api.ts'
import { weight } from '../../core/events.ts'
import { SESSION_GAP_MS } from '../../core/lifecycle.ts'
import { type Filters, matches, NO_FILTERS } from './filters.ts'

/** The most rows that a page holds; past it the oldest go, a chunk at a time. */
export const CAPACITY = 120_000
const CHUNK = 5_000
/**
 * What comes this much after it happened was caught up on, and is folded into one line. That a session is over is known
 * half an hour after its last event, whose time its end bears: that is not late.
 */
export const LATE_MS = 2 * SESSION_GAP_MS
const FLUSH_MS = 100
/** When more came at once than fits on a screen, so that nobody could read it any faster. */
const FLOOD_FLUSH_MS = 250
const FLOOD_ROWS = 30
const HIDDEN_FLUSH_MS = 1000

/** Rows that came long after they happened: a backfill, a laptop that was offline. */
export interface Fold {
  isFold: true
  count: number
  /** Event times of the first and the last, ms. */
  from: number
  to: number
}

export type FeedItem = EventRow | Fold

export const isFold = (item: FeedItem): item is Fold => 'isFold' in item

export interface FeedOptions {
  filters?: Filters
  capacity?: number
  chunk?: number
  now?: () => number
  isHidden?: () => boolean
}

/**
 * Rows in the order in which they came, oldest first. They are plain objects, and one `version` tells that something
 * changed, at most ten times a second (four in a flood, once while hidden): making each row reactive costs a hundred
 * times as much. A row's index never changes, and is never another's: `base` is that of the oldest row held.
 */
export class Feed {
  version = $state(0)
  readonly filters: Filters
  base = 0
  /**
   * Where to stand for who stood at a row that has gone: where the feed ended when it last started over, or when that
   * place had gone as well. `base` where nothing was held then.
   */
  anchor = 0
  /** Whether the oldest rows have gone: what comes before the others is missing. */
  #isCut = false
  #items: FeedItem[] = []
  /** Where each event stands, by source and id. */
  readonly #places = new Map<string, Map<string, number>>()
  readonly #capacity: number
  readonly #chunk: number
  readonly #now: () => number
  readonly #isHidden: () => boolean
  #flushedAt = -Infinity
  /** Where the feed ended at the last flush. */
  #flushedEnd = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(options: FeedOptions = {}) {
    this.filters = options.filters ?? NO_FILTERS
    this.#capacity = options.capacity ?? CAPACITY
    this.#chunk = options.chunk ?? CHUNK
    this.#now = options.now ?? (() => performance.now())
    this.#isHidden = options.isHidden ?? (() => false)
  }

  /** One past the index of the newest item. */
  get end(): number {
    return this.base + this.#items.length
  }

  get size(): number {
    return this.#items.length
  }

  /** Whether nothing older can be added: there is no room, or it would not join on, for the oldest rows have gone. */
  get isFull(): boolean {
    return this.#isCut || this.#items.length >= this.#capacity
  }

  at(index: number): FeedItem | undefined {
    return this.#items[index - this.base]
  }

  /** The items from one index up to another, newest first. */
  newestFirst(from: number, to: number): FeedItem[] {
    return this.#items.slice(Math.max(0, from - this.base), Math.max(0, to - this.base)).reverse()
  }

  /** Adds what has just come, oldest first, and answers what of it is new and not late. */
  append(rows: readonly EventRow[]): EventRow[] {
    const fresh: EventRow[] = []
    for (const row of rows) {
      if (!matches(this.filters, row) || this.#replace(row)) continue
      if (Date.parse(row.receivedAt) - Date.parse(row.timestamp) > LATE_MS) {
        this.#fold(Date.parse(row.timestamp))
        continue
      }
      this.#place(row, this.end)
      this.#items.push(row)
      fresh.push(row)
    }
    this.#trim()
    this.#touch()
    return fresh
  }

  /** Adds older rows that pass the filters, newest first, below what is there. For a feed that is not full. */
  prepend(rows: readonly EventRow[]): void {
    const older = rows.filter((row) => !this.#replace(row)).reverse()
    this.base -= older.length
    this.#items = [...older, ...this.#items]
    older.forEach((row, i) => this.#place(row, this.base + i))
    this.#touch()
  }

  /** Starts over with a page of rows that pass the filters, newest first, and tells of it at once. */
  reset(rows: readonly EventRow[]): void {
    // Older rows count down from here, never as far as to the indices of before.
    this.base = this.end + 2 * this.#capacity
    this.#isCut = false
    this.#items = []
    this.#places.clear()
    for (const row of [...rows].reverse()) {
      if (this.#replace(row)) continue
      this.#place(row, this.end)
      this.#items.push(row)
    }
    this.anchor = this.end
    clearTimeout(this.#timer)
    this.#flush()
  }

  /** The rows held, oldest first. */
  *rows(): Generator<EventRow> {
    for (const item of this.#items) if (!isFold(item)) yield item
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** Whether the event is here already; a heavier one takes the place of what was known of it. */
  #replace(row: EventRow): boolean {
    const index = this.#places.get(row.source)?.get(row.id)
    if (index === undefined) return false
    const known = this.at(index) as EventRow
    if (weight(row) > weight(known)) this.#items[index - this.base] = row
    return true
  }

  #place(row: EventRow, index: number): void {
    const places = this.#places.get(row.source) ?? new Map<string, number>()
    places.set(row.id, index)
    this.#places.set(row.source, places)
  }

  #fold(at: number): void {
    const last = this.#items.at(-1)
    if (last && isFold(last)) {
      const { count, from, to } = last
      const fold: Fold = { isFold: true, count: count + 1, from: Math.min(from, at), to: Math.max(to, at) }
      this.#items[this.#items.length - 1] = fold
    } else {
      this.#items.push({ isFold: true, count: 1, from: at, to: at })
    }
  }

  #trim(): void {
    if (this.#items.length <= this.#capacity) return
    const excess = this.#items.length - this.#capacity
    const dropped = this.#items.splice(0, Math.ceil(excess / this.#chunk) * this.#chunk)
    this.base += dropped.length
    this.#isCut = true
    if (this.anchor <= this.base) this.anchor = this.end
    for (const item of dropped) if (!isFold(item)) this.#places.get(item.source)?.delete(item.id)
  }

  #touch(): void {
    if (this.#timer !== undefined) return
    const isFlood = this.end - this.#flushedEnd > FLOOD_ROWS
    const interval = this.#isHidden() ? HIDDEN_FLUSH_MS : isFlood ? FLOOD_FLUSH_MS : FLUSH_MS
    const wait = this.#flushedAt + interval - this.#now()
    if (wait <= 0) this.#flush()
    else this.#timer = setTimeout(() => this.#flush(), wait)
  }

  #flush(): void {
    this.#timer = undefined
    this.#flushedAt = this.#now()
    this.#flushedEnd = this.end
    this.version++
  }
}
