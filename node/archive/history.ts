import type { HistoryStatus } from '../../core/api.ts'
import { BUCKET_MS, type BucketCount } from '../../core/buckets.ts'
import { VibeTeaError } from '../../core/errors.ts'
import type { Timers } from '../../core/timers.ts'
import { type ArchivePlace, queryArchive } from './query.ts'

/** An answer is good for so long. */
const FRESH_MS = 5 * 60_000
/** After a failure the archive is left alone for so long, unless a person asks. */
const RETRY_MS = 60_000
const DEADLINE_MS = 20_000
const DAY_MS = 86_400_000
/** No zone's thirty days begin earlier. */
const KEPT_MS = 32 * DAY_MS

export interface ArchiveHistoryOptions {
  place: ArchivePlace
  fetch: typeof fetch
  timers: Timers
  /** Is told why it failed, and of what was left out, once for each spell of either. */
  warn: (sentence: string) => void
}

/** What the archive knows, and how it stands with that. */
export interface History {
  /** By source and whole hour of UTC; empty until something has come. */
  counts: readonly BucketCount[]
  status: HistoryStatus
}

/**
 * The archive's counts, kept for five minutes. Whoever asks is answered at once with what is here; what is too old is
 * fetched anew meanwhile. While nobody asks, nothing is fetched.
 */
export class ArchiveHistory {
  readonly #options: ArchiveHistoryOptions
  #counts: readonly BucketCount[] = []
  /** ms since 1970; null before the first answer. */
  #fetchedAt: number | null = null
  #failure: { at: number; sentence: string } | null = null
  #isPartial = false
  #fetching: { done: Promise<void>; stop: AbortController } | null = null
  #isClosed = false

  constructor(options: ArchiveHistoryOptions) {
    this.#options = options
  }

  /** What is known now. With `retry` the archive is asked in any case, and an earlier failure is forgotten. */
  current(retry = false): History {
    if (retry) this.#failure = null
    if (!this.#fetching && !this.#isClosed && (retry || this.#isDue())) this.#fetch()
    return { counts: this.#counts, status: this.#status() }
  }

  /** Ends a call that is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#fetching?.stop.abort()
    await this.#fetching?.done
  }

  #status(): HistoryStatus {
    const fetchedAt = this.#fetchedAt === null ? null : new Date(this.#fetchedAt).toISOString()
    // What failed stays so while it is tried again by itself: nobody is told "loading" once a minute.
    if (this.#failure) return { state: 'failed', fetchedAt, message: this.#failure.sentence }
    if (!this.#fetching) return { state: 'fresh', fetchedAt, message: null }
    return { state: fetchedAt === null ? 'loading' : 'stale', fetchedAt, message: null }
  }

  #isDue(): boolean {
    const [at, rest] = this.#failure ? [this.#failure.at, RETRY_MS] : [this.#fetchedAt, FRESH_MS]
    // A clock that was set back makes no answer last longer.
    return at === null || Math.abs(this.#options.timers.now() - at) >= rest
  }

  #fetch(): void {
    const stop = new AbortController()
    const done = this.#take(
      stop.signal,
      this.#options.timers.after(DEADLINE_MS, () => stop.abort()),
    )
    this.#fetching = { done, stop }
  }

  async #take(signal: AbortSignal, callOff: () => void): Promise<void> {
    const { place, fetch, timers, warn } = this.#options
    try {
      const { counts, unreadable } = await queryArchive(place, fetch, signal)
      const now = timers.now()
      this.#counts = within(counts, now - KEPT_MS, now + DAY_MS)
      if (unreadable > 0 && !this.#isPartial) warn(leftOut(unreadable))
      this.#isPartial = unreadable > 0
      this.#fetchedAt = now
      this.#failure = null
    } catch (error) {
      if (!(error instanceof VibeTeaError)) throw error
      if (!this.#failure && !this.#isClosed) warn(error.sentence)
      this.#failure = { at: timers.now(), sentence: error.sentence }
    } finally {
      callOff()
      this.#fetching = null
    }
  }
}

/** The counts that fall into a time, ms since 1970. */
function within(counts: readonly BucketCount[], from: number, to: number): BucketCount[] {
  return counts.filter(({ bucket }) => bucket * BUCKET_MS >= from && bucket * BUCKET_MS < to)
}

function leftOut(rows: number): string {
  return rows === 1
    ? '1 of the archive’s rows is none, and is left out.'
    : `${rows} of the archive’s rows are none, and are left out.`
}
