import type { EventRow, MemberRow, PeerStatus, ServerMessage, SessionRow } from '../../core/api.ts'
import type { Assistant } from '../../core/events.ts'
import { isAmong, type NamedProject } from '../../core/project-key.ts'
import type { Timers } from '../../core/timers.ts'
import type { EventFilter, LiveFeed } from './backend.ts'

/** A client that is this many events behind gets a `gap` instead, and reads them over HTTP where it wants them. */
const MAX_LAG = 5000
/** The most events of one message. */
export const MAX_BATCH = 500
/** Nothing more is given to a socket that still holds this much. */
const MAX_BUFFERED_BYTES = 1024 * 1024
/** After this long without draining the queue is dropped. */
const MAX_HELD_MS = 10_000
const MAX_NOTICES = 20

export interface SubscriberOptions {
  feed: LiveFeed
  filter: EventFilter
  /** The cursor that the client has everything up to. */
  after?: string
  /** The least time between two messages. */
  intervalMs: number
  clock: Timers
  send: (text: string) => void
  /** What the socket holds and the client has not taken yet. */
  bufferedBytes: () => number
}

/** A state is sent once in so long, and then before events: a page draws no more, and events are not held up by it. */
const STATE_MS = 1000

type Queued = 'gap' | 'events' | 'sessions' | 'presence' | 'peers' | 'notice'
/** States, of which only the newest waits, and notices. */
const OTHERS = ['sessions', 'presence', 'peers', 'notice'] as const

/**
 * One client of `/ws`: takes what the feed says, sends the first at once and then one message an interval, and holds
 * what waits within bounds. Of sessions, peers and members only the newest state waits.
 */
export class Subscriber {
  readonly #options: SubscriberOptions
  readonly #stops: (() => void)[]
  #isReady = false
  #stopTimer: (() => void) | null = null
  #stopDue: (() => void) | null = null
  #heldMs = 0
  /** When each of the others was sent last. */
  readonly #sentAt = new Map<Queued, number>()
  /** Whether the last message was of events: after silence they go first. */
  #wasEvents = false

  #rows: EventRow[] = []
  /** Of the waiting rows those that a resume brought: they are no lag. */
  #backlog = 0
  /** Rows that a resume read, perhaps before the feed told of them; they are not taken again. */
  #read = new Set<string>()
  /** Everything up to here has come. */
  #head: string
  #gap: (ServerMessage & { type: 'gap' }) | null = null
  /** By source and session: an id is unique only within its source. */
  #sessions = new Map<string, SessionRow>()
  #presence: readonly MemberRow[] | null = null
  #peers: readonly PeerStatus[] | null = null
  #notices: (ServerMessage & { type: 'notice' })[] = []

  constructor(options: SubscriberOptions) {
    this.#options = options
    const { feed, filter } = options
    this.#head = feed.head
    this.#stops = [
      feed.onRows((rows, head) => this.#takeRows(rows, head)),
      feed.onSessions((sessions) => {
        for (const session of sessions) {
          const { source, sessionId } = session
          if (matchesPlace(filter, source, session)) this.#sessions.set(`${source} ${sessionId}`, session)
        }
        this.#flushSoon()
      }),
      feed.onPresence((members) => {
        this.#presence = members
        this.#flushSoon()
      }),
      feed.onPeers((peers) => {
        this.#peers = peers
        this.#flushSoon()
      }),
      feed.onNotice((level, message) => {
        this.#notices.push({ type: 'notice', level, message })
        if (this.#notices.length > MAX_NOTICES) this.#notices.shift()
        this.#flushSoon()
      }),
    ]
  }

  /**
   * Says `hello`, and from then on everything that follows its `head`: the newest row, or where the client left off.
   * Rejects where the rows since then cannot be read.
   */
  async start(): Promise<void> {
    const { feed, after, clock } = this.#options
    const missed = after === undefined ? null : await this.#missed(after)
    const isStopped = this.#stops.length === 0
    if (isStopped) return
    if (after !== undefined && !missed) {
      // The client reads up to this head anew; what came meanwhile is before it.
      this.#rows = []
      this.#head = feed.head
      this.#gap = { type: 'gap', head: feed.head, reason: this.#gap?.reason ?? 'unknown-cursor' }
    }
    const head = missed && after !== undefined ? after : feed.head
    const serverTime = new Date(clock.now()).toISOString()
    this.#send({ type: 'hello', head, resumed: missed !== null, serverTime })
    this.#isReady = true
    this.#flushSoon()
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop()
    this.#stopTimer?.()
    this.#stopTimer = null
    this.#stopDue?.()
    this.#rows = []
  }

  /** Puts the rows since a cursor before those that came live while they were read; each once. */
  async #missed(after: string): Promise<readonly EventRow[] | null> {
    const missed = await this.#options.feed.after(after, MAX_LAG)
    if (!missed || this.#gap) return null
    this.#read = new Set(missed.map(({ cursor }) => cursor))
    const live = this.#unread(this.#rows)
    const backlog = missed.filter((row) => matches(this.#options.filter, row))
    this.#rows = [...backlog, ...live]
    this.#backlog = backlog.length
    if (live.length === 0) this.#head = missed.at(-1)?.cursor ?? after
    return missed
  }

  #takeRows(rows: readonly EventRow[], head: string): void {
    const unread = this.#unread(rows)
    if (this.#read.size === 0) this.#head = head
    for (const row of unread) if (matches(this.#options.filter, row)) this.#rows.push(row)
    if (this.#rows.length - this.#backlog > MAX_LAG) this.#drop()
    this.#flushSoon()
  }

  /** Of rows in the feed's order those that no resume read; the first of them ends what a resume can have read. */
  #unread(rows: readonly EventRow[]): readonly EventRow[] {
    if (this.#read.size === 0) return rows
    const unread = rows.filter(({ cursor }) => !this.#read.delete(cursor))
    if (unread.length > 0) this.#read.clear()
    return unread
  }

  #drop(): void {
    this.#rows = []
    this.#backlog = 0
    this.#gap = { type: 'gap', head: this.#head, reason: 'lagging' }
  }

  /** At once where the interval since the last message is over, else when it is. */
  #flushSoon(): void {
    if (this.#isReady && !this.#stopTimer) this.#flush()
  }

  #flush(): void {
    this.#stopTimer = null
    const { bufferedBytes, clock, intervalMs } = this.#options
    if (!this.#isWaiting()) return
    if (bufferedBytes() > MAX_BUFFERED_BYTES) {
      this.#heldMs += intervalMs
      if (this.#heldMs >= MAX_HELD_MS && this.#rows.length > 0) this.#drop()
    } else {
      this.#heldMs = 0
      const kind = this.#next()
      if (kind === null) return this.#flushWhenDue()
      this.#wasEvents = kind === 'events'
      this.#sentAt.set(kind, clock.now())
      this.#send(this.#take(kind))
    }
    this.#stopTimer = clock.after(intervalMs, () => this.#flush())
  }

  #waits(kind: Queued): boolean {
    switch (kind) {
      case 'gap':
        return this.#gap !== null
      case 'events':
        return this.#rows.length > 0
      case 'sessions':
        return this.#sessions.size > 0
      case 'presence':
        return this.#presence !== null
      case 'peers':
        return this.#peers !== null
      case 'notice':
        return this.#notices.length > 0
    }
  }

  #isWaiting(): boolean {
    return this.#waits('gap') || this.#waits('events') || OTHERS.some((kind) => this.#waits(kind))
  }

  /** What is sent now; null where only states wait that were sent a moment ago. */
  #next(): Queued | null {
    if (this.#waits('gap')) return 'gap'
    const other = OTHERS.find((kind) => this.#waits(kind) && this.#dueInMs(kind) <= 0)
    if (!this.#waits('events')) return other ?? null
    return (this.#wasEvents ? other : undefined) ?? 'events'
  }

  #dueInMs(kind: Queued): number {
    return (this.#sentAt.get(kind) ?? -Infinity) + STATE_MS - this.#options.clock.now()
  }

  /** What waits is sent when it is due, and events that come meanwhile at once. */
  #flushWhenDue(): void {
    this.#stopDue?.()
    const dueInMs = Math.min(...OTHERS.filter((kind) => this.#waits(kind)).map((kind) => this.#dueInMs(kind)))
    this.#stopDue = this.#options.clock.after(dueInMs, () => this.#flushSoon())
  }

  #take(kind: Queued): ServerMessage {
    switch (kind) {
      case 'gap': {
        const gap = this.#gap!
        this.#gap = null
        return gap
      }
      case 'events': {
        const events = this.#rows.splice(0, MAX_BATCH)
        this.#backlog = Math.max(0, this.#backlog - events.length)
        const head = this.#rows.length > 0 ? events.at(-1)!.cursor : this.#head
        return { type: 'events', events, head }
      }
      case 'sessions': {
        const sessions = [...this.#sessions.values()]
        this.#sessions.clear()
        return { type: 'sessions', sessions }
      }
      case 'presence': {
        const members = [...this.#presence!]
        this.#presence = null
        return { type: 'presence', members }
      }
      case 'peers': {
        const peers = [...this.#peers!]
        this.#peers = null
        return { type: 'peers', peers }
      }
      case 'notice':
        return this.#notices.shift()!
    }
  }

  #send(message: ServerMessage): void {
    this.#options.send(JSON.stringify(message))
  }
}

/** What an event's payload and a session's row say of where it is. */
type Place = NamedProject & { assistant: Assistant }

function matchesPlace(filter: EventFilter, source: string, place: Place): boolean {
  if (filter.source && !filter.source.includes(source)) return false
  if (filter.assistant && !filter.assistant.includes(place.assistant)) return false
  return !filter.project || isAmong(filter.project, place)
}

function matches(filter: EventFilter, row: EventRow): boolean {
  if (filter.type && !filter.type.includes(row.eventType)) return false
  return matchesPlace(filter, row.source, row.payload)
}
