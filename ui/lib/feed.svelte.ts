import type { EventRow } from '../../core/api.ts'
import { weight } from '../../core/events.ts'
import { Counted } from './counted.ts'
import {
  beganAfter,
  eventsAfter,
  type FeedItem,
  FeedLines,
  firstRow,
  receivedAtOf,
  rowsOf,
} from './feed-lines.ts'
import { type Filters, matches, NO_FILTERS } from './filters.ts'
import { isLate } from './late.ts'
import { share } from './shared-text.ts'

/** The most rows that a page holds; past it the oldest go, a chunk at a time. */
const CAPACITY = 100_000
const CHUNK = 5_000
const FLUSH_MS = 100
/** When more came at once than fits on a screen, so that nobody could read it any faster. */
const FLOOD_FLUSH_MS = 250
const FLOOD_ROWS = 30
const HIDDEN_FLUSH_MS = 1000

export interface FeedOptions {
  filters?: Filters
  /** Whether rows of one session that say the same within seconds stand in one line. */
  bursts?: boolean
  isLate?: (row: EventRow) => boolean
  capacity?: number
  chunk?: number
  now?: () => number
  isHidden?: () => boolean
}

/**
 * Rows in the order in which they came, oldest first, in lines. They are plain objects, and one `version` tells that
 * something changed, at most ten times a second (four in a flood, once while hidden): making each row reactive costs a
 * hundred times as much. A line's index never changes, and is never another's: `base` is that of the oldest line held.
 */
export class Feed {
  version = $state(0)
  readonly filters: Filters
  /**
   * Where to stand for who stood at a line that has gone: where the feed ended when it last started over, or when that
   * place had gone as well. `base` where nothing was held then.
   */
  anchor = 0
  /** Events that have come since the feed last started over, those caught up on included. */
  arrived = 0
  /** Whether the oldest rows have gone: what comes before the others is missing. */
  #isCut = false
  #lines: FeedLines
  /** How many rows are held. */
  #held = 0
  /** Where each event stands, by source and id. */
  readonly #places = new Map<string, Map<string, number>>()
  /** What was caught up on: it stands nowhere. */
  readonly #counted: Counted
  readonly #bursts: boolean
  readonly #isLate: (row: EventRow) => boolean
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
    this.#bursts = options.bursts ?? false
    this.#lines = new FeedLines(this.#bursts, 0)
    this.#isLate = options.isLate ?? ((row) => isLate(row))
    this.#capacity = options.capacity ?? CAPACITY
    this.#chunk = options.chunk ?? CHUNK
    this.#counted = new Counted(this.#capacity)
    this.#now = options.now ?? (() => performance.now())
    this.#isHidden = options.isHidden ?? (() => false)
  }

  /** The index of the oldest line held. */
  get base(): number {
    return this.#lines.base
  }

  /** One past the index of the newest line. */
  get end(): number {
    return this.#lines.end
  }

  /** How many lines there are. */
  get size(): number {
    return this.#lines.items.length
  }

  /** Whether nothing older can be added: there is no room, or it would not join on, for the oldest rows have gone. */
  get isFull(): boolean {
    return this.#isCut || this.#held >= this.#capacity
  }

  at(index: number): FeedItem | undefined {
    return this.#lines.at(index)
  }

  /** Adds what has just come, oldest first, and answers what of it is new and not late. */
  append(rows: readonly EventRow[]): EventRow[] {
    const fresh: EventRow[] = []
    for (const row of rows) {
      if (!matches(this.filters, row) || this.#replace(row) || this.#counted.has(row)) continue
      this.arrived++
      if (this.#isLate(row)) {
        this.#lines.addLate(row)
        this.#counted.add(row)
        continue
      }
      this.#place(row, this.#lines.add(share(row)))
      fresh.push(row)
    }
    this.#trim()
    this.#touch()
    return fresh
  }

  /** Adds older rows that pass the filters, newest first, below what is there, and tells of it at once. For one not full. */
  prepend(rows: readonly EventRow[]): void {
    const older = new FeedLines(this.#bursts, 0)
    for (const row of [...rows].reverse()) if (!this.#replace(row)) older.add(share(row))
    this.#lines.prepend(older)
    older.items.forEach((item, i) => rowsOf(item).forEach((row) => this.#place(row, this.base + i)))
    clearTimeout(this.#timer)
    this.#flush()
  }

  /** Starts over with a page of rows that pass the filters, newest first, and tells of it at once. */
  reset(rows: readonly EventRow[]): void {
    // Older rows count down from here, never as far as to the indices of before.
    this.#lines = new FeedLines(this.#bursts, this.end + 2 * this.#capacity)
    this.#isCut = false
    this.#held = 0
    this.arrived = 0
    this.#places.clear()
    this.#counted.clear()
    for (const row of [...rows].reverse()) {
      if (!this.#replace(row)) this.#place(row, this.#lines.add(share(row)))
    }
    this.anchor = this.end
    clearTimeout(this.#timer)
    this.#flush()
  }

  /** The rows held, oldest first. */
  *rows(): Generator<EventRow> {
    for (const item of this.#lines.items) yield* rowsOf(item)
  }

  /** The newest line that began before a time in ms, to the second; null where none is held. */
  indexBefore(ms: number): number | null {
    // What a time begins with stands before all of that second.
    const limit = new Date(Math.ceil(ms / 1000) * 1000).toISOString().slice(0, 19)
    const { items } = this.#lines
    const found = items.findLastIndex((item) => (firstRow(item)?.timestamp ?? limit) < limit)
    return found < 0 ? null : this.base + found
  }

  /**
   * What came after a time of receipt: the index of the first of the newest lines that began after it, and how many
   * events came, also in lines below, which went on growing.
   */
  since(receivedAt: string): { index: number; events: number } {
    const { items } = this.#lines
    const events = items.reduce((sum, item) => sum + eventsAfter(item, receivedAt), 0)
    return { index: this.base + items.findLastIndex((item) => !beganAfter(item, receivedAt)) + 1, events }
  }

  /** When the newest row was received; null where nothing is held. */
  get receivedAt(): string | null {
    let latest = ''
    for (const item of this.#lines.items) {
      const at = receivedAtOf(item)
      if (at > latest) latest = at
    }
    return latest || null
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** Whether the event is here already; a heavier one takes the place of what was known of it. */
  #replace(row: EventRow): boolean {
    const index = this.#places.get(row.source)?.get(row.id)
    const item = index === undefined ? undefined : this.#lines.at(index)
    const known = item && rowsOf(item).find(({ id, source }) => id === row.id && source === row.source)
    if (index === undefined || !known) return false
    if (weight(row) > weight(known)) this.#lines.replace(index, known, share(row))
    return true
  }

  #place(row: EventRow, index: number): void {
    const places = this.#places.get(row.source) ?? new Map<string, number>()
    places.set(row.id, index)
    this.#places.set(row.source, places)
    this.#held++
  }

  #trim(): void {
    const excess = this.#held - this.#capacity
    if (excess <= 0) return
    const dropped = this.#lines.dropOldest(Math.ceil(excess / this.#chunk) * this.#chunk)
    this.#isCut = true
    if (this.anchor <= this.base) this.anchor = this.end
    for (const row of dropped.flatMap(rowsOf)) {
      this.#places.get(row.source)?.delete(row.id)
      this.#held--
    }
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
