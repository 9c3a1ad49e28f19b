import type {
  ActionName,
  Actions,
  EventRow,
  EventsAnswer,
  HealthAnswer,
  HeatmapAnswer,
  MeetingsAnswer,
  MembersAnswer,
  OutboxAnswer,
  OverlapsAnswer,
  PeerStatus,
  MemberRow,
  SessionRow,
  SessionsAnswer,
  StatsAnswer,
  StatsBy,
  StatusAnswer,
  TimelineAnswer,
} from '../../core/api.ts'
import type { Assistant, EventType } from '../../core/events.ts'
import type { SessionStateName } from '../../core/sessions.ts'

/** The writes that the node does; `open` is the API's own, which keeps the codes. */
export type NodeAction = Exclude<ActionName, 'open'>

/**
 * What the API needs of the node; `node.ts` gives it. Every parameter here has been checked. A `VibeTeaError` that a
 * call throws is answered with 400 and its sentence, anything else with 500 and a line in the log.
 */
export interface Backend {
  /** Whether all works. */
  health(): HealthAnswer['status']
  status(): Promise<StatusAnswer>
  events(query: EventsQuery): Promise<EventsAnswer>
  sessions(query: SessionsQuery): Promise<SessionsAnswer>
  heatmap(query: HeatmapQuery): Promise<HeatmapAnswer>
  stats(query: StatsQuery): Promise<StatsAnswer>
  members(): Promise<MembersAnswer>
  overlaps(): Promise<OverlapsAnswer>
  timeline(query: TimelineQuery): Promise<TimelineAnswer>
  meetings(query: Span): Promise<MeetingsAnswer>
  outbox(query: OutboxQuery): Promise<OutboxAnswer>
  /** Prometheus text. */
  metrics(): Promise<string>
  /** Does a write; what it answers is sent as JSON. */
  act<Name extends NodeAction>(name: Name, args: Actions[Name]): Promise<object>
  readonly live: LiveFeed
}

export interface EventFilter {
  source?: readonly string[]
  type?: readonly EventType[]
  project?: readonly string[]
  assistant?: readonly Assistant[]
  session?: string
}

export interface EventsQuery extends EventFilter {
  /** 1–1000. */
  limit: number
  before?: string
  after?: string
  order: 'arrival' | 'time'
  /** Without a cursor: which of those that fit the page is of, the newest unless said. It is newest first either way. */
  first?: 'newest' | 'oldest'
  /** ms since 1970, inclusive and exclusive. */
  from?: number
  to?: number
  /** Full text over names: project, tool, file, model, agent type. */
  q?: string
}

export interface SessionsQuery {
  state?: readonly SessionStateName[]
  from?: number
  to?: number
  /** Every word begins the handle, the project, the machine or the assistant; those that ended long ago included. */
  q?: string
  /** 1–1000; only with `q`. */
  limit?: number
}

/** From inclusive, to exclusive; ms since 1970. */
export interface Span {
  from: number
  to: number
}

export interface TimelineQuery extends Span {
  /** Of the density, ms. */
  stepMs: number
}

export interface HeatmapQuery {
  days: 7 | 30
  timeZone: string
  /** Hours after midnight at which a day begins, 0–23. */
  dayStart: number
  source?: readonly string[]
  /** Whether the archive is asked anew now, as a person wants it. */
  retry: boolean
}

export interface StatsQuery {
  /** 1–365. */
  days: number
  by: StatsBy
  /** Days are those of this zone; without one times of 24 hours. */
  timeZone?: string
  /** When a day begins, hours after midnight: 0–23. */
  dayStart: number
  source?: readonly string[]
}

export interface OutboxQuery {
  /** 1–1000. */
  limit: number
  before?: string
  /** Keys of projects. */
  project?: readonly string[]
}

/** What `/ws` sends on. */
export interface LiveFeed {
  /**
   * The cursor of the newest row, never empty; where there is no row yet, one that all rows follow. It moves together
   * with the call of `onRows`: whoever listens from now on gets exactly the rows that follow it.
   */
  readonly head: string
  /**
   * The rows after a cursor, oldest first, up to `limit`; null where the cursor is not one of this node's or more rows
   * than that follow it. They may include rows of which `onRows` is about to
   * tell; of the cursor's own row it has told.
   */
  after(cursor: string, limit: number): Promise<EventRow[] | null>
  /**
   * New rows, in arrival order and each once, after they are in the index (`after` gives them by then). Returns how to
   * stop; the same below.
   */
  onRows(listener: (rows: readonly EventRow[], head: string) => void): () => void
  /** Sessions whose row changed. */
  onSessions(listener: (sessions: readonly SessionRow[]) => void): () => void
  /** All peers, when one changed; likewise all members. */
  onPeers(listener: (peers: readonly PeerStatus[]) => void): () => void
  onPresence(listener: (members: readonly MemberRow[]) => void): () => void
  onNotice(listener: (level: 'info' | 'warning' | 'error', message: string) => void): () => void
}
