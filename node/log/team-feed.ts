import type { Event } from '../../core/events.ts'
import { VibeTeaError } from '../../core/errors.ts'
import type { Timers } from '../../core/timers.ts'
import { BLOCK_EVENTS } from './batcher.ts'
import type { FedLog, FeedState, FeedStore, FollowedPrivateLog } from './feed-port.ts'
import { OwnIds } from './own-ids.ts'
import type { RetryOptions } from './retry.ts'
import { untilStored } from './retry.ts'

export interface TeamFeedOptions {
  privateLog: FollowedPrivateLog
  own: FedLog
  /** Whether an event may go to the team: its project was shared when it happened, after `sharedFrom`. */
  isShared: (event: Event) => boolean
  /** ms since 1970. What happened before may come twice, from a backfill and from the private log. */
  joinedAt: number
  /** Where it was when the node last stopped. */
  state: FeedState
  store: FeedStore
  timers: Timers
  say: RetryOptions['say']
  /** The own log cannot be written any more: another incarnation has to be begun, with a feed of its own. */
  onLost: () => void
  onError: (error: unknown) => void
}

const READ_BLOCKS = 64
/** Events of a backfill that go together; what is new goes in between. */
const BACKFILL_EVENTS = 5 * BLOCK_EVENTS
const CONFIRM_EVERY_MS = 10_000
/** The cursor is saved this long after it moved, at the latest. */
const SAVE_AFTER_MS = 1000

/** The first state of a feed: it begins after what is in the private log when the team is first opened. */
export function firstFeedState(privateLength: number): FeedState {
  const cursor = { private: privateLength, team: 0 }
  return { cursor, confirmed: cursor, backfillEnd: 0 }
}

/**
 * The state with which the feed of a new incarnation begins: after the last place of which a peer held everything. A
 * backfill has to be done again where it may not have been held.
 */
export function renewedFeedState({ confirmed, backfillEnd }: FeedState): {
  state: FeedState
  needsBackfill: boolean
} {
  return { state: firstFeedState(confirmed.private), needsBackfill: backfillEnd > confirmed.team }
}

/**
 * Copies what is shared from the private log to this device's log in the team, each event once whenever the node ends:
 * the cursor is saved soon after an append, and on start what was appended past it is not appended again. Recording
 * never waits for it.
 */
export class TeamFeed {
  readonly #options: TeamFeedOptions
  readonly #ids: OwnIds
  readonly #stop = new AbortController()
  readonly #stops: (() => void)[] = []
  #state: FeedState
  /** Resolves when the own log may be appended to; rejects once that is over. */
  #ready: Promise<void> | null = null
  #isReady = false
  #isPumping = false
  /** Blocks read since the cursor was saved. */
  #unsaved = 0
  #turn: Promise<unknown> = Promise.resolve()
  #stopConfirming: (() => void) | null = null
  #stopSaving: (() => void) | null = null

  constructor(options: TeamFeedOptions) {
    const { own, joinedAt, timers } = options
    this.#options = options
    this.#state = options.state
    this.#ids = new OwnIds(own, joinedAt, timers)
  }

  /** `isNew` where the own log was begun just now, so that no peer can know more of it. */
  start(isNew = false): void {
    const { privateLog, own } = this.#options
    this.#stops.push(
      privateLog.onAppend(() => this.#wake()),
      own.onConflict(() => this.#lose()),
    )
    this.#ready = this.#prepare(isNew)
    this.#ready.catch((error: unknown) => this.#fail(error))
  }

  /**
   * Appends what happened before the join and is shared, 100 events a block; what is in the log already is left out, so
   * that one that was cut short goes on. Answers how many were appended. Rejects with a `VibeTeaError` `feed_stopped`
   * where the node stops meanwhile or the log is lost: then it has to be done again.
   */
  async backfill(events: AsyncIterable<Event> | Iterable<Event>): Promise<number> {
    const { isShared, joinedAt, own } = this.#options
    await this.#ready
    let waiting: Event[] = []
    let count = 0
    const flush = async () => {
      const batch = waiting
      waiting = []
      count += await this.#inTurn(() => this.#append(batch, true))
    }
    for await (const event of events) {
      if (Date.parse(event.timestamp) >= joinedAt || !isShared(event)) continue
      waiting.push(event)
      if (waiting.length >= BACKFILL_EVENTS) await flush()
    }
    await flush()
    await this.#inTurn(() => this.#save({ backfillEnd: own.length }))
    return count
  }

  /** Resolves when all that is in the private log has been looked at; rejects where that ends before. */
  async caughtUp(): Promise<void> {
    await this.#ready
    while (this.#isPumping) await this.#turn
    this.#stop.signal.throwIfAborted()
  }

  /** Stops; what was not copied is copied after the next start. */
  async close(): Promise<void> {
    const isSaved = !this.#isReady || this.#unsaved === 0
    this.#end()
    await this.#turn
    // Where the disk is full the next start reads what was appended since.
    if (!isSaved) await this.#options.store.save(this.#state).catch(() => undefined)
  }

  async #prepare(isNew: boolean): Promise<void> {
    const { own, privateLog } = this.#options
    const { signal } = this.#stop
    const isLost = !isNew && (await own.recovered()) === 'lost'
    const { cursor } = this.#state
    if (isLost || own.length < cursor.team) this.#lose()
    signal.throwIfAborted()
    // A private log that lost its end fills these places again, with events that may have gone long ago.
    const hasLostEnd = cursor.private > privateLog.length
    await this.#ids.load(hasLostEnd ? own.floor : cursor.team)
    signal.throwIfAborted()
    if (hasLostEnd) this.#state = { ...this.#state, cursor: { ...cursor, private: privateLog.length } }
    this.#isReady = true
    this.#wake()
  }

  #end(): void {
    this.#isReady = false
    this.#stop.abort(
      new VibeTeaError(
        'feed_stopped',
        'The log of the team is not written any more.',
        'Start the node again.',
      ),
    )
    for (const stop of this.#stops.splice(0)) stop()
    this.#ids.close()
    this.#stopConfirming?.()
    this.#stopConfirming = null
    this.#stopSaving?.()
    this.#stopSaving = null
  }

  #lose(): void {
    if (this.#stop.signal.aborted) return
    this.#end()
    this.#options.onLost()
  }

  #fail(error: unknown): void {
    if (!this.#stop.signal.aborted) this.#options.onError(error)
  }

  #wake(): void {
    if (!this.#isReady || this.#isPumping) return
    this.#isPumping = true
    void this.#pump()
  }

  async #pump(): Promise<void> {
    const { privateLog } = this.#options
    try {
      let isMoving = true
      while (isMoving && this.#isReady && this.#state.cursor.private < privateLog.length)
        isMoving = await this.#inTurn(() => this.#pass())
    } catch (error) {
      this.#fail(error)
    }
    this.#isPumping = false
  }

  /** Copies what comes next; whether there was anything. */
  async #pass(): Promise<boolean> {
    const { privateLog, isShared } = this.#options
    const from = Math.max(this.#state.cursor.private, privateLog.floor)
    const blocks = await privateLog.read(from, READ_BLOCKS)
    if (blocks.length === 0) return false
    const shared = blocks.flatMap(({ events }) => events.filter(isShared))
    this.#unsaved += blocks.length
    await this.#append(shared, blocks.length > 1, from + blocks.length)
    return true
  }

  /** Appends what is new, in one block or packed, and then moves the cursor; how many events those were. */
  async #append(
    events: readonly Event[],
    isPacked: boolean,
    next = this.#state.cursor.private,
  ): Promise<number> {
    const { own } = this.#options
    const fresh = await this.#ids.fresh(events)
    const batches = isPacked ? packed(fresh) : [fresh]
    if (fresh.length > 0) await this.#stored(() => own.append(batches))
    this.#ids.added(fresh)
    this.#state = { ...this.#state, cursor: { private: next, team: own.length } }
    // After a crash what follows the cursor is read again, which costs less than to save each step.
    if (this.#unsaved >= READ_BLOCKS) await this.#save()
    else this.#saveLater()
    return fresh.length
  }

  async #save(change: Partial<FeedState> = {}): Promise<void> {
    this.#state = { ...this.#state, ...change }
    await this.#stored(() => this.#options.store.save(this.#state))
    this.#unsaved = 0
    this.#confirmLater()
  }

  #saveLater(): void {
    this.#stopSaving ??= this.#options.timers.after(SAVE_AFTER_MS, () => {
      this.#stopSaving = null
      this.#inTurn(() => this.#save()).catch((error: unknown) => this.#fail(error))
    })
  }

  #stored(store: () => Promise<void>): Promise<void> {
    const { say, timers } = this.#options
    return untilStored(store, { say, timers, signal: this.#stop.signal })
  }

  #confirmLater(): void {
    const { cursor, confirmed } = this.#state
    const isConfirmed = confirmed.private === cursor.private && confirmed.team === cursor.team
    if (isConfirmed || this.#stopConfirming || this.#stop.signal.aborted) return
    this.#stopConfirming = this.#options.timers.after(CONFIRM_EVERY_MS, () => {
      this.#stopConfirming = null
      this.#inTurn(() => this.#confirm()).catch((error: unknown) => this.#fail(error))
    })
  }

  async #confirm(): Promise<void> {
    const { cursor } = this.#state
    if (this.#options.own.isHeldByAPeer()) await this.#save({ confirmed: cursor })
    this.#confirmLater()
  }

  /** One change of the own log after the other. Rejects where it is not written any more. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => {
      this.#stop.signal.throwIfAborted()
      return work()
    })
    this.#turn = done.catch(() => undefined) // the caller is told; the next change has its own turn
    return done
  }
}

function packed(events: readonly Event[]): Event[][] {
  const batches: Event[][] = []
  for (let i = 0; i < events.length; i += BLOCK_EVENTS) batches.push(events.slice(i, i + BLOCK_EVENTS))
  return batches
}
