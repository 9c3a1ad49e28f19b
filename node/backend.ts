import type {
  ActionName,
  Actions,
  EventRow,
  EventsAnswer,
  Gap,
  HealthAnswer,
  HeatmapAnswer,
  MeetingsAnswer,
  MemberRow,
  MembersAnswer,
  OutboxAnswer,
  OverlapsAnswer,
  PeerStatus,
  ProjectStatus,
  SessionRow,
  SessionsAnswer,
  StatsAnswer,
  StatusAnswer,
  TimelineAnswer,
} from '../core/api.ts'
import { compare } from '../core/buckets.ts'
import type { Event } from '../core/events.ts'
import { isAmong } from '../core/project-key.ts'
import type { Sharing } from '../core/rule.ts'
import { Announced } from './announced.ts'
import type {
  Backend,
  EventsQuery,
  HeatmapQuery,
  LiveFeed,
  NodeAction,
  OutboxQuery,
  SessionsQuery,
  Span,
  StatsQuery,
  TimelineQuery,
} from './api/backend.ts'
import type { Device } from './device.ts'
import type { ArchiveHistory } from './archive/history.ts'
import { gapsOf } from './gaps.ts'
import type { Settings } from './home/settings.ts'
import type { SharingDecisions } from './home/sharing.ts'
import { Holdings } from './holdings.ts'
import type { Index } from './index/index.ts'
import type { Membership } from './membership.ts'
import type { PrivateLog } from './log/private-log.ts'
import { prometheus } from './metrics.ts'
import { ignoredStatus, settingsStatus } from './home-status.ts'
import type { Notices } from './notices.ts'
import type { Sources } from './sources/sources.ts'
import { VERSION } from './version.ts'

export interface BackendOptions {
  settings: Settings
  device: Device
  notices: Notices
  sharing: SharingDecisions
  privateLog: PrivateLog
  index: Index
  sources: Sources
  membership: Membership
  /** What the archive knows; null where none is set. */
  history: ArchiveHistory | null
  /** RFC 3339 UTC. */
  startedAt: string
  /** How far the clock on the wall is ahead of UTC at a time (ms), in minutes. */
  utcOffsetAt: (ms: number) => number
  /** ms since 1970. */
  now: () => number
}

const DAY_MS = 86_400_000

const SHARING: Record<'share' | 'private' | 'exclude', Sharing> = {
  share: 'shared',
  private: 'private',
  exclude: 'excluded',
}

/** What the API answers from: the index, and what this machine alone knows besides. */
export class NodeBackend implements Backend {
  readonly live: LiveFeed
  readonly #options: BackendOptions
  readonly #announced: Announced
  readonly #holdings: Holdings

  constructor(options: BackendOptions) {
    this.#options = options
    const { index, notices, membership, sources, now } = options
    this.#announced = new Announced({ isAlive: (sessionId) => sources.isAlive(sessionId), now })
    this.#holdings = new Holdings(index)
    index.onSessions((rows) => this.#announced.begun(rows))
    this.live = {
      get head() {
        return index.head
      },
      after: async (cursor, limit) => this.#withLocals(await index.after(cursor, limit)),
      onRows: (listener) => index.onRows((rows, head) => listener(this.#withLocals(rows), head)),
      onSessions: (listener) => {
        const stop = index.onSessions((sessions) => listener(this.#withLocals(sessions)))
        const stopAnnounced = this.#announced.onChange(listener)
        return () => {
          stop()
          stopAnnounced()
        }
      },
      onPeers: (listener) => membership.onChange(() => listener(this.#peers())),
      onPresence: (listener) => membership.onChange(() => listener(this.#members())),
      onNotice: (listener) => notices.listen(listener),
    }
  }

  health(): HealthAnswer['status'] {
    return this.#options.membership.team?.archiving?.isDegraded ? 'degraded' : 'ok'
  }

  async status(): Promise<StatusAnswer> {
    const { settings, device, sharing, privateLog, index, sources, membership, startedAt, now } =
      this.#options
    const { team } = membership
    const pause = sharing.pauseAt(now())
    const pausedUntil = pause && (pause.to === Infinity ? 'resume' : new Date(pause.to).toISOString())
    const [seen, indexed] = await Promise.all([index.projects(device.source), index.logs()])
    const invalid = indexed.reduce((sum, log) => sum + log.invalid, 0)
    const { home } = settings
    const { source } = device
    const { core, length, bytes } = privateLog
    return {
      node: { version: VERSION, source, device: device.key.device, home, startedAt, pausedUntil },
      team: team?.status() ?? null,
      peers: this.#peers(),
      logs: [
        { key: core, source, kind: 'private', blocks: length, bytes, behind: length - index.indexed(core) },
        ...(team?.logs() ?? []),
      ],
      sources: sources.status(),
      projects: withDecided(seen, sharing),
      newProjects: sharing.newProjects,
      ignored: ignoredStatus(sharing.ignored),
      settings: settingsStatus(settings),
      notices: this.#options.notices.last(),
      archive: team?.archiving?.status() ?? null,
      refused: { ...(invalid > 0 && { invalid_event: invalid }), ...sources.refused, ...team?.refused },
    }
  }

  async events(query: EventsQuery): Promise<EventsAnswer> {
    const answer = await this.#options.index.events(query)
    return { ...answer, events: this.#withLocals(answer.events) }
  }

  async sessions(query: SessionsQuery): Promise<SessionsAnswer> {
    const sessions = await this.#options.index.sessions(query)
    return { sessions: [...this.#withLocals(sessions), ...this.#announced.rows(query)] }
  }

  async heatmap({ retry, ...query }: HeatmapQuery): Promise<HeatmapAnswer> {
    const { index, history } = this.#options
    const known = history?.current(retry)
    const gaps = await this.#gaps(query.days)
    const answer = await index.heatmap(query, { gaps, archived: known?.counts ?? [] })
    return { ...answer, meta: { ...answer.meta, history: known?.status ?? null } }
  }

  stats(query: StatsQuery): Promise<StatsAnswer> {
    return this.#options.index.stats(query)
  }

  async members(): Promise<MembersAnswer> {
    await this.#holdings.refresh()
    return { members: this.#members() }
  }

  async overlaps(): Promise<OverlapsAnswer> {
    return { overlaps: await this.#options.index.overlaps(this.#options.device.source) }
  }

  async meetings({ from, to }: Span): Promise<MeetingsAnswer> {
    const { index, device } = this.#options
    return { overlaps: await index.meetings(device.source, from, to) }
  }

  async timeline(query: TimelineQuery): Promise<TimelineAnswer> {
    const { index, now } = this.#options
    const days = Math.max(0, Math.ceil((now() - query.from) / DAY_MS))
    const [{ sessions, more }, gaps] = await Promise.all([index.timeline(query), this.#gaps(days)])
    const within = gaps.filter(({ from, to }) => Date.parse(from) < query.to && Date.parse(to) > query.from)
    return { sessions: this.#withLocals(sessions), more, gaps: within }
  }

  /** Without a team there is no log that anyone else reads: nothing has left. */
  async outbox({ project, ...page }: OutboxQuery): Promise<OutboxAnswer> {
    const isWanted = ({ payload }: Event) => !project || isAmong(project, payload)
    return (await this.#options.membership.team?.outbox({ ...page, isWanted })) ?? { events: [], next: null }
  }

  async metrics(): Promise<string> {
    return prometheus(await this.status(), await this.#options.index.totals())
  }

  async act<Name extends NodeAction>(name: Name, args: Actions[Name]): Promise<object> {
    const { sharing, membership, sources, now } = this.#options
    switch (name as ActionName) {
      case 'create':
        return membership.create(args as Actions['create'])
      case 'join':
        return membership.join(args as Actions['join'])
      case 'invite':
        return membership.invite(args as Actions['invite'])
      case 'leave':
        await membership.leave()
        return {}
      case 'share':
      case 'private':
      case 'exclude': {
        const { project } = args as Actions['share']
        await sharing.setSharing(project, SHARING[name as 'share'], now())
        return { project, sharing: SHARING[name as 'share'] }
      }
      case 'hook':
        sources.hooked(args as Actions['hook'], this.#announced)
        return {}
      case 'pause': {
        const { until } = args as Actions['pause']
        await sharing.pause(now(), until === null ? null : Date.parse(until))
        return { pausedUntil: until ?? 'resume' }
      }
      default:
        await sharing.resume(now())
        return { pausedUntil: null }
    }
  }

  /** Times of the last days of which it is not known what went on. */
  #gaps(days: number): Promise<Gap[]> {
    const { index, sharing, device, settings, now } = this.#options
    const { historyDays, retentionDays } = settings
    return gapsOf(days, {
      historyDays,
      retentionDays,
      self: device.source,
      pauses: sharing.pauses(),
      peers: this.#peers(),
      lastAt: (source) => index.lastBucketAt(source),
      now: now(),
    })
  }

  #peers(): PeerStatus[] {
    return this.#options.membership.team?.peers() ?? []
  }

  /** Without a team one is alone. */
  #members(): MemberRow[] {
    const { device, settings, membership, utcOffsetAt, now } = this.#options
    if (membership.team) return this.#holdings.with(membership.team.members())
    const utcOffsetMinutes = utcOffsetAt(now())
    const lastSeen = new Date(now()).toISOString()
    const self = { device: device.key.device, source: device.source, name: settings.hostName, lastSeen }
    const here = { connection: null, behind: 0, version: VERSION, isArchiver: false, isSelf: true }
    return this.#holdings.with([{ ...self, ...here, utcOffsetMinutes, role: 'member', presence: 'online' }])
  }

  /** Adds what only this machine knows of its own sessions. */
  #withLocals<Rows extends readonly (EventRow | SessionRow)[] | null>(rows: Rows): Rows {
    if (!rows) return rows
    const { sources, device } = this.#options
    return rows.map((row) => {
      const sessionId = 'payload' in row ? row.payload.sessionId : row.sessionId
      const local = row.source === device.source ? sources.local(sessionId) : undefined
      return local ? { ...row, local } : row
    }) as unknown as Rows
  }
}

/** The projects that have been seen, and those that something was decided about before they were. */
function withDecided(seen: readonly SeenProject[], sharing: SharingDecisions): ProjectStatus[] {
  const keyOf = ({ project, projectTag }: SeenProject) => `${project}~${projectTag ?? ''}`
  const all = new Map(seen.map((project) => [keyOf(project), project]))
  const names = new Set(seen.map(({ project }) => project))
  for (const { project, projectTag } of sharing.projects()) {
    const decided = projectTag === undefined ? { project } : { project, projectTag }
    // A decision about a name stands with each project of that name.
    if (projectTag === undefined && names.has(project)) continue
    all.set(keyOf(decided), decided)
  }
  return [...all.values()]
    .map((project) => ({ ...project, sharing: sharing.sharingOf(project.project, project.projectTag) }))
    .sort((a, b) => compare(keyOf(a), keyOf(b)))
}

interface SeenProject {
  project: string
  projectTag?: string
}
