import type { EventRow, EventsAnswer } from '../../core/api.ts'
import { ApiError, type Params } from './api.ts'
import { Feed } from './feed.svelte.ts'
import { type Filters, NO_FILTERS, toParams } from './filters.ts'

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
}

/** A page that did not come is asked for again after this long, while its place is in view. */
const RETRY_MS = 2000

/** A feed whose newest page and older ones come from the node by time, and what follows comes as it happens. */
export class FeedPages {
  readonly feed: Feed
  /** `failed`: what is shown is what was known without the node. */
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  error = $state<ApiError | null>(null)
  /** Whether the newest page is on its way, in place of what is held. */
  isLoading = $state(false)
  isLoadingOlder = $state(false)
  /** Where older rows begin; null when there are none. */
  #next: string | null = null
  /** What came while the first page was on its way. */
  #pending: EventRow[] | null = null
  #load = 0
  #older: Promise<void> | null = null
  readonly #filters: Filters
  readonly #get: FeedPagesOptions['get']

  constructor({ filters = NO_FILTERS, bursts = false, get, ...of }: FeedPagesOptions) {
    this.#filters = filters
    this.#get = get
    this.feed = new Feed({ filters, bursts, ...of })
  }

  get hasOlder(): boolean {
    return this.#next !== null && !this.feed.isFull
  }

  /** Loads the newest page in place of what is held. */
  async load(): Promise<void> {
    const load = ++this.#load
    this.isLoading = true
    this.#pending ??= []
    try {
      const { events, next } = await this.#page({ limit: FIRST_PAGE })
      if (load !== this.#load) {
        // A newer answer is on its way; until then this one is better than nothing.
        if (this.feed.size === 0) this.feed.reset(events)
        return
      }
      this.feed.reset(events)
      this.#next = next
      this.state = 'ready'
      this.error = null
    } catch (error) {
      if (load !== this.#load) return
      this.state = 'failed'
      this.error = error as ApiError
    }
    const pending = this.#pending
    this.#pending = null
    this.isLoading = false
    this.feed.append(pending)
  }

  /** Loads the page before the oldest row, if there is one. */
  loadOlder(limit = OLDER_PAGE): Promise<void> {
    this.#older ??= this.#loadOlder(limit).finally(() => (this.#older = null))
    return this.#older
  }

  /** Loads older pages until something before a time (ms) is held, there is no more, or one does not come. */
  async loadBack(ms: number): Promise<void> {
    while (this.feed.indexBefore(ms) === null && this.hasOlder && !this.isLoading && !this.error) {
      await this.loadOlder(PASSED_PAGE)
    }
  }

  async #loadOlder(limit: number): Promise<void> {
    // What is before the oldest row now is not before the oldest of the page that is on its way.
    if (!this.#next || this.isLoading || !this.hasOlder) return
    const load = this.#load
    this.isLoadingOlder = true
    try {
      const { events, next } = await this.#page({ limit, before: this.#next })
      if (load !== this.#load || this.feed.isFull) return
      this.feed.prepend(events)
      this.#next = next
      this.error = null
    } catch (error) {
      if (load !== this.#load) return
      this.error = error as ApiError
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    } finally {
      this.isLoadingOlder = false
    }
  }

  /** Takes rows as they happen, and answers which of them are new. */
  take(rows: readonly EventRow[]): EventRow[] {
    if (!this.#pending) return this.feed.append(rows)
    this.#pending.push(...rows)
    return []
  }

  async #page(params: Params): Promise<EventsAnswer> {
    return this.#get({ ...toParams(this.#filters), order: 'time', ...params })
  }
}
