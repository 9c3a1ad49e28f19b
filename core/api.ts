import type { Assistant, Event, EventType, Tokens, Totals } from './events.ts'
import type { HourCount } from './buckets.ts'
import type { SessionStateName } from './sessions.ts'
import type { Needs } from './waiting.ts'
import type { Role } from './team-key.ts'

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
  /** The last tool, activity or error, for one line: `Edit invite.ts`. */
  last: { eventType: EventType; tool?: string; context?: string } | null
  /** Events per step, oldest first; the last step is that of the last event. */
  density: { from: string; stepMs: number; counts: number[] }
  local?: LocalFields
}

export interface SessionsAnswer {
  sessions: SessionRow[]
}

/** A session in a time that was asked for. */
export interface TimelineSession extends SessionRow {
  /** Of that time alone: events per step as asked for, from the first with events to the last. */
  density: SessionRow['density']
  /** Its errors in that time, oldest first; the latest 100. RFC 3339 UTC. */
  errors: string[]
}

export interface TimelineAnswer {
  /** With events in that time; by source and the first of them. */
  sessions: TimelineSession[]
  /** How many more there are: those that went on last are answered, at most 500. */
  more: number
  /** Times of which it is not known what went on. */
  gaps: Gap[]
}

/** A time for which counts are not known, so that nothing there is not nothing done. */
export interface Gap {
  source: string
  from: string
  to: string
  reason: 'paused' | 'missing'
}

/** How this node comes by what the archive knows of earlier hours. */
export interface HistoryStatus {
  /** `stale`: counted in as it was, and being fetched anew; `failed`: the last try brought nothing. */
  state: 'loading' | 'fresh' | 'stale' | 'failed'
  /** When what is counted in was fetched, RFC 3339 UTC; null where nothing is. */
  fetchedAt: string | null
  /** Why it failed and what to do, sentences; null where it did not. */
  message: string | null
}

export interface HeatmapAnswer {
  aggregates: HourCount[]
  gaps: Gap[]
  meta: {
    /** Rows of `aggregates`, as the archive counts them. */
    totalCount: number
    daysRequested: number
    fetchedAt: string
    timeZone: string
    /** null where no archive is set. */
    history: HistoryStatus | null
  }
}

export interface HealthAnswer {
  /** `degraded`: the node works, but its archive has not taken what it was sent. */
  status: 'ok' | 'degraded'
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

/** How this node reaches another of the team. */
export type Connection = 'direct' | 'relayed' | 'connecting' | 'offline'

/** Whether what somebody does comes as it happens. */
export const isReached = ({ connection }: { connection: Connection | null }): boolean =>
  connection === 'direct' || connection === 'relayed'

/** Where a direct connection goes through: it stays in the local network, or not. */
export type Path = 'local' | 'internet'

/** Clocks that differ by less are taken as right, ms. */
export const CLOCK_TOLERANCE_MS = 2 * 60_000

/** Another device of the team. */
export interface PeerStatus {
  /** z32 of its key. */
  device: string
  source: string
  /** The name that its owner chose; where that has not come yet, its source. */
  name: string
  role: Role
  connection: Connection
  /** null where it is not connected directly. */
  path: Path | null
  /** Blocks of its log that are known of and not here. */
  behind: number
  lastSeen: string | null
  /** Of its VibeTea, as it said itself; null before it was met. */
  version: string | null
  /** Why its log is not read on, a sentence; null where it is. */
  problem: string | null
  /** How far its clock was ahead of this machine's when it was last met, ms; negative: behind; null before. */
  clockAheadMs: number | null
}

/** The team that this node is in. */
export interface TeamStatus {
  /** z32. */
  teamId: string
  role: Role
  /** As its founder called it; null before that has come. */
  name: string | null
  /** Whether a teammate can be reached, and where none can, why: a sentence. */
  reach: { state: 'connected' | 'searching' | 'unreachable'; message: string }
}

export interface ProjectStatus {
  project: string
  projectTag?: string
  sharing: 'shared' | 'private' | 'excluded'
}

/** What the node was started with, as far as it decides what is kept and shown. */
export interface NodeSettings {
  /** Days for which the team's logs are kept, and one's own history. */
  retentionDays: number
  historyDays: number
  /** Extensions whose base names may be shown, without a dot; null: all. */
  basenameAllowlist: string[] | null
}

/** What a `.vibeteaignore` keeps out, or kept out while it lay there. */
export interface IgnoredStatus {
  directory: string
  /** Everything where there is none. */
  patterns: string[]
  /** RFC 3339 UTC; null where it is not known since when. */
  from: string | null
  /** null while it lies there. */
  to: string | null
}

/** How it stands with copying the team's logs into an archive. */
export interface ArchiveStatus {
  /**
   * `idle`: all that is here is there, or waits for its turn; `retrying`: a call failed and is made again by itself;
   * `refused`: the archive does not take calls as they are, and a person has to do something.
   */
  state: 'idle' | 'sending' | 'retrying' | 'refused'
  /** Where the archive's functions are. */
  url: string
  /** Blocks that are here and not there. */
  behind: number
  /** Events since the start: those that the archive was sent and answered for, and those of them that were new there. */
  sent: number
  inserted: number
  /** Events and batches that the archive left out since the start, by its error. */
  rejected: Record<string, number>
  /** When the archive last took something, RFC 3339 UTC; null before the first time. */
  lastSuccessAt: string | null
  /** When it is tried again, RFC 3339 UTC; null unless `retrying` or `refused`. */
  retryAt: string | null
  /** Why it does not take calls and what to do, sentences; null where it does. */
  problem: string | null
  /** Logs that it does not take while it takes others, and why: sentences. */
  held: { source: string; problem: string }[]
}

/** What the node said without being asked. */
export interface NoticeStatus {
  level: 'info' | 'warning' | 'error'
  message: string
  /** RFC 3339 UTC. */
  at: string
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
  team: TeamStatus | null
  peers: PeerStatus[]
  logs: LogStatus[]
  sources: SourceStatus[]
  projects: ProjectStatus[]
  /** What holds for projects about which nothing was decided. */
  newProjects: 'shared' | 'private'
  /** By directory, then time. */
  ignored: IgnoredStatus[]
  settings: NodeSettings
  /** The last ones since the start, oldest first. */
  notices: NoticeStatus[]
  /** null where this node archives nothing. */
  archive: ArchiveStatus | null
  /** What was left out or refused, by reason, such as `invalid_event`, `invalid_line`, `line_too_long`, `wrong_key`. */
  refused: Record<string, number>
}

/** What somebody's node says of itself while it is connected. */
export const PRESENCES = ['online', 'active', 'waiting', 'away'] as const
export type Presence = (typeof PRESENCES)[number]

export interface MemberRow {
  device: string
  source: string
  name: string
  role: Role
  presence: Presence | 'offline'
  /** null for oneself. */
  connection: Connection | null
  behind: number
  lastSeen: string | null
  version: string | null
  /** Copies the team's logs into an archive. */
  isArchiver: boolean
  isSelf: boolean
  /** How far the clock on their wall is ahead of UTC, as their node says; null before it has. */
  utcOffsetMinutes: number | null
  /** Events of theirs that are here. */
  eventsHeld: number
  /** When something last happened in their sessions, as far as it is here; null where there is none. */
  lastSessionAt: string | null
}

export interface MembersAnswer {
  members: MemberRow[]
}

export const STATS_BY = ['source', 'project', 'model', 'tool', 'assistant', 'day'] as const
export type StatsBy = (typeof STATS_BY)[number]

export interface StatsRow {
  /** What the counts are of; of a day its date, `2026-11-20`. */
  key: string
  events: number
  tools: number
  failures: number
  responses: number
  prompts: number
  errors: number
  tokens: Tokens
  /** The same tokens by model, sorted by name: what they cost differs. None by tool. */
  models: { model: string; tokens: Tokens }[]
}

export interface StatsAnswer {
  by: StatsBy
  days: number
  /** What was counted, RFC 3339 UTC, `to` excluded. */
  from: string
  to: string
  /** Sessions that something happened in meanwhile. */
  sessions: number
  /** Sorted by key: nothing here ranks. */
  rows: StatsRow[]
}

/** A file that more than one session is editing. */
export interface Overlap {
  fileTag: string
  context: string
  project: string
  /** `team` where sessions of different people do, `own` where they are all of this machine. */
  kind: 'team' | 'own'
  /** The latest first. */
  sessions: { sessionId: string; source: string; handle: string; lastAt: string; isSelf: boolean }[]
}

export interface OverlapsAnswer {
  overlaps: Overlap[]
}

/** Sessions that edited one file at a time, each within ten minutes of another. */
export interface Meeting extends Overlap {
  /** The first of these edits and the last, RFC 3339 UTC. */
  from: string
  to: string
}

/** What `GET /api/overlaps` answers for a time, the latest first. */
export interface MeetingsAnswer {
  overlaps: Meeting[]
}

/** An event of the outbox exactly as it stands in the log that teammates read. */
export interface OutboxAnswer {
  /** Oldest first. */
  events: Event[]
  /** Goes back as `before` for what left earlier; null at the end. */
  next: string | null
}

export interface ErrorAnswer {
  error: string
  message: string
}

/** What a person agrees to on entering a team. */
export interface Consent {
  /** The name that teammates see. */
  name: string
  /** Projects, by name or name~tag. */
  share: 'all' | 'none' | readonly string[]
  /** How much of what happened before is shared as well, in ms; 0 for nothing. */
  backfillMs: number
}

export interface TeamMade {
  teamId: string
  teamKey: string
  readOnlyKey: string
  /** The file with the admin backup. */
  adminBackup: string
}

export interface TeamJoined {
  teamId: string
  role: Role
}

export interface Invitation {
  key: string
  role: Role
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
  /** Makes a team: `TeamMade`. */
  create: { teamName: string | null } & Consent
  /** Joins a team: `TeamJoined`. */
  join: { key: string } & Consent
  leave: Record<string, never>
  /** A key to hand out: `Invitation`. */
  invite: { role: Role }
  /** What a hook of Claude Code says of a session. */
  hook: HookSays
}

export const HOOK_EVENTS = ['started', 'ended', 'permission', 'question'] as const

/** All that a hook says. */
export interface HookSays {
  event: (typeof HOOK_EVENTS)[number]
  /** The assistant's own. */
  sessionId: string
  /** Where a session starts. */
  cwd?: string
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
