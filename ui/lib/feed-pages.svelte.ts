import type { EventRow, EventsAnswer } from '../../core/api.ts'
import type { Params } from './api.ts'
import { Feed } from './feed.svelte.ts'
import { type Filters, NO_FILTERS, toParams } from './filters.ts'
import { Load } from './load.svelte.ts'

const FIRST_PAGE = 500
const OLDER_PAGE = 500
/** Who goes an hour back does not read what is between. */
const PASSED_PAGE = 1000

export interface FeedPagesOptions {
  filters?: Filters
  /** Whether rows of one session that say the same within seconds stand in one line. */
  bursts?: boolean
  get: (params: Params) => Promise<EventsAnswer>
  isHidden?: () => boolean
  isLate?: (row: EventRow) => boolean
  /** The most rows that are held. */
  capacity?: number
}

/** A feed whose newest page and older ones come from the node by time, and what follows comes as it happens. */
export class FeedPages {
  readonly feed: Feed
  /** Loads the newest page in place of what is held. */
  readonly load: Load
  isLoadingOlder = $state(false)
  /** Why an older page did not come, a sentence; '' where it did. */
  problem = $state('')
  /** Where older rows begin; null when there are none. */
  #next: string | null = null
  /** What came while the newest page was on its way. */
  #pending: EventRow[] | null = null
  #turn = 0
  #older: Promise<void> | null = null
  readonly #filters: Filters
  readonly #get: FeedPagesOptions['get']

  constructor({ filters = NO_FILTERS, bursts = false, get, ...of }: FeedPagesOptions) {
    this.#filters = filters
    this.#get = get
    this.feed = new Feed({ filters, bursts, ...of })
    this.load = new Load(() => this.#read())
  }

  get hasOlder(): boolean {
    return this.#next !== null && !this.feed.isFull
  }

  /** Loads the page before the oldest row, if there is one. */
  loadOlder(limit = OLDER_PAGE): Promise<void> {
    this.#older ??= this.#loadOlder(limit).finally(() => (this.#older = null))
    return this.#older
  }

  /** Loads older pages until something before a time (ms) is held, there is no more, or one does not come. */
  async loadBack(ms: number): Promise<void> {
    this.problem = ''
    while (this.feed.indexBefore(ms) === null && this.hasOlder && !this.#pending && !this.problem) {
      await this.loadOlder(PASSED_PAGE)
    }
  }

  /** Takes rows as they happen, and answers which of them are new. */
  take(rows: readonly EventRow[]): EventRow[] {
    if (!this.#pending) return this.feed.append(rows)
    this.#pending.push(...rows)
    return []
  }

  /** Tries again what did not come. */
  retry(): void {
    this.problem = ''
    void this.loadOlder()
  }

  stop(): void {
    this.load.stop()
    this.feed.stop()
  }

  async #read(): Promise<void> {
    const turn = ++this.#turn
    this.#pending ??= []
    try {
      const { events, next } = await this.#page({ limit: FIRST_PAGE })
      // Where a newer answer is on its way, until then this one is better than nothing.
      if (turn === this.#turn || this.feed.size === 0) this.feed.reset(events)
      if (turn !== this.#turn) return
      this.#next = next
      this.problem = ''
    } finally {
      if (turn === this.#turn) {
        const pending = this.#pending
        this.#pending = null
        this.feed.append(pending)
      }
    }
  }

  async #loadOlder(limit: number): Promise<void> {
    // What is before the oldest row now is not before the oldest of the page that is on its way.
    if (!this.#next || this.#pending || !this.hasOlder) return
    const turn = this.#turn
    this.isLoadingOlder = true
    try {
      const { events, next } = await this.#page({ limit, before: this.#next })
      if (turn !== this.#turn || this.feed.isFull) return
      this.feed.prepend(events)
      this.#next = next
      this.problem = ''
    } catch (error) {
      if (turn === this.#turn) this.problem = (error as Error).message
    } finally {
      this.isLoadingOlder = false
    }
  }

  async #page(params: Params): Promise<EventsAnswer> {
    return this.#get({ ...toParams(this.#filters), order: 'time', ...params })
  }
}
