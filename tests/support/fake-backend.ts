import type {
  Actions,
  EventRow,
  EventsAnswer,
  HeatmapAnswer,
  HistoryStatus,
  Invitation,
  MemberRow,
  ProjectStatus,
  SessionRow,
  SourceStatus,
  StatsAnswer,
  StatusAnswer,
} from '../../core/api.ts'
import { BUCKET_MS, type BucketCount, bucketOf, byLocalHour, localHours } from '../../core/buckets.ts'
import type { Event } from '../../core/events.ts'
import { isAmong } from '../../core/project-key.ts'
import { isFound, isSessionFound, searchedWords } from '../../core/search.ts'
import { TEAM_KEY_LENGTH } from '../../core/team-key.ts'
import type {
  Backend,
  EventsQuery,
  HeatmapQuery,
  LiveFeed,
  OutboxQuery,
  SessionsQuery,
  Span,
  StatsQuery,
  TimelineQuery,
} from '../../node/api/backend.ts'
import { FakeTeam, others, OWN_VERSION } from './fake-team.ts'
import { SessionBook } from './fake-sessions.ts'
import { fakeStats, usageHistory } from './fake-usage.ts'
import { PEOPLE, type Person, randomFrom, toRow } from './fake-world.ts'

export interface FakeBackendOptions {
  /** ms since 1970. */
  now: () => number
  people?: readonly Person[]
  events?: readonly Event[]
}

type Listener<T extends unknown[]> = (...args: T) => void

/** A node without logs: rows in memory, and answers worked out from them. The test says what happens. */
export class FakeBackend implements Backend {
  readonly rows: EventRow[] = []
  backfill: SourceStatus['backfill'] = null
  /** How it stands with the archive, and what happens when a person asks for it again. */
  history: HistoryStatus | null = null
  onHistoryRetry: () => void = () => undefined
  pausedUntil: string | null = null
  ignored: StatusAnswer['ignored'] = []
  notices: StatusAnswer['notices'] = []
  archive: StatusAnswer['archive'] = null
  projects: ProjectStatus[]
  /** Who else there is; none where there is nobody but oneself. */
  readonly team: FakeTeam
  readonly live: LiveFeed
  readonly #now: () => number
  readonly #people: readonly Person[]
  readonly #book = new SessionBook()
  readonly #history: BucketCount[]
  readonly #usage: ReturnType<typeof usageHistory>
  readonly #onRows = new Set<Listener<[readonly EventRow[], string]>>()
  readonly #onSessions = new Set<Listener<[readonly SessionRow[]]>>()
  readonly #onNotice = new Set<Listener<['info' | 'warning' | 'error', string]>>()

  constructor({ now, people = PEOPLE, events = [] }: FakeBackendOptions) {
    this.#now = now
    this.#people = people
    this.team = new FakeTeam(people, people.length > 1 ? others(now()) : [])
    this.#history = events.length ? history(people, now()) : []
    this.#usage = events.length ? usageHistory(people, now()) : []
    this.projects = people.length
      ? people[0]!.projects.map((project, i) => ({ project, sharing: i ? 'private' : 'shared' }))
      : []
    for (const event of events) this.#store(event)
    const head = () => this.rows.at(-1)?.cursor ?? 'c.-1'
    this.live = {
      get head() {
        return head()
      },
      after: (cursor, limit) => {
        const missed = this.rows.slice(Number(cursor.slice(2)) + 1)
        return Promise.resolve(missed.length > limit ? null : missed)
      },
      onRows: (listener) => listen(this.#onRows, listener),
      onSessions: (listener) => listen(this.#onSessions, listener),
      onPeers: (listener) => this.team.onPeers(listener),
      onPresence: (listener) => this.team.onPresence(listener),
      onNotice: (listener) => listen(this.#onNotice, listener),
    }
  }

  /** Something happens, and everyone connected is told. */
  add(...events: Event[]): void {
    this.addRows(events)
    this.tellSessions(new Set(events.map(({ payload }) => payload.sessionId)))
  }

  addRows(events: readonly Event[], receivedAt = new Date(this.#now()).toISOString()): void {
    const rows = events.map((event) => this.#store(event, receivedAt))
    for (const listener of this.#onRows) listener(rows, this.live.head)
  }

  /** Tells of some sessions as they are now. */
  tellSessions(sessionIds: ReadonlySet<string>): void {
    const sessions = this.#book.rows(this.#now()).filter(({ sessionId }) => sessionIds.has(sessionId))
    for (const listener of this.#onSessions) listener(sessions)
  }

  notify(message: string): void {
    for (const listener of this.#onNotice) listener('warning', message)
  }

  events(query: EventsQuery): Promise<EventsAnswer> {
    const { before, after, first, limit, order, q } = query
    const found = this.rows.filter((row) => passes(query, row) && isFound(q ?? '', row))
    if (order === 'time') found.sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp))
    const placeOf = (given: string) => found.findIndex(({ cursor }) => cursor === given)
    const begin = after ? placeOf(after) + 1 : 0
    const isForward = after !== undefined || (first === 'oldest' && !before)
    const end = isForward ? Math.min(found.length, begin + limit) : before ? placeOf(before) : found.length
    const start = isForward ? begin : Math.max(0, end - limit)
    const events = found.slice(start, end).reverse()
    const next = start > 0 ? (events.at(-1)?.cursor ?? null) : null
    const prev = end < found.length ? (events[0]?.cursor ?? null) : null
    return Promise.resolve({ events, next, prev })
  }

  sessions({ q, limit }: SessionsQuery = {}): ReturnType<Backend['sessions']> {
    const rows = this.#book.rows(this.#now())
    if (q === undefined) return Promise.resolve({ sessions: rows })
    const words = searchedWords(q)
    return Promise.resolve({ sessions: rows.filter((row) => isSessionFound(words, row)).slice(0, limit) })
  }

  heatmap({ days, timeZone, dayStart, retry }: HeatmapQuery): Promise<HeatmapAnswer> {
    if (retry) this.onHistoryRetry()
    const counts = this.rows.map(({ source, timestamp }) => ({
      source,
      bucket: bucketOf(Date.parse(timestamp)),
      count: 1,
    }))
    const now = this.#now()
    const aggregates = byLocalHour([...this.#history, ...counts], localHours(timeZone), now, days, dayStart)
    const totalCount = aggregates.length
    const iso = (ms: number) => new Date(ms).toISOString()
    const gaps = this.#history.length
      ? [
          {
            source: PEOPLE[1]!.source,
            from: iso(now - 50 * 3_600_000),
            to: iso(now - 46 * 3_600_000),
            reason: 'missing' as const,
          },
        ]
      : []
    const meta = { totalCount, daysRequested: days, fetchedAt: iso(now), timeZone, history: this.history }
    return Promise.resolve({ aggregates, gaps, meta })
  }

  stats(query: StatsQuery): Promise<StatsAnswer> {
    return Promise.resolve(fakeStats(query, this.rows, this.#usage, this.#now()))
  }

  members(): Promise<{ members: MemberRow[] }> {
    return Promise.resolve({ members: this.team.members() })
  }

  status(): Promise<StatusAnswer> {
    const source = this.#people[0]?.source ?? 'macbook-k3f9xq'
    const claude: SourceStatus = {
      assistant: 'claude',
      directories: ['/home/ada/.claude'],
      files: this.#people.length * 14,
      watching: 'events',
      backfill: this.backfill,
      problems: [],
    }
    return Promise.resolve({
      node: {
        version: OWN_VERSION,
        source,
        device: 'pretend',
        home: '/home/ada/.vibetea',
        startedAt: new Date(this.#now() - 7_200_000).toISOString(),
        pausedUntil: this.pausedUntil,
      },
      team: this.team.isTeam ? this.team.status : null,
      peers: this.team.peers(),
      logs: [{ key: 'pretend', source, kind: 'private', blocks: this.rows.length, bytes: 4096, behind: 0 }],
      sources: [claude],
      projects: this.projects,
      newProjects: 'private',
      ignored: this.ignored,
      settings: { retentionDays: 30, historyDays: 365, basenameAllowlist: null },
      notices: this.notices,
      archive: this.archive,
      refused: {},
    })
  }

  overlaps(): ReturnType<Backend['overlaps']> {
    return Promise.resolve({ overlaps: this.team.overlaps })
  }

  meetings({ from, to }: Span): ReturnType<Backend['meetings']> {
    const overlaps = this.team.meetings.filter(
      (meeting) => Date.parse(meeting.from) < to && Date.parse(meeting.to) >= from,
    )
    return Promise.resolve({ overlaps })
  }

  timeline(query: TimelineQuery): ReturnType<Backend['timeline']> {
    return Promise.resolve(this.#book.timeline(query, this.#now()))
  }

  outbox({ limit, before, project }: OutboxQuery): ReturnType<Backend['outbox']> {
    const own = this.#people[0]?.source
    const isShared = ({ source, payload }: Event) =>
      source === own &&
      (!project || isAmong(project, payload)) &&
      this.projects.some((row) => row.project === payload.project && row.sharing === 'shared')
    const left = this.#people.length > 1 ? this.rows.filter(isShared) : []
    const end = before === undefined ? left.length : Number(before)
    const next = end > limit ? String(end - limit) : null
    return Promise.resolve({ events: left.slice(Math.max(0, end - limit), end).map(toEvent), next })
  }

  health(): 'ok' | 'degraded' {
    return this.archive?.state === 'refused' ? 'degraded' : 'ok'
  }

  metrics(): Promise<string> {
    return Promise.resolve('')
  }

  act: Backend['act'] = (name, args) => {
    const sharing = { share: 'shared', private: 'private', exclude: 'excluded' } as const
    if (name === 'pause') this.pausedUntil = (args as { until: string | null }).until ?? 'resume'
    if (name === 'resume') this.pausedUntil = null
    if (name in sharing) {
      const { project } = args as { project: string }
      const chosen = sharing[name as keyof typeof sharing]
      this.projects = this.projects.map((row) =>
        row.project === project ? { ...row, sharing: chosen } : row,
      )
    }
    if (name === 'invite') return Promise.resolve(invitation((args as Actions['invite']).role))
    return Promise.resolve({})
  }

  #store(event: Event, receivedAt?: string): EventRow {
    const row = toRow(event, this.rows.length, receivedAt)
    this.rows.push(row)
    this.#book.add(event)
    return row
  }
}

/** A key of the right length that opens nothing. */
function invitation(role: Invitation['role']): Invitation {
  const begin = role === 'member' ? 'vt1w' : 'vt1r'
  return { key: begin.padEnd(TEAM_KEY_LENGTH, 'pretendkeyofnobody'), role }
}

function listen<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

function passes(
  { type, project, source, assistant, session, from, to }: EventsQuery,
  row: EventRow,
): boolean {
  const at = Date.parse(row.timestamp)
  return (
    (type?.includes(row.eventType) ?? true) &&
    (!project || isAmong(project, row.payload)) &&
    (source?.includes(row.source) ?? true) &&
    (assistant?.includes(row.payload.assistant) ?? true) &&
    (session === undefined || session === row.payload.sessionId) &&
    (from === undefined || at >= from) &&
    (to === undefined || at < to)
  )
}

function toEvent({ id, source, timestamp, eventType, payload }: EventRow): Event {
  return { id, source, timestamp, eventType, payload } as Event
}

/** A month of working days, busiest before noon and in the afternoon. */
function history(people: readonly Person[], now: number): BucketCount[] {
  const random = randomFrom(7)
  const today = bucketOf(now)
  return people.flatMap(({ source }, i) =>
    Array.from({ length: 30 * 96 }, (_, back) => {
      const at = new Date((today - back - 16) * BUCKET_MS)
      const hour = (at.getUTCHours() + i) % 24
      const isWeekend = at.getUTCDay() % 6 === 0
      const busy = Math.exp(-((hour - 10.5) ** 2) / 5) + Math.exp(-((hour - 15) ** 2) / 6)
      const count = Math.floor(30 * busy * (isWeekend ? 0.15 : 1) * random())
      return { source, bucket: bucketOf(at.getTime()), count }
    }).filter(({ count }) => count > 0),
  )
}
