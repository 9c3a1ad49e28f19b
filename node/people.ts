import type { PeerStatus, Presence } from '../core/api.ts'
import { keyText } from '../core/secrets.ts'
import type { Timers } from '../core/timers.ts'
import type { Device } from './device.ts'
import type { TeamFile } from './home/team-file.ts'
import { Introduction } from './introduction.ts'
import type { LastSeen } from './last-seen.ts'
import type { OwnEventLog } from './log/own-event-log.ts'
import type { StateLog } from './log/state-log.ts'
import type { TeamStore } from './log/team-store.ts'
import { untilStored } from './log/retry.ts'
import type { Mesh } from './mesh/net.ts'
import type { Roster } from './mesh/roster.ts'
import type { Notices } from './notices.ts'
import { membersOf, peersOf, type RosterRow, type TeamView } from './people-rows.ts'
import { OwnPresence } from './team/own-presence.ts'
import { Profiles } from './team/profiles.ts'
import { VERSION } from './version.ts'

/** Blocks of one's own log from which presence is found again after a start. */
const PRESENCE_BLOCKS = 256

export interface PeopleOptions {
  file: TeamFile
  device: Device
  roster: Roster
  store: TeamStore
  seen: LastSeen
  timers: Timers
  notices: Notices
  /** Copies the team's logs into an archive. */
  isArchiver: boolean
  /** How far the clock on the wall is ahead of UTC at a time (ms), in minutes. */
  utcOffsetAt: (ms: number) => number
  /** Anything changed that `peers`, `members` or `teamName` say. */
  onChanged: () => void
  onError: (error: unknown) => void
}

/** The people of a team: what they say of themselves, whether they are here, and what this device says of its own. */
export class People {
  readonly #options: PeopleOptions
  readonly #profiles: Profiles
  readonly #presence: OwnPresence
  readonly #introduction: Introduction
  readonly #stops: (() => void)[] = []
  readonly #closing = new AbortController()
  #mesh: Mesh | null = null

  constructor(options: PeopleOptions) {
    const { store, timers, onChanged, onError } = options
    this.#options = options
    this.#profiles = new Profiles(onError)
    this.#presence = new OwnPresence(timers.now())
    this.#introduction = this.#makeIntroduction()
    this.#stops.push(this.#profiles.onChange(onChanged))
    if (store.events) this.#followPresence(store.events)
  }

  /** Meets the others from now on. */
  meet(mesh: Mesh): void {
    this.#mesh = mesh
    this.tellPresence()
  }

  /** Says how this device's owner is, where that has changed; it changes with time as well. */
  tellPresence(): void {
    this.#mesh?.core.setPresence(this.presence)
  }

  get presence(): Presence {
    return this.#presence.at(this.#options.timers.now())
  }

  /** As the founder called it; null where that has not come. */
  teamName(): string | null {
    return this.#profiles.teamName() ?? this.#options.file.teamName
  }

  /** How everyone is reached now, as one text that is another where that has changed. */
  connections(): string {
    const { roster } = this.#options
    return roster
      .writers()
      .map(({ noise }) => `${this.#mesh?.connectionOf(noise)} ${this.#mesh?.pathOf(noise)}`)
      .join()
  }

  peers(): PeerStatus[] {
    return peersOf(this.#view())
  }

  members(): RosterRow[] {
    const view = this.#view()
    return membersOf(view, peersOf(view))
  }

  /** Updates of profiles that were refused. */
  get refused(): number {
    return this.#profiles.refused
  }

  /** Listens to what a device says of itself. */
  follow(log: StateLog): void {
    const { file, roster, onError } = this.#options
    const { device, incarnation } = log
    // One's own log is there before its certificate.
    const { role, issuedAt } = roster.writer(log) ?? { role: file.role, issuedAt: file.joinedAt }
    const updates = { read: log.news(), onAppend: (listener: () => void) => log.onAppend(listener) }
    this.#profiles.follow({ device, incarnation, role, issuedAt }, updates).catch(onError)
  }

  /** Says who this device is, where its log does not say so yet. `isNew`: the log has just been begun. */
  introduce(isNew: boolean): Promise<void> {
    return this.#introduction.begin(isNew)
  }

  /** Says what has changed since, as the zone does with summer time and on a journey. */
  keepIntroduced(): Promise<void> {
    return this.#introduction.keepUp()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    for (const stop of this.#stops.splice(0)) stop()
    this.#profiles.close()
    await this.#options.seen.flush()
  }

  #makeIntroduction(): Introduction {
    const { store, device, file, notices, timers, isArchiver } = this.#options
    const { state } = store
    const say = (level: 'info' | 'error', sentence: string) => notices.say(level, sentence)
    const { signal } = this.#closing
    return new Introduction({
      log: state,
      read: async () =>
        (await store
          .stateLogs()
          .find(({ core }) => core === state?.core)
          ?.read()) ?? [],
      device: device.key.publicKey,
      incarnation: file.incarnation,
      profile: () => ({
        name: file.name,
        source: device.source,
        version: VERSION,
        utcOffsetMinutes: this.#utcOffset,
        ...(isArchiver && { isArchiver }),
        ...(file.teamName !== null && { teamName: file.teamName }),
      }),
      untilStored: async (append) => {
        try {
          await untilStored(append, { say, timers, signal })
        } catch (error) {
          if (!signal.aborted) throw error
        }
      },
    })
  }

  get #utcOffset(): number {
    const { utcOffsetAt, timers } = this.#options
    return utcOffsetAt(timers.now())
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
        const blocks = await own.read(next, PRESENCE_BLOCKS)
        if (blocks.length === 0) break
        next += blocks.length
        for (const { events } of blocks) this.#presence.add(events, timers.now())
      }
      isReading = false
      this.tellPresence()
    }
    this.#stops.push(own.onAppend(() => void read().catch(onError)))
    read().catch(onError)
  }

  #view(): TeamView {
    const { device, file, roster, store, seen, timers, isArchiver } = this.#options
    const mesh = this.#mesh
    const views = new Map(mesh?.core.peers().map((peer) => [keyText(peer.device), peer]))
    for (const [key, { lastSeen }] of views) if (lastSeen !== null) seen.note(key, lastSeen)
    return {
      self: {
        device: device.key.device,
        source: device.source,
        name: file.name,
        role: file.role,
        version: VERSION,
        presence: this.presence,
        isArchiver,
        utcOffsetMinutes: this.#utcOffset,
      },
      writers: roster.writers(),
      profileOf: (key) => this.#profiles.of(key),
      connectionOf: (noise) => mesh?.connectionOf(noise) ?? 'offline',
      pathOf: (noise) => mesh?.pathOf(noise) ?? null,
      presenceOf: (key) => views.get(keyText(key))?.presence ?? null,
      clockAheadOf: (key) => views.get(keyText(key))?.clockAheadMs ?? null,
      versionOf: (key) => views.get(keyText(key))?.version ?? null,
      logs: store.logs(),
      lastSeen: seen.times,
      now: timers.now(),
    }
  }
}
