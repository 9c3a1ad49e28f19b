import type { Assistant, Event, EventType, Totals } from './events.ts'
import type { HourCount } from './buckets.ts'
import type { SessionStateName } from './sessions.ts'
import type { Needs } from './waiting.ts'

/** Rows and messages of the node's local API: what the dashboard, the commands and other programs read. */

export const API_VERSION = 'vibetea.v1'
export const DEFAULT_PORT = 8832

/** What this machine knows of its own sessions besides; held in memory, never in an event. */
export interface LocalFields {
  branch?: string
  worktree?: string
  title?: string
}

export type EventRow = Event & {
  /** This node's arrival order; opaque. */
  cursor: string
  /** When this node received it, RFC 3339 UTC. */
  receivedAt: string
  local?: LocalFields
}

/** Newest first. `next` goes back as `before` for older rows, `prev` as `after` for newer ones; null at the end. */
export interface EventsAnswer {
  events: EventRow[]
  next: string | null
  prev: string | null
}

export interface SessionRow {
  sessionId: string
  source: string
  /** Two words, `amber-kettle`. */
  handle: string
  project: string
  projectTag?: string
  assistant: Assistant
  state: SessionStateName
  needs: Needs | null
  needsSince: string | null
  startedAt: string
  lastEventAt: string
  endedAt: string | null
  /** Over the whole session. */
  totals: Totals
  /** The last tool or activity, for one line: `Edit invite.ts`. */
  last: { eventType: EventType; tool?: string; context?: string } | null
  /** Events per step, oldest first; the last step is that of the last event. */
  density: { from: string; stepMs: number; counts: number[] }
  local?: LocalFields
}

export interface SessionsAnswer {
  sessions: SessionRow[]
}

/** A time for which counts are not known, so that nothing there is not nothing done. */
export interface Gap {
  source: string
  from: string
  to: string
  reason: 'paused' | 'missing'
}

export interface HeatmapAnswer {
  aggregates: HourCount[]
  gaps: Gap[]
  meta: { totalCount: number; daysRequested: number; fetchedAt: string; timeZone: string }
}

export interface HealthAnswer {
  status: 'ok'
  version: string
  uptimeSeconds: number
}

/** One assistant on this machine. */
export interface SourceStatus {
  assistant: Assistant
  /** The configured directories, whether they exist or not. */
  directories: string[]
  files: number
  /** `polling` on network and foreign file systems, or where the system's limit of watches is reached. */
  watching: 'events' | 'polling' | 'none'
  /** Reading what was there before the start. */
  backfill: { done: number; total: number } | null
  /** What could not be read, each once. */
  problems: { path: string; message: string; remedy?: string }[]
}

export interface LogStatus {
  /** z32 of the log's key. */
  key: string
  source: string
  kind: 'private' | 'team'
  blocks: number
  bytes: number
  /** Blocks that are in the log and not yet in the index. */
  behind: number
}

export interface PeerStatus {
  device: string
  source: string
  name: string
  role: 'member' | 'reader' | 'mirror'
  connection: 'direct' | 'relayed' | 'connecting' | 'offline'
  behind: number
  lastSeen: string | null
}

export interface ProjectStatus {
  project: string
  projectTag?: string
  sharing: 'shared' | 'private' | 'excluded'
}

export interface StatusAnswer {
  node: {
    version: string
    source: string
    device: string
    home: string
    startedAt: string
    /** RFC 3339 UTC, `resume` where a pause has no end, null while recording. */
    pausedUntil: string | null
  }
  team: { teamId: string; role: string } | null
  peers: PeerStatus[]
  logs: LogStatus[]
  sources: SourceStatus[]
  projects: ProjectStatus[]
  archive: null
  /** What was left out, by reason: `invalid_event`, `invalid_line`, `line_too_long`. */
  refused: Record<string, number>
}

export interface MemberRow {
  device: string
  source: string
  name: string
  role: 'member' | 'reader' | 'mirror'
  presence: 'online' | 'active' | 'waiting' | 'away' | 'offline'
  lastSeen: string | null
  isSelf: boolean
}

export interface MembersAnswer {
  members: MemberRow[]
}

export type StatsBy = 'source' | 'project' | 'model' | 'tool' | 'assistant'
export const STATS_BY: readonly StatsBy[] = ['source', 'project', 'model', 'tool', 'assistant']

export interface StatsRow {
  key: string
  events: number
  tools: number
  failures: number
  responses: number
  prompts: number
  errors: number
  tokens: { input: number; output: number; cacheRead: number; cacheWrite: number }
}

export interface StatsAnswer {
  by: StatsBy
  days: number
  /** Sorted by key: nothing here ranks. */
  rows: StatsRow[]
}

export interface Overlap {
  fileTag: string
  context: string
  project: string
  sessions: { sessionId: string; source: string; handle: string; lastAt: string }[]
}

export interface OverlapsAnswer {
  overlaps: Overlap[]
}

/** An event of the outbox exactly as it stands in the log that teammates read. */
export interface OutboxAnswer {
  events: Event[]
}

export interface ErrorAnswer {
  error: string
  message: string
}

/** The writes: `POST /api/actions/<name>`. */
export interface Actions {
  share: { project: string }
  private: { project: string }
  exclude: { project: string }
  /** `untilMs` null: until `resume`. */
  pause: { until: string | null }
  resume: Record<string, never>
  /** Mints a one-time code for the dashboard. */
  open: Record<string, never>
}
export type ActionName = keyof Actions

/** What `/ws` sends; each message is one JSON object. */
export type ServerMessage =
  | { type: 'hello'; head: string; resumed: boolean; serverTime: string }
  | { type: 'events'; events: EventRow[]; head: string }
  | { type: 'sessions'; sessions: SessionRow[] }
  | { type: 'presence'; members: MemberRow[] }
  | { type: 'peers'; peers: PeerStatus[] }
  | { type: 'gap'; head: string; reason: 'lagging' | 'unknown-cursor' }
  | { type: 'notice'; level: 'info' | 'warning' | 'error'; message: string }
