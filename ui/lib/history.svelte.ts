import type { EventRow, EventsAnswer } from '../../core/api.ts'
import type { Params } from './api.ts'
import { type Filters, matches, toParams } from './filters.ts'
import { Load } from './load.svelte.ts'

const PAGE = 300
/** Rows after the place where reading begins, so that there is something to scroll back to. */
const PAGE_AFTER = 100
/** The most rows that are held; past it those go from which the reader moves away. */
const MAX_HELD = 20_000

/** Where reading begins. */
export interface Place {
  filters: Filters
  /** The first row is the newest before this time, ms since 1970; null for the newest of all. */
  at: number | null
}

export interface HistoryOptions {
  /** A page of `/api/events`. */
  get: (params: Params) => Promise<EventsAnswer>
  /** The most rows that are held. */
  capacity?: number
}

/**
 * All that is indexed, by the time when it happened and newest first, read a page at a time in both directions from where
 * one wants to begin. Rows are plain objects, and one number tells of a change. What happens meanwhile is counted, and does
 * not move what is being read.
 */
export class HistoryPages {
  #version = $state(0)
  /** Rows that fit and came since the newest was read. */
  unseen = $state(0)
  isLoadingOlder = $state(false)
  isLoadingNewer = $state(false)
  /** Why a further page did not come, a sentence; '' where it did. */
  problem = $state('')
  /** How many of the rows are after the place where reading begins. */
  above = 0
  /** How often reading has begun anew. */
  reads = 0
  /** Reads from the place on, in place of what is held. */
  readonly load: Load
  readonly #get: HistoryOptions['get']
  readonly #capacity: number
  #place: Place | null = null
  #rows: EventRow[] = []
  #older: string | null = null
  #newer: string | null = null
  #turn = 0

  constructor({ get, capacity = MAX_HELD }: HistoryOptions) {
    this.#get = get
    this.#capacity = capacity
    this.load = new Load(() => this.#read())
  }

  /** Newest first. */
  get rows(): readonly EventRow[] {
    return this.#version < 0 ? [] : this.#rows
  }

  get hasOlder(): boolean {
    return this.#version >= 0 && this.#older !== null
  }

  get hasNewer(): boolean {
    return this.#version >= 0 && this.#newer !== null
  }

  /** Begins anew; what is held is shown until the answer is here. */
  open(place: Place): void {
    const { from, to } = place.filters
    const isWithin = place.at !== null && (from === null || place.at > from) && (to === null || place.at < to)
    this.#place = { filters: place.filters, at: isWithin ? place.at : null }
    void this.load.run()
  }

  /** Counts what fits of what comes. */
  take(rows: readonly EventRow[]): void {
    if (!this.#place || !this.load.hasCome) return
    const { filters } = this.#place
    this.unseen += rows.filter((row) => matches(filters, row)).length
  }

  async readOlder(): Promise<void> {
    if (this.#older === null || this.isLoadingOlder || this.load.state === 'loading') return
    this.isLoadingOlder = true
    const answer = await this.#more({ before: this.#older })
    this.isLoadingOlder = false
    if (!answer) return
    this.#rows.push(...answer.events)
    this.#older = answer.next
    const excess = this.#rows.length - this.#capacity
    if (excess > 0) {
      this.#rows.splice(0, excess)
      this.#newer = this.#rows[0]!.cursor
    }
    this.#version++
  }

  async readNewer(): Promise<void> {
    if (this.#newer === null || this.isLoadingNewer || this.load.state === 'loading') return
    this.isLoadingNewer = true
    const answer = await this.#more({ after: this.#newer })
    this.isLoadingNewer = false
    if (!answer) return
    this.#rows.unshift(...answer.events)
    this.#newer = answer.prev
    if (this.#rows.length > this.#capacity) {
      this.#rows.length = this.#capacity
      this.#older = this.#rows.at(-1)!.cursor
    }
    this.#version++
  }

  /** Tries again what did not come. */
  retry(): void {
    this.problem = ''
  }

  stop(): void {
    this.#turn++
    this.load.stop()
  }

  async #read(): Promise<void> {
    const turn = ++this.#turn
    const { filters, at } = this.#place!
    const params: Params = { ...toParams(filters), order: 'time' }
    const edge = at === null ? '' : new Date(at).toISOString()
    const [before, after] = await Promise.all([
      this.#get({ ...params, limit: PAGE, ...(edge && { to: edge }) }),
      edge ? this.#get({ ...params, limit: PAGE_AFTER, from: edge, first: 'oldest' }) : null,
    ])
    if (turn !== this.#turn) return
    this.#rows = [...(after?.events ?? []), ...before.events]
    this.above = after?.events.length ?? 0
    this.#older = before.next
    this.#newer = after?.prev ?? null
    this.reads++
    this.unseen = 0
    this.problem = ''
    this.#version++
  }

  /** A further page; null where it did not come, or another place was gone to meanwhile. */
  async #more(where: Params): Promise<EventsAnswer | null> {
    const turn = this.#turn
    try {
      const params = { ...toParams(this.#place!.filters), order: 'time', limit: PAGE, ...where }
      const answer = await this.#get(params)
      if (turn !== this.#turn) return null
      this.problem = ''
      return answer
    } catch (error) {
      if (turn === this.#turn) this.problem = (error as Error).message
      return null
    }
  }
}
