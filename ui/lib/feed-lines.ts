import type { EventRow } from '../../core/api.ts'

/** Rows of one session that say the same within this time of the first of them stand in one line. */
export const BURST_MS = 10_000
/** What is caught up on goes on in the line of before, where that grew within this time: one log comes in many batches. */
const CATCH_UP_MS = 30_000

/** Some rows in one line, in the order in which they came; at least two. None is left out. */
export interface Burst {
  readonly rows: EventRow[]
}

/** Rows that came long after they happened: a backfill, a laptop that was offline. They are counted, not held. */
export interface Fold {
  /** When each of them was received, ms, in the order in which they came. */
  readonly arrivals: number[]
  /** Whose they are, and how many of each. */
  readonly bySource: Map<string, number>
  /** Event times of the first and the last, ms. */
  from: number
  to: number
  /** When the last of them was received. */
  receivedAt: string
}

/** What stands in one line of a feed. */
export type FeedItem = EventRow | Burst | Fold

export const isBurst = (item: FeedItem): item is Burst => 'rows' in item
export const isFold = (item: FeedItem): item is Fold => 'bySource' in item

/** The rows of a line that are held, in the order in which they came. */
export function rowsOf(item: FeedItem): readonly EventRow[] {
  if (isFold(item)) return []
  return isBurst(item) ? item.rows : [item]
}

/** The first row of a line; of what was caught up on none is held. */
export const firstRow = (item: FeedItem): EventRow | null => rowsOf(item)[0] ?? null

/** Whether a line began after a time of receipt, RFC 3339 UTC. */
export const beganAfter = (item: FeedItem, receivedAt: string): boolean =>
  isFold(item) ? item.arrivals[0]! > Date.parse(receivedAt) : rowsOf(item)[0]!.receivedAt > receivedAt

/** How many events of a line came after a time of receipt, RFC 3339 UTC. */
export function eventsAfter(item: FeedItem, receivedAt: string): number {
  if (!isFold(item)) {
    let events = 0
    for (const row of rowsOf(item)) if (row.receivedAt > receivedAt) events++
    return events
  }
  if (item.receivedAt <= receivedAt) return 0
  const ms = Date.parse(receivedAt)
  return item.arrivals.filter((at) => at > ms).length
}

/** When the last of a line was received, RFC 3339 UTC. */
export const receivedAtOf = (item: FeedItem): string =>
  isFold(item) ? item.receivedAt : rowsOf(item).at(-1)!.receivedAt

/**
 * What rows of one line have in common; null for what always stands alone: what a person did or has to do, and where a
 * session begins and ends.
 */
function burstKey({ source, eventType, payload }: EventRow): string | null {
  const whose = `${source} ${payload.sessionId}`
  switch (eventType) {
    case 'tool':
      return `${whose} tool ${payload.tool}`
    case 'activity':
      return payload.kind === 'response' ? `${whose} response` : null
    case 'agent':
      return `${whose} agent ${payload.state}`
    case 'error':
      return `${whose} error ${payload.category}`
    default:
      return null
  }
}

/** The lines of a feed, oldest first. A line's index never changes while it is held. */
export class FeedLines {
  /** The index of the oldest line. */
  base: number
  items: FeedItem[] = []
  /** The line that a row of a kind may still join, by `burstKey`. */
  readonly #open = new Map<string, { index: number; at: number }>()
  #lastFold: { index: number; at: number } | null = null
  readonly #bursts: boolean

  constructor(bursts: boolean, base: number) {
    this.#bursts = bursts
    this.base = base
  }

  /** One past the index of the newest line. */
  get end(): number {
    return this.base + this.items.length
  }

  at(index: number): FeedItem | undefined {
    return this.items[index - this.base]
  }

  /** Adds the newest row, and answers the index of its line. */
  add(row: EventRow): number {
    const key = this.#bursts ? burstKey(row) : null
    const at = key === null ? 0 : Date.parse(row.timestamp)
    const open = key === null ? undefined : this.#open.get(key)
    const item = open && this.at(open.index)
    if (open && item && Math.abs(at - open.at) <= BURST_MS) {
      if (isBurst(item)) item.rows.push(row)
      else this.items[open.index - this.base] = { rows: [item as EventRow, row] }
      return open.index
    }
    if (key !== null) this.#open.set(key, { index: this.end, at })
    this.items.push(row)
    return this.end - 1
  }

  /** Adds a row that came late. */
  addLate({ source, timestamp, receivedAt }: EventRow): void {
    const at = Date.parse(timestamp)
    const received = Date.parse(receivedAt)
    const last = this.#lastFold && this.at(this.#lastFold.index)
    if (last && isFold(last) && received - this.#lastFold!.at <= CATCH_UP_MS) {
      last.arrivals.push(received)
      last.bySource.set(source, (last.bySource.get(source) ?? 0) + 1)
      last.from = Math.min(last.from, at)
      last.to = Math.max(last.to, at)
      last.receivedAt = receivedAt
      this.#lastFold!.at = received
      return
    }
    this.#lastFold = { index: this.end, at: received }
    this.items.push({ arrivals: [received], bySource: new Map([[source, 1]]), from: at, to: at, receivedAt })
  }

  /** Puts a row in the place of what was known of the same event. */
  replace(index: number, known: EventRow, row: EventRow): void {
    const item = this.at(index)
    if (!item) return
    if (isBurst(item)) item.rows[item.rows.indexOf(known)] = row
    else this.items[index - this.base] = row
  }

  /** Puts older lines below. */
  prepend({ items }: FeedLines): void {
    this.base -= items.length
    this.items = [...items, ...this.items]
  }

  /** Takes out the oldest lines until they held at least so many rows, and answers them. */
  dropOldest(rows: number): FeedItem[] {
    let lines = 0
    for (let left = rows; left > 0 && lines < this.items.length; lines++) {
      left -= rowsOf(this.items[lines]!).length
    }
    const dropped = this.items.splice(0, lines)
    this.base += lines
    for (const [key, { index }] of this.#open) if (index < this.base) this.#open.delete(key)
    return dropped
  }
}
