import type { LogStatus, PeerStatus, TeamStatus } from '../core/api.ts'
import { equalBytes } from '../core/bytes.ts'
import type { Event } from '../core/events.ts'
import { keyText } from '../core/secrets.ts'
import { type Archiving, archivingOf } from './archiving.ts'
import type { SharingDecisions } from './home/sharing.ts'
import type { TeamFile } from './home/team-file.ts'
import type { Index } from './index/index.ts'
import { pause } from './log/retry.ts'
import { StateLog } from './log/state-log.ts'
import type { TeamFeed } from './log/team-feed.ts'
import type { TeamLog } from './log/team-log.ts'
import { Mesh } from './mesh/net.ts'
import { lastEvents, type OutboxPage } from './outbox.ts'
import { ownFeed } from './own-feed.ts'
import { People } from './people.ts'
import type { RosterRow } from './people-rows.ts'
import { DAY_MS, firstSince, forgetOld, type RetentionOptions } from './retention.ts'
import { TeamIdentity } from './team-identity.ts'
import { openTeamParts, type TeamParts, type TeamPartsOptions } from './team-parts.ts'

/** What changes with time alone is looked at so often: presence, and who is looked for in vain. */
const BEAT_MS = 1000
/** Changes of people are told at most so often. */
const TELL_MS = 200
/** What is learned of the team is acted upon so much later, all at once: it may come by the thousand. */
const LOOK_MS = 50
/** How long a peer is looked for who could hear that this device leaves, and how long it has to hear it. */
const SEARCH_MS = 5000
const POLL_MS = 50
const GOODBYE_MS = 1000

export interface TeamOptions extends TeamPartsOptions {
  /** Its log has been begun just now: no peer can know more of it. */
  isNew: boolean
  /** Whether its logs are copied into the archive that is set. */
  archives: boolean
  sharing: SharingDecisions
  index: Index
  /** How far the clock on the wall is ahead of UTC at a time (ms), in minutes. */
  utcOffsetAt: (ms: number) => number
  /** This device's log cannot go on, as peers have another history of it. */
  onLost: () => void
  /** What goes wrong in the background ends the node. */
  onError: (error: unknown) => void
}

/** All events of this machine's session files since a time (ms), as they would be recorded now. */
export type History = (from: number) => AsyncIterable<Event>

/** The team that this node is in: its logs, its people, and the mesh between them. The place where these meet. */
export class Team {
  readonly file: TeamFile
  /** What copies its logs into the archive; null where this node does not. */
  readonly archiving: Archiving | null
  readonly #options: TeamOptions
  readonly #parts: TeamParts
  readonly #identity: TeamIdentity
  readonly #feed: TeamFeed | null
  readonly #people: People
  readonly #listeners = new Set<() => void>()
  /** How to stop what was started, in the order of starting. */
  readonly #stops: (() => void)[] = []
  #mesh: Mesh | null = null
  #stopBeat: () => void = () => undefined
  #stopTelling: (() => void) | null = null
  #stopLooking: (() => void) | null = null
  #told = ''

  private constructor(options: TeamOptions, parts: TeamParts) {
    const { file, device } = options
    this.file = file
    this.#options = options
    this.#parts = parts
    this.#identity = new TeamIdentity(file, device.key, parts.mesh.secrets, parts.mesh.self.noise)
    this.archiving = options.archives ? archivingOf(parts, options) : null
    const isArchiver = this.archiving !== null
    this.#people = new People({ ...parts, ...options, isArchiver, onChanged: () => this.#tell() })
    this.#feed = ownFeed(parts, options)
  }

  /** Opens what the home keeps of its team; nothing is sent before `start`. Throws a `VibeTeaError`. */
  static async open(options: TeamOptions): Promise<Team> {
    const team = new Team(options, await openTeamParts(options))
    team.#followLogs()
    team.#admit()
    return team
  }

  /** Goes to look for the others. Resolves when the mesh is up, before anybody has been found. */
  async start(): Promise<void> {
    this.#mesh = await Mesh.start({
      ...this.#parts.mesh,
      onLearned: () => this.#lookSoon(),
      onChanged: () => this.#tell(),
    })
    this.#people.meet(this.#mesh)
    this.#certify()
    this.#feed?.start(this.#options.isNew)
    await this.archiving?.start()
    this.#beat()
    this.#people.introduce(this.#options.isNew).catch(this.#options.onError)
  }

  /** Has what happened before the join shared as well. `history` gives all events since a time, by today's rules. */
  async backfill(history: History): Promise<void> {
    await this.#feed?.backfill(history(this.file.sharedFrom))
  }

  status(): TeamStatus {
    const { teamId, role } = this.file
    const name = this.#people.teamName()
    return { teamId: keyText(teamId), role, name, reach: this.#mesh?.reach() ?? STARTING }
  }

  peers(): PeerStatus[] {
    return this.#people.peers()
  }

  members(): RosterRow[] {
    return this.#people.members()
  }

  /** The logs of events of everyone. */
  logs(): LogStatus[] {
    const { device, index } = this.#options
    return this.#parts.store.logs().map((log) => {
      const { core: key, length: blocks, bytes } = log
      const isOwn = this.#identity.isOwn(log)
      const behind = isOwn ? 0 : Math.max(0, blocks - index.indexed(key))
      return { key, source: isOwn ? device.source : log.source, kind: 'team', blocks, bytes, behind }
    })
  }

  /** Forgets what came into the team's logs more than `days` ago; of one's own, what happened before. */
  async forgetOld({ arrivals, index, days, now }: Omit<RetentionOptions, 'logs'>): Promise<void> {
    const { store } = this.#parts
    const others = store.logs().filter((log) => !this.#identity.isOwn(log))
    const logs = others.map(({ core }) => ({
      core,
      clearBefore: (seq: number) => store.clearBefore(core, seq),
    }))
    await forgetOld({ arrivals, index, days, now, logs })
    if (!store.events) return
    const floor = await firstSince(store.events, now - days * DAY_MS)
    if (floor <= store.events.floor) return
    await store.clearBefore(store.events.core, floor)
    this.#mesh?.core.publish('statement', this.#identity.statement('floor', floor))
  }

  /** The last events that left this machine, see `lastEvents`, as they stand in its logs, former ones too. */
  async outbox(page: OutboxPage): ReturnType<typeof lastEvents> {
    const { roster, store } = this.#parts
    const { publicKey } = this.#options.device.key
    const begunAt = (log: TeamLog) =>
      this.#identity.isOwn(log) ? Infinity : (roster.writer(log)?.issuedAt ?? 0)
    const own = store.logs().filter(({ device }) => equalBytes(device, publicKey))
    return lastEvents(
      own.toSorted((a, b) => begunAt(a) - begunAt(b)),
      page,
    )
  }

  /** What was refused since the start, by reason. */
  get refused(): Record<string, number> {
    const profiles = this.#people.refused
    const sources = this.#parts.owners.refused
    return {
      ...this.#mesh?.refused,
      ...(profiles > 0 && { invalid_profile: profiles }),
      ...(sources > 0 && { foreign_source: sources }),
    }
  }

  /** Called when anything changed that `peers`, `members` or `status` say. Returns how to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Keys of the logs that go with the team. */
  cores(): string[] {
    return this.#parts.store.logs().map(({ core }) => core)
  }

  /** Tells everyone who can be reached within some seconds that this device leaves. */
  async sayGoodbye(): Promise<void> {
    const { timers } = this.#options
    const end = timers.now() + SEARCH_MS
    const isAlone = () => this.status().reach.state !== 'connected'
    while (this.peers().length > 0 && isAlone() && timers.now() < end) await pause(POLL_MS, timers)
    if (isAlone()) return
    const length = this.#parts.store.events?.length ?? 0
    this.#mesh?.core.publish('statement', this.#identity.statement('left', length))
    await pause(GOODBYE_MS, timers)
  }

  async close(): Promise<void> {
    const { store, owners } = this.#parts
    for (const stop of this.#stops.splice(0).reverse()) stop()
    this.#stopBeat()
    this.#stopTelling?.()
    await this.#feed?.close()
    await this.archiving?.close()
    await this.#mesh?.destroy()
    this.#stopLooking?.()
    await this.#people.close()
    await store.close()
    await owners.flush()
  }

  #followLogs(): void {
    const { store } = this.#parts
    const follow = (log: TeamLog | StateLog) => {
      if (log instanceof StateLog) this.#people.follow(log)
      // What this device writes there is in its private log, and need not be indexed twice.
      else if (!this.#identity.isOwn(log)) this.#stops.push(this.#options.index.follow(log))
      this.#tell()
    }
    for (const log of [...store.logs(), ...store.stateLogs()]) follow(log)
    this.#stops.push(store.onLog(follow))
  }

  #lookSoon(): void {
    this.#stopLooking ??= this.#options.timers.after(LOOK_MS, () => {
      this.#stopLooking = null
      this.#admit()
      this.#certify()
      this.archiving?.learned()
    })
  }

  /** Opens the logs of all whom the roster admits. */
  #admit(): void {
    const { roster, store } = this.#parts
    for (const writer of roster.writers()) if (!this.#identity.isOwn(writer)) store.follow(writer)
    this.#tell()
  }

  #certify(): void {
    const certificate = this.#identity.certificate(this.#parts.roster, this.#options.timers.now())
    if (certificate) this.#mesh?.core.publish('certificate', certificate)
  }

  #beat(): void {
    const { timers, onError } = this.#options
    this.#people.tellPresence()
    this.#people.keepIntroduced().catch(onError)
    const state = `${this.status().reach.message} ${this.#people.connections()}`
    if (state !== this.#told) this.#tell()
    this.#told = state
    this.#stopBeat = timers.after(BEAT_MS, () => this.#beat())
  }

  #tell(): void {
    this.#stopTelling ??= this.#options.timers.after(TELL_MS, () => {
      this.#stopTelling = null
      for (const listener of this.#listeners) listener()
    })
  }
}

const STARTING: TeamStatus['reach'] = { state: 'searching', message: 'The mesh is just starting.' }
