import type Corestore from 'corestore'
import Hypercore from 'hypercore'
import { encodeBlock, type LogScope } from '../../core/blocks.ts'
import { z32Prefix } from '../../core/hash.ts'
import type { VerifyWith } from '../../core/identity.ts'
import { keyText, namespaceOf } from '../../core/secrets.ts'
import { encodeStateBlock } from '../../core/state-block.ts'
import type { Role } from '../../core/team-key.ts'
import type { Timers } from '../../core/timers.ts'
import type { Writer } from '../../core/writer.ts'
import { zlibCodec } from './codec.ts'
import { EVENTS_LOG_BOUNDS, STATE_LOG_BOUNDS } from './growth.ts'
import { LogStates, type LogStateStore } from './log-states.ts'
import { storeError } from './open-store.ts'
import { OwnEventLog } from './own-event-log.ts'
import { OwnLog, type OwnLogOptions } from './own-log.ts'
import { RemoteLog } from './remote-log.ts'
import { type Connection, ReopeningStore } from './reopening-store.ts'
import { type ContentKeys, Seal } from './seal.ts'
import { StateLog } from './state-log.ts'
import { Listeners } from './stored-log.ts'
import { type SourceOwners, TeamLog, type TeamLogOptions } from './team-log.ts'

export interface TeamStoreOptions {
  /** Of the team's Corestore. */
  directory: string
  teamId: Uint8Array
  device: {
    publicKey: Uint8Array
    sign: (message: Uint8Array) => Uint8Array
    /** The secret as Hypercore takes it: seed ‖ public key, 64 bytes. */
    keyPair: () => Hypercore.KeyPair
  }
  /** Of this device's logs, 8 bytes. */
  incarnation: Uint8Array
  role: Role
  contentKeys: ContentKeys
  verify: VerifyWith
  sources: SourceOwners
  logStates: LogStateStore
  timers: Timers
  /** Gives that many random bytes. */
  random: (bytes: number) => Uint8Array
  say: (level: 'warning' | 'error', sentence: string) => void
}

type Kind = 'events' | 'state'

/** What a device's role lets it write. */
const WRITES: Record<Role, readonly Kind[]> = { member: ['events', 'state'], reader: ['state'], mirror: [] }

interface Followed {
  stored: RemoteLog | OwnEventLog | OwnLog<Uint8Array>
  reader: TeamLog | StateLog
  isOpen: boolean
}

/** A team's logs: those of this device, and those of all whom the roster admits. */
export class TeamStore {
  /** This device's own; null where its role writes none. */
  readonly events: OwnEventLog | null
  readonly state: OwnLog<Uint8Array> | null
  readonly #options: TeamStoreOptions
  readonly #states: LogStates
  readonly #followed = new Map<string, Followed>()
  /** By kind, device and incarnation: a log's key takes long to compute. */
  readonly #remote = new Map<string, Followed['stored']>()
  readonly #opened = new Listeners<[TeamLog | StateLog]>()
  readonly #store: ReopeningStore

  private constructor(options: TeamStoreOptions, store: ReopeningStore, states: LogStates) {
    this.#options = options
    this.#store = store
    this.#states = states
    const sign = (message: Uint8Array) => options.device.sign(message)
    const scope: LogScope = { teamId: options.teamId, incarnation: options.incarnation }
    const events = this.#own('events')
    const state = this.#own('state')
    this.events =
      events &&
      new OwnEventLog({
        ...events,
        encode: (batch, seq) => encodeBlock(batch, seq, scope, sign, zlibCodec),
      })
    this.state =
      state &&
      new OwnLog<Uint8Array>({
        ...state,
        encode: (update, seq) => encodeStateBlock(update, seq, scope, sign, zlibCodec),
      })
    if (this.events) this.#add(this.events, this.events.reader)
    if (this.state && state) this.#add(this.state, new StateLog(this.state, state))
  }

  /** Opens or makes the store. Throws a `VibeTeaError`: `log_copied`, `log_unusable`. */
  static async open(options: TeamStoreOptions): Promise<TeamStore> {
    const { directory, logStates, timers, say } = options
    const states = await LogStates.load(logStates, timers, (error) =>
      say('error', `What is known of the team's logs could not be written: ${String(error)}.`),
    )
    const store = await ReopeningStore.open({ directory, timers, say })
    const team = new TeamStore(options, store, states)
    try {
      await store.start({
        onOpened: (corestore) => team.#openAll(corestore),
        touch: () => team.#touch(),
      })
    } catch (error) {
      await team.close()
      throw storeError(error, directory)
    }
    return team
  }

  /** Opens the logs that a device's role gives it, or takes over its cut and floor. May be called again at any time. */
  follow(writer: Writer): void {
    const { device, incarnation, role } = writer
    for (const kind of ['events', 'state'] as const) {
      const isWritten = WRITES[role].includes(kind)
      const name = `${kind} ${keyText(device)} ${keyText(incarnation)}`
      let stored = this.#remote.get(name)
      if (!stored && isWritten) this.#remote.set(name, (stored = this.#remoteLog(writer, kind)))
      if (!(stored instanceof RemoteLog)) continue
      // Only its log of events forgets.
      const floor = kind === 'events' ? writer.floor : 0
      // What it wrote before it got a lesser role stays.
      const cut = isWritten ? writer.cut : Math.min(writer.cut ?? Infinity, stored.length)
      stored.admit({ cut, floor })
    }
  }

  /** The logs of events that are open, of all devices. */
  logs(): TeamLog[] {
    return this.#readers().filter((log) => log instanceof TeamLog)
  }

  /** The state logs that are open, of all devices. */
  stateLogs(): StateLog[] {
    return this.#readers().filter((log) => log instanceof StateLog)
  }

  /** Called when a log has been opened. Returns how to stop. */
  onLog(listener: (log: TeamLog | StateLog) => void): () => void {
    return this.#opened.add(listener)
  }

  /** Exchanges all logs over a connection; only to be called for who has passed the gate. */
  replicate(connection: Connection): void {
    this.#store.replicate(connection)
  }

  /** The device holds other keys now: what could not be opened is tried again. */
  keysChanged(): void {
    for (const log of this.#readers()) log.wake()
  }

  /** Clears a log's blocks before `seq` from the disk, for good. `core` is z32 of its key. */
  async clearBefore(core: string, seq: number): Promise<void> {
    await this.#followed.get(core)?.stored.clearBefore(seq)
  }

  async close(): Promise<void> {
    for (const { stored } of this.#followed.values()) stored.close()
    await this.#store.close()
    await this.#states.flush()
  }

  #manifest(device: Uint8Array, incarnation: Uint8Array, kind: Kind): Hypercore.Manifest {
    const namespace = namespaceOf(this.#options.teamId, kind, incarnation)
    return { version: 1, signers: [{ publicKey: device, namespace }] }
  }

  /** What a log of this device is made of; null where its role writes none. */
  #own(kind: Kind): (Omit<OwnLogOptions<never>, 'encode'> & TeamLogOptions & { seal: Seal }) | null {
    const { device, incarnation, role } = this.#options
    if (!WRITES[role].includes(kind)) return null
    const manifest = this.#manifest(device.publicKey, incarnation, kind)
    const { seal, ...reading } = this.#reading(device.publicKey, incarnation, manifest)
    return (
      seal && {
        ...reading,
        seal,
        manifest,
        keyPair: () => device.keyPair(),
        states: this.#states,
        reopen: () => this.#store.reopen(),
      }
    )
  }

  #reading(device: Uint8Array, incarnation: Uint8Array, manifest: Hypercore.Manifest): TeamLogOptions {
    const { teamId, role, contentKeys, random, verify, sources, timers } = this.#options
    return {
      device,
      incarnation,
      teamId,
      suffix: z32Prefix(device, 6),
      verify: (signature, message) => verify(signature, message, device),
      sources,
      seal: role === 'mirror' ? null : new Seal(Hypercore.key(manifest), contentKeys, random),
      timers,
    }
  }

  /** The log of a writer, which is opened where it is not yet; of this device's own the one that is written. */
  #remoteLog({ device, incarnation }: Writer, kind: Kind): Followed['stored'] {
    const { timers, say, role } = this.#options
    const manifest = this.#manifest(device, incarnation, kind)
    const own = this.#followed.get(keyText(Hypercore.key(manifest)))
    if (own) return own.stored
    const reading = this.#reading(device, incarnation, manifest)
    const stored = new RemoteLog({
      manifest,
      owner: `the device …${reading.suffix}`,
      bounds: kind === 'events' ? EVENTS_LOG_BOUNDS : STATE_LOG_BOUNDS,
      isRead: kind === 'events' && role !== 'mirror',
      states: this.#states,
      timers,
      say,
    })
    const followed = this.#add(
      stored,
      kind === 'events' ? new TeamLog(stored, reading) : new StateLog(stored, reading),
    )
    this.#store
      .use((store) => this.#open(followed, store))
      .catch((error: unknown) => say('error', `A log of the team cannot be opened: ${String(error)}.`))
    return stored
  }

  #add(stored: Followed['stored'], reader: Followed['reader']): Followed {
    const followed = { stored, reader, isOpen: false }
    this.#followed.set(stored.core, followed)
    return followed
  }

  async #open(followed: Followed, store: Corestore): Promise<void> {
    await followed.stored.open(store)
    if (followed.isOpen) return
    followed.isOpen = true
    this.#opened.call(followed.reader)
  }

  async #openAll(store: Corestore): Promise<void> {
    for (const followed of this.#followed.values()) await this.#open(followed, store)
  }

  async #touch(): Promise<void> {
    const log = [...this.#followed.values()].find(
      ({ isOpen, stored }) => isOpen && stored instanceof RemoteLog,
    )
    if (log?.stored instanceof RemoteLog) await log.stored.touch()
  }

  #readers(): (TeamLog | StateLog)[] {
    return [...this.#followed.values()].filter(({ isOpen }) => isOpen).map(({ reader }) => reader)
  }
}
