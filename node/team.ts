import HyperDHT from 'hyperdht'
import type { Connection, LogStatus, MemberRow, PeerStatus, TeamStatus } from '../core/api.ts'
import { equalBytes } from '../core/bytes.ts'
import { encodeCertificate, signCertificate } from '../core/certificate.ts'
import type { Event } from '../core/events.ts'
import { publicKeyOf, sign } from '../core/identity.ts'
import type { EpochSecrets } from '../core/secrets.ts'
import { epochIdOf, issuerSecretOf, issuersOf, keyText, secretFor, secretsOf } from '../core/secrets.ts'
import type { Statement } from '../core/statement.ts'
import { encodeStatement, statementBytes } from '../core/statement.ts'
import type { Timers } from '../core/timers.ts'
import type { Writer } from '../core/writer.ts'
import type { Device } from './device.ts'
import { verifyWith } from './home/device-key.ts'
import type { Logger } from './home/logger.ts'
import type { Settings } from './home/settings.ts'
import type { SharingDecisions } from './home/sharing.ts'
import type { State } from './home/state.ts'
import { teamDirectory, type TeamFile } from './home/team-file.ts'
import type { Index } from './index/index.ts'
import { LastSeen } from './last-seen.ts'
import type { PrivateLog } from './log/private-log.ts'
import type { OwnEventLog } from './log/own-event-log.ts'
import type { StateLog } from './log/state-log.ts'
import { firstFeedState, TeamFeed } from './log/team-feed.ts'
import { TeamLog } from './log/team-log.ts'
import { TeamStore } from './log/team-store.ts'
import { Mesh } from './mesh/net.ts'
import { Roster } from './mesh/roster.ts'
import type { Notices } from './notices.ts'
import { SourceOwners } from './source-owners.ts'
import { OwnPresence } from './team/own-presence.ts'
import { OwnProfile } from './team/own-profile.ts'
import { Profiles } from './team/profiles.ts'
import { membersOf, peersOf, type TeamView } from './team-people.ts'
import { VERSION } from './version.ts'

/** Presence follows the clock as well. */
const PRESENCE_MS = 1000
/** Changes of people are told at most so often. */
const TELL_MS = 200
/** How long a peer is looked for who could hear that this device leaves, and how long it has to hear it. */
const SEARCH_MS = 5000
const POLL_MS = 50
const GOODBYE_MS = 1000
/** Blocks of one's own log from which presence is found again after a start. */
const PRESENCE_BLOCKS = 256
/** Blocks that are read at a time. */
const PAGE_BLOCKS = 64

export interface TeamOptions {
  file: TeamFile
  settings: Settings
  device: Device
  sharing: SharingDecisions
  state: State
  privateLog: PrivateLog
  index: Index
  notices: Notices
  timers: Timers
  /** Gives that many random bytes. */
  random: (bytes: number) => Uint8Array
  log: Logger
  /** This device's log cannot go on, as peers have another history of it. */
  onLost: () => void
  /** What goes wrong in the background ends the node. */
  onError: (error: unknown) => void
}

/** All events of this machine's session files since a time (ms), as they would be recorded now. */
export type History = (from: number) => AsyncIterable<Event>

/** What `open` has made. */
interface Parts {
  secrets: EpochSecrets
  roster: Roster
  store: TeamStore
  seen: LastSeen
  owners: SourceOwners
  isNew: boolean
}

/** The team that this node is in: its logs, its people, and the mesh between them. The place where these meet. */
export class Team {
  readonly file: TeamFile
  readonly #options: TeamOptions
  readonly #secrets: EpochSecrets
  readonly #roster: Roster
  readonly #store: TeamStore
  readonly #seen: LastSeen
  readonly #owners: SourceOwners
  readonly #isNew: boolean
  readonly #feed: TeamFeed | null
  readonly #presence: OwnPresence
  readonly #profiles: Profiles
  readonly #listeners = new Set<() => void>()
  /** How to stop what was started, in the order of starting. */
  readonly #stops: (() => void)[] = []
  #mesh: Mesh | null = null
  #noise: Uint8Array | null = null
  #stopBeat: () => void = () => undefined
  #stopTelling: (() => void) | null = null

  private constructor(options: TeamOptions, { secrets, roster, store, seen, owners, isNew }: Parts) {
    this.file = options.file
    this.#options = options
    this.#secrets = secrets
    this.#roster = roster
    this.#store = store
    this.#seen = seen
    this.#owners = owners
    this.#isNew = isNew
    this.#profiles = new Profiles(options.onError)
    this.#presence = new OwnPresence(options.timers.now())
    this.#feed = this.#makeFeed()
  }

  /** Opens what the home keeps of its team; nothing is sent before `start`. Throws a `VibeTeaError`. */
  static async open(options: TeamOptions): Promise<Team> {
    const { file, settings, device, state, timers, random, notices, onError } = options
    const { teamId, role, secret, incarnation } = file
    const secrets = secretsOf(teamId, role, secret)
    const { write, read } = secrets
    const roster = new Roster({
      teamId,
      provisional: write && { epoch: 1, issuers: issuersOf(write, teamId, 1) },
      verify: verifyWith,
      now: timers.now,
    })
    const known = await state.team.roster.load()
    for (const bytes of known.record) roster.addRecord(bytes)
    for (const bytes of known.certificate) roster.addCertificate(bytes)
    for (const bytes of known.statement) roster.addStatement(bytes)
    await state.team.roster.keepOnly({
      record: roster.records(),
      certificate: roster.certificates(),
      statement: roster.statements(),
    })
    const seen = await LastSeen.load(state.team.seen, timers, onError)
    const own = { source: device.source, device: device.key.device }
    const owners = await SourceOwners.load(state.kept, own, onError)
    const store = await TeamStore.open({
      directory: teamDirectory(settings.home, teamId),
      teamId,
      device: device.key,
      incarnation,
      role,
      contentKeys: {
        current: read,
        byId: (id) => (read && equalBytes(id, epochIdOf(read)) ? read : null),
      },
      verify: verifyWith,
      sources: owners,
      logStates: state.team.logs,
      timers,
      random,
      say: (level, sentence) => notices.say(level, sentence),
    })
    const feed = (await state.team.feed.load()) ?? firstFeedState(options.privateLog.length)
    await state.team.feed.save(feed)
    // Nothing of it has ever been written, so no peer can have more.
    const isNew = feed.cursor.team === 0 && store.events?.length === 0
    const team = new Team(options, { secrets, roster, store, seen, owners, isNew })
    team.#followLogs()
    if (store.events) team.#followPresence(store.events)
    team.#admit()
    return team
  }

  /** Goes to look for the others. Resolves when the mesh is up, before anybody has been found. */
  async start(): Promise<void> {
    const { device, settings, state, timers, random, log, file, onError } = this.#options
    const noiseKeyPair = HyperDHT.keyPair(device.key.derive('noise', [file.teamId]))
    this.#noise = noiseKeyPair.publicKey
    this.#mesh = await Mesh.start({
      secrets: this.#secrets,
      roster: this.#roster,
      self: {
        device: device.key.publicKey,
        noise: noiseKeyPair.publicKey,
        role: file.role,
        version: VERSION,
      },
      noiseKeyPair,
      store: this.#store,
      bootstrap: settings.bootstrap && [...settings.bootstrap],
      keep: (kind, bytes) => state.team.roster.save(kind, bytes),
      timers,
      random,
      log,
      onLearned: () => {
        this.#admit()
        this.#certify()
      },
      onChanged: () => this.#tell(),
    })
    this.#certify()
    this.#feed?.start(this.#isNew)
    this.#beat()
    this.#introduce().catch(onError)
  }

  /** Has what happened before the join shared as well. `history` gives all events since a time, by today's rules. */
  async backfill(history: History): Promise<void> {
    await this.#feed?.backfill(history(this.file.sharedFrom))
  }

  status(): TeamStatus {
    const { teamId, role, teamName } = this.file
    const name = this.#profiles.teamName() ?? teamName
    return { teamId: keyText(teamId), role, name, reach: this.#mesh?.reach() ?? STARTING }
  }

  peers(): PeerStatus[] {
    return peersOf(this.#view())
  }

  members(): MemberRow[] {
    const view = this.#view()
    return membersOf(view, peersOf(view))
  }

  /** The logs of events of everyone. */
  logs(): LogStatus[] {
    return this.#store.logs().map((log) => {
      const indexed = this.#options.index.indexed(log.core)
      const { core: key, source, length, bytes } = log
      return { key, source, kind: 'team', blocks: length, bytes, behind: Math.max(0, length - indexed) }
    })
  }

  /** What forgets with the team's retention. */
  forgetful(): { core: string; floor: number; clearBefore(seq: number): Promise<void> }[] {
    return this.#store.logs().map(({ core, floor }) => ({
      core,
      floor,
      clearBefore: async (seq) => {
        await this.#store.clearBefore(core, seq)
        if (core === this.#store.events?.core) this.#state('floor', seq)
      },
    }))
  }

  /** The last events that left this machine, oldest first, as they stand in the log. */
  async outbox(limit: number): Promise<Event[]> {
    const own = this.#store.events
    let events: Event[] = []
    if (!own) return events
    for (let end = own.length; end > own.floor && events.length < limit; end -= PAGE_BLOCKS) {
      const start = Math.max(own.floor, end - PAGE_BLOCKS)
      const blocks = await own.read(start, end - start)
      events = [...blocks.flatMap((block) => block.events), ...events]
    }
    return events.slice(-limit)
  }

  /** What was refused since the start, by reason. */
  get refused(): Record<string, number> {
    const profiles = this.#profiles.refused
    const sources = this.#owners.refused
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

  /** The logs that are not this device's alone, by key: what goes with the team. */
  cores(): string[] {
    return this.#store.logs().map(({ core }) => core)
  }

  /** Tells everyone who can be reached within some seconds that this device leaves. */
  async sayGoodbye(): Promise<void> {
    const { timers } = this.#options
    const wait = (ms: number) => new Promise<void>((resolve) => void timers.after(ms, resolve))
    const end = timers.now() + SEARCH_MS
    const isAlone = () => this.status().reach.state !== 'connected'
    while (this.peers().length > 0 && isAlone() && timers.now() < end) await wait(POLL_MS)
    if (isAlone()) return
    this.#state('left', this.#store.events?.length ?? 0)
    await wait(GOODBYE_MS)
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) stop()
    this.#stopBeat()
    this.#stopTelling?.()
    await this.#feed?.close()
    await this.#mesh?.destroy()
    this.#profiles.close()
    await this.#store.close()
    await this.#seen.flush()
    await this.#owners.flush()
  }

  #makeFeed(): TeamFeed | null {
    const { privateLog, sharing, state, timers, file, notices, onLost, onError } = this.#options
    const own = this.#store.events
    if (!own) return null
    const isShared = ({ payload, timestamp }: Event) => {
      const at = Date.parse(timestamp)
      if (at < file.sharedFrom) return false
      return sharing.sharingAt(payload.project, payload.projectTag, at) === 'shared'
    }
    return new TeamFeed({
      privateLog,
      own,
      isShared,
      joinedAt: file.joinedAt,
      store: state.team.feed,
      timers,
      say: (level, sentence) => notices.say(level, sentence),
      onLost,
      onError,
    })
  }

  /** What this device's presence follows from is what it has shared. */
  #followPresence(own: OwnEventLog): void {
    const { timers, onError } = this.#options
    let next = Math.max(own.floor, own.length - PRESENCE_BLOCKS)
    let isReading = false
    const read = async () => {
      if (isReading) return
      isReading = true
      while (next < own.length) {
        const blocks = await own.read(next, PAGE_BLOCKS)
        if (blocks.length === 0) break
        next += blocks.length
        for (const { events } of blocks) this.#presence.add(events, timers.now())
      }
      isReading = false
      this.#mesh?.core.setPresence(this.#presence.at(timers.now()))
    }
    this.#stops.push(own.onAppend(() => void read().catch(onError)))
    read().catch(onError)
  }

  #followLogs(): void {
    const { index } = this.#options
    const follow = (log: TeamLog | StateLog) => {
      if (log instanceof TeamLog) this.#stops.push(index.follow(log))
      else this.#followProfile(log)
      this.#tell()
    }
    for (const log of [...this.#store.logs(), ...this.#store.stateLogs()]) follow(log)
    this.#stops.push(this.#store.onLog(follow))
    this.#stops.push(this.#profiles.onChange(() => this.#tell()))
  }

  #followProfile(log: StateLog): void {
    const { onError, file } = this.#options
    const { device, incarnation } = log
    const writer = this.#roster.writers().find((each) => isLogOf(each, log))
    // One's own log is there before its certificate.
    const { role, issuedAt } = writer ?? { role: file.role, issuedAt: file.joinedAt }
    this.#profiles.follow({ device, incarnation, role, issuedAt }, log).catch(onError)
  }

  /** Opens the logs of all whom the roster admits. */
  #admit(): void {
    const { publicKey } = this.#options.device.key
    for (const writer of this.#roster.writers()) {
      const isOwn =
        equalBytes(writer.device, publicKey) && equalBytes(writer.incarnation, this.file.incarnation)
      if (!isOwn) this.#store.follow(writer)
    }
    this.#tell()
  }

  /** Issues this device's certificate where there is none of this epoch, log and Noise key. */
  #certify(): void {
    const { device, file, timers } = this.#options
    const { epoch, issuers } = this.#roster
    const { teamId, role, incarnation } = file
    const secret = secretFor(role, this.#secrets)
    const noise = this.#noise
    if (!this.#mesh || !noise || epoch === null || !issuers || !secret) return
    const issuer = issuerSecretOf(secret, teamId, epoch)
    // The key is of another epoch: only its record, which names this device, can bring the new one.
    if (!equalBytes(publicKeyOf(issuer), issuers[role])) return
    const own = this.#roster
      .writers()
      .find((writer) => isLogOf(writer, { device: device.key.publicKey, incarnation }))
    if (own && equalBytes(own.noise, noise)) return
    const certificate = {
      teamId,
      epoch,
      device: device.key.publicKey,
      noise,
      incarnation,
      issuedAt: timers.now(),
    }
    const signed = signCertificate(
      certificate,
      (message) => sign(message, issuer),
      (message) => device.key.sign(message),
    )
    this.#mesh.core.publish('certificate', encodeCertificate(signed))
  }

  /** Publishes a statement of this device about its log. */
  #state(kind: Statement['kind'], value: number): void {
    const { device, file } = this.#options
    const statement = {
      kind,
      teamId: file.teamId,
      device: device.key.publicKey,
      incarnation: file.incarnation,
      value,
    }
    const signature = device.key.sign(statementBytes(statement))
    this.#mesh?.core.publish('statement', encodeStatement({ ...statement, signature }))
  }

  /** Writes this device's profile where it says something else than what is in its log. */
  async #introduce(): Promise<void> {
    const { state } = this.#store
    const { device, file } = this.#options
    if (!state || (!this.#isNew && (await state.recovered()) === 'lost')) return
    const log = this.#store.stateLogs().find(({ core }) => core === state.core)
    const profile = new OwnProfile(device.key.publicKey, file.incarnation, (await log?.read()) ?? [])
    const { name, teamName } = file
    const update = profile.set({
      name,
      source: device.source,
      version: VERSION,
      ...(teamName !== null && { teamName }),
    })
    if (update) await state.append([update])
  }

  #beat(): void {
    const { timers } = this.#options
    this.#mesh?.core.setPresence(this.#presence.at(timers.now()))
    this.#stopBeat = timers.after(PRESENCE_MS, () => this.#beat())
  }

  #view(): TeamView {
    const { device, file, timers } = this.#options
    const now = timers.now()
    const views = new Map(this.#mesh?.core.peers().map((peer) => [keyText(peer.device), peer]))
    for (const [key, { lastSeen }] of views) if (lastSeen !== null) this.#seen.note(key, lastSeen)
    return {
      self: {
        device: device.key.device,
        source: device.source,
        name: file.name,
        role: file.role,
        version: VERSION,
        presence: this.#presence.at(now),
      },
      writers: this.#roster.writers(),
      profileOf: (key) => this.#profiles.of(key),
      connectionOf: (noise): Connection => this.#mesh?.connectionOf(noise) ?? 'offline',
      presenceOf: (key) => views.get(keyText(key))?.presence ?? null,
      versionOf: (key) => views.get(keyText(key))?.version ?? null,
      logs: this.#store.logs(),
      lastSeen: this.#seen.times,
      now,
    }
  }

  #tell(): void {
    this.#stopTelling ??= this.#options.timers.after(TELL_MS, () => {
      this.#stopTelling = null
      for (const listener of this.#listeners) listener()
    })
  }
}

const STARTING: TeamStatus['reach'] = { state: 'searching', message: 'The mesh is just starting.' }

function isLogOf(writer: Writer, log: { device: Uint8Array; incarnation: Uint8Array }): boolean {
  return equalBytes(writer.device, log.device) && equalBytes(writer.incarnation, log.incarnation)
}
