import type {
  EventRow,
  HeatmapAnswer,
  MemberRow,
  Overlap,
  PeerStatus,
  ServerMessage,
  SessionRow,
  StatsAnswer,
  StatusAnswer,
} from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import { handleOf } from '../../core/handle.ts'

export const NOW = Date.parse('2026-11-20T08:00:00Z')

/** An event as the node's row of it, received when it happened unless said otherwise. */
export function rowOf(event: Event, number = 0, receivedAt = event.timestamp): EventRow {
  return { ...event, cursor: `c.${number}`, receivedAt }
}

export function sessionRow(change: Partial<SessionRow> = {}): SessionRow {
  const sessionId = change.sessionId ?? '3b241101-e2bb-4255-8caf-4136c566a962'
  const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  const at = new Date(NOW).toISOString()
  return {
    sessionId,
    source: 'laptop-ybndrf',
    handle: handleOf(sessionId),
    project: 'web-app',
    assistant: 'claude',
    state: 'active',
    needs: null,
    needsSince: null,
    startedAt: at,
    lastEventAt: at,
    endedAt: null,
    totals: { prompts: 0, tools: 0, failures: 0, errors: 0, tokens, durationMs: 0 },
    last: null,
    density: { from: at, stepMs: 60_000, counts: [] },
    ...change,
  }
}

export function memberRow(change: Partial<MemberRow> = {}): MemberRow {
  return {
    device: 'device',
    source: 'laptop-ybndrf',
    name: 'Ada Okafor',
    role: 'member',
    presence: 'active',
    connection: 'direct',
    behind: 0,
    lastSeen: null,
    version: '0.1.0',
    isArchiver: false,
    isSelf: false,
    utcOffsetMinutes: null,
    eventsHeld: 0,
    lastSessionAt: null,
    ...change,
  }
}

export function peerStatus(change: Partial<PeerStatus> = {}): PeerStatus {
  const { device, source, name, role, behind, lastSeen, version } = memberRow()
  const place = { device, source, name, role, behind, lastSeen, version }
  return { ...place, connection: 'direct', problem: null, clockAheadMs: null, path: null, ...change }
}

/** A file that sessions of some sources edit, the latest first; oneself is `ada-ybndrf`. */
export function overlap({
  context = 'invite.ts',
  fileTag = 'ybndrfg8ejkm',
  who = ['bruno-cpqxot', 'ada-ybndrf'],
  at = NOW,
} = {}): Overlap {
  const sessions = who.map((source, i) => ({
    sessionId: `session-${i}`,
    source,
    handle: handleOf(`session-${i}`),
    lastAt: new Date(at - i * 1000).toISOString(),
    isSelf: source === 'ada-ybndrf',
  }))
  return { fileTag, context, project: 'web-app', kind: new Set(who).size > 1 ? 'team' : 'own', sessions }
}

/** The page's end of a WebSocket; the test is the node. */
export class FakeSocket {
  static readonly opened: FakeSocket[] = []
  readonly url: string
  readonly protocols: readonly string[]
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: (() => void) | null = null

  constructor(url: string, protocols: readonly string[] = []) {
    this.url = url
    this.protocols = protocols
    FakeSocket.opened.push(this)
  }

  say(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) })
  }

  hello(head: string, resumed = false): void {
    this.say({ type: 'hello', head, resumed, serverTime: new Date(NOW).toISOString() })
  }

  /** The line breaks, or is refused. */
  break(): void {
    this.onclose?.()
  }

  close(): void {
    this.onclose?.()
  }
}

/** Counts of nothing, of a day until `NOW`. */
export function statsAnswer(change: Partial<StatsAnswer> = {}): StatsAnswer {
  const from = new Date(NOW - 8 * 3_600_000).toISOString()
  const to = new Date(NOW + 16 * 3_600_000).toISOString()
  return { by: 'source', days: 1, from, to, sessions: 0, rows: [], ...change }
}

export const STATUS: StatusAnswer = {
  node: {
    version: '0.1.0',
    source: 'laptop-ybndrf',
    device: 'device',
    home: '/home/ada/.vibetea',
    startedAt: new Date(NOW).toISOString(),
    pausedUntil: null,
  },
  team: null,
  peers: [],
  logs: [],
  sources: [],
  projects: [],
  newProjects: 'private',
  ignored: [],
  settings: { retentionDays: 30, historyDays: 365, basenameAllowlist: null },
  notices: [],
  archive: null,
  refused: {},
}

export const NO_HEAT: HeatmapAnswer = {
  aggregates: [],
  gaps: [],
  meta: {
    totalCount: 0,
    daysRequested: 30,
    fetchedAt: new Date(NOW).toISOString(),
    timeZone: 'UTC',
    history: null,
  },
}

/** What the node answers, by path; a test changes what it needs. */
export class FakeApi {
  readonly asked: { path: string; params: URLSearchParams; authorization: string | null; body: unknown }[] =
    []
  readonly answers: Record<string, unknown> = {
    events: { events: [], next: null, prev: null },
    sessions: { sessions: [] },
    members: { members: [] },
    overlaps: { overlaps: [] },
    timeline: { sessions: [], more: 0, gaps: [] },
    outbox: { events: [], next: null },
    heatmap: NO_HEAT,
    stats: statsAnswer(),
    status: STATUS,
    session: { token: 'page-token' },
  }
  /** What answers a path instead, such as late, with an error, or with what is no JSON. */
  readonly instead: Record<
    string,
    ((params: URLSearchParams, init?: RequestInit) => Promise<Response>) | undefined
  > = {}
  isAway = false
  isLocked = false

  readonly fetch = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const { pathname, searchParams } = new URL(input as string, 'http://127.0.0.1:8832')
    const path = pathname.replace('/api/', '')
    const authorization = new Headers(init?.headers).get('authorization')
    this.asked.push({ path, params: searchParams, authorization, body: init?.body })
    if (this.isAway) return Promise.reject(new TypeError('Failed to fetch'))
    if (this.isLocked && path !== 'session') {
      return Promise.resolve(Response.json({ error: 'missing_token', message: 'no' }, { status: 401 }))
    }
    return this.instead[path]?.(searchParams, init) ?? Promise.resolve(Response.json(this.answers[path]))
  }
}
