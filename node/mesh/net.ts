import type HyperDHT from 'hyperdht'
import Hyperswarm from 'hyperswarm'
import type NoiseSecretStream from '@hyperswarm/secret-stream'
import type { Connection, Path, TeamStatus } from '../../core/api.ts'
import { equalBytes } from '../../core/bytes.ts'
import { topicOf } from '../../core/secrets.ts'
import type { Timers } from '../../core/timers.ts'
import { isLocalAddress } from './address.ts'
import { openDht } from './dht.ts'
import { Discovery, MAX_PEERS } from './discovery.ts'
import { MeshCore, type MeshActions, type MeshCoreOptions } from './mesh-core.ts'
import { MESSAGE_KINDS, type MessageKind } from './messages.ts'
import { ownAddresses, watchNetwork } from './network-watch.ts'
import { survivePeers } from './peer-errors.ts'
import { PeerLink, SILENCE_MS } from './peer-link.ts'
import type { GossipKind, RefusedReason } from './port.ts'
import { describeReach, type Endpoint } from './reach.ts'
import { guardReplication } from './replication-guard.ts'

export interface MeshOptions extends Pick<MeshCoreOptions, 'secrets' | 'roster' | 'self' | 'random'> {
  /** The device's key pair in the DHT; the public one is `self.noise`. */
  noiseKeyPair: { publicKey: Uint8Array; secretKey: Uint8Array }
  /** Serves the team's logs over a connection; called for those that have passed the gate, and at once. */
  store: { replicate(connection: NoiseSecretStream): unknown }
  /** Where to enter the DHT; null: the public one. */
  bootstrap: readonly Endpoint[] | null
  /** Keeps what was learned of the team. */
  keep: (kind: GossipKind, bytes: Uint8Array) => Promise<void>
  timers: Timers
  log: { debug(fields: object, message: string): void; error(fields: object, message: string): void }
  /** The roster has something new. */
  onLearned(kind: GossipKind): void
  /** Peers or their presence have changed. */
  onChanged(): void
  /** A DHT node to use instead of an own one; it is destroyed with the mesh. */
  dht?: HyperDHT
  /** This machine's addresses but loopback. */
  addresses?: () => readonly string[]
}

/** The swarm quarters it while it also calls peers by their keys. */
const MAX_FOUND_PEERS = 2 * MAX_PEERS
const TICK_MS = 1000
/** Members that become known are called so much later, all at once. */
const CALL_MS = 50
/** After a sleep a connection must show life within this, in ms. */
const PROBE_MS = 7000
/** So long the end waits until other nodes know that this one is gone. */
const FAREWELL_MS = 1000

/** One node's part in a team's mesh: Hyperswarm and Protomux, driven by a `MeshCore`. */
export class Mesh {
  readonly core: MeshCore
  /** How often something was refused, by reason. */
  readonly refused: Partial<Record<RefusedReason, number>> = {}
  readonly #options: MeshOptions
  readonly #swarm: Hyperswarm
  readonly #discovery: Discovery
  readonly #links = new Map<number, PeerLink<MessageKind>>()
  readonly #addresses: () => readonly string[]
  readonly #stopWatching: () => void
  readonly #stopSurviving: () => void
  #cancelTick: () => void = () => {}
  #cancelProbe: () => void = () => {}
  #cancelCall: (() => void) | null = null
  #nextConnection = 0
  #searchingSince: number
  #destroyed: Promise<void> | null = null

  /** Begins to look for peers; waits for none. The roster knows all that was kept: the gate judges at once. */
  static async start(options: MeshOptions): Promise<Mesh> {
    const { dht, bootstrap, timers, addresses = ownAddresses } = options
    return new Mesh(options, dht ?? (await openDht(bootstrap, addresses(), timers)))
  }

  private constructor(options: MeshOptions, dht: HyperDHT) {
    const { timers, noiseKeyPair, secrets, roster, self, random } = options
    this.#options = options
    this.#addresses = options.addresses ?? ownAddresses
    this.#searchingSince = timers.now()
    this.#stopSurviving = survivePeers((error) => {
      this.#count('malformed_message')
      options.log.debug({ err: error }, "a peer's message could not be taken apart")
    })
    this.core = new MeshCore({ secrets, roster, self, random, actions: this.#actions(), now: timers.now })
    this.#swarm = new Hyperswarm({
      keyPair: {
        publicKey: Buffer.from(noiseKeyPair.publicKey),
        secretKey: Buffer.from(noiseKeyPair.secretKey),
      },
      dht,
      maxPeers: MAX_FOUND_PEERS,
    })
    this.#swarm.on('connection', (stream) => this.#connected(stream))
    this.#discovery = new Discovery(this.#swarm, topicOf(secrets), timers, () => this.#connectedCount() === 0)
    this.#stopWatching = watchNetwork(timers, this.#addresses, (what) => this.#lookAgain(what))
    this.#callMembers()
    this.#tick()
  }

  /** How a device of the team is reached, by its Noise key. No relay is used: what is connected is so directly. */
  connectionOf(noise: Uint8Array): Connection {
    if (this.#destroyed) return 'offline'
    const links = this.#linksTo(noise)
    if (links.some(({ hasPassed }) => hasPassed)) return 'direct'
    return links.length > 0 || this.#discovery.isCalling(noise) ? 'connecting' : 'offline'
  }

  /** Where the direct connection to a device goes through; null where there is none. */
  pathOf(noise: Uint8Array): Path | null {
    const link = this.#linksTo(noise).find(({ hasPassed }) => hasPassed)
    const address = link?.stream.rawStream.remoteHost
    return address ? (isLocalAddress(address) ? 'local' : 'internet') : null
  }

  /** Whether a teammate can be reached, and where none can, why. */
  reach(): TeamStatus['reach'] {
    const { bootstrap, timers } = this.#options
    const { dht } = this.#swarm
    return describeReach({
      connected: this.#connectedCount(),
      known: this.core.peers().length,
      strangers: this.refused.wrong_key ?? 0,
      hasNetwork: this.#addresses().length > 0,
      bootstrap,
      dhtNodes: dht.online ? dht.toArray().length : 0,
      dhtAnswers: dht.stats.requests.responses,
      searchingMs: timers.now() - this.#searchingSince,
    })
  }

  /** Says good-bye where that takes less than a second, and leaves nothing open. */
  destroy(): Promise<void> {
    this.#destroyed ??= this.#destroy()
    return this.#destroyed
  }

  #actions(): MeshActions {
    const { store, keep, log } = this.#options
    return {
      send: (conn, message, bytes) => this.#links.get(conn)?.send(message, bytes),
      replicate: (conn) => {
        const link = this.#links.get(conn)
        if (!link) return
        link.pass()
        guardReplication(link.stream, (reason) => {
          this.#count(reason)
          link.destroy()
        })
        store.replicate(link.stream)
      },
      destroy: (conn, reason) => {
        log.debug({ reason }, 'a connection was refused')
        this.#links.get(conn)?.destroy()
      },
      learned: (kind, bytes) => {
        keep(kind, bytes).catch((error: unknown) => {
          // Peers send it again after the next start.
          log.error({ err: error }, 'what was learned of the team could not be kept')
        })
        this.#callSoon()
        this.#options.onLearned(kind)
      },
      changed: () => this.#options.onChanged(),
      refused: (reason) => this.#count(reason),
    }
  }

  #connected(stream: NoiseSecretStream): void {
    const { log, timers } = this.#options
    stream.on('error', (error) => log.debug({ err: error }, 'a connection ended'))
    if (this.#destroyed) return void stream.destroy()
    const conn = this.#nextConnection++
    const handshake = this.core.connected(conn, {
      side: stream.isInitiator ? 'initiator' : 'responder',
      handshakeHash: stream.handshakeHash,
      remoteNoise: stream.remotePublicKey,
    })
    const events = {
      opened: (bytes: Uint8Array) => this.#judge(conn, () => this.core.opened(conn, bytes)),
      received: (kind: MessageKind, bytes: Uint8Array) =>
        this.#judge(conn, () => this.core.received(conn, kind, bytes)),
      refused: (reason: RefusedReason) => this.#count(reason),
    }
    this.#links.set(conn, new PeerLink(stream, MESSAGE_KINDS, handshake, events, timers))
    stream.on('close', () => this.#closed(conn, stream.remotePublicKey))
  }

  /** A mistake of ours in handling a peer costs that connection, and is told. */
  #judge(conn: number, call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#options.log.error({ err: error }, 'a peer could not be dealt with')
      this.#links.get(conn)?.destroy()
    }
  }

  #closed(conn: number, noise: Uint8Array): void {
    const hadPassed = this.#links.get(conn)?.hasPassed ?? false
    this.#links.delete(conn)
    this.core.closed(conn)
    if (!hadPassed || this.#destroyed) return
    this.#discovery.lost(noise)
    if (this.#connectedCount() > 0) return
    this.#searchingSince = this.#options.timers.now()
    this.#discovery.restart()
  }

  #count(reason: RefusedReason): void {
    this.refused[reason] = (this.refused[reason] ?? 0) + 1
  }

  #linksTo(noise: Uint8Array): PeerLink<MessageKind>[] {
    return [...this.#links.values()].filter(({ stream }) => equalBytes(stream.remotePublicKey, noise))
  }

  #connectedCount(): number {
    return [...this.#links.values()].filter(({ hasPassed }) => hasPassed).length
  }

  /** Whoever learns of many members learns of them one by one. */
  #callSoon(): void {
    this.#cancelCall ??= this.#options.timers.after(CALL_MS, () => {
      this.#cancelCall = null
      this.#callMembers()
    })
  }

  #callMembers(): void {
    this.#discovery.call(this.core.peers().map(({ noise }) => noise))
  }

  /** The machine has slept or is on another network: what is connected may be dead, and others may be in reach. */
  #lookAgain(what: 'woke' | 'moved'): void {
    const { log, timers } = this.#options
    log.debug({ what }, 'looking for teammates again')
    for (const link of this.#links.values()) link.expectLife(PROBE_MS)
    this.#cancelProbe()
    this.#cancelProbe = timers.after(PROBE_MS + TICK_MS, () => {
      for (const link of this.#links.values()) link.expectLife(SILENCE_MS)
    })
    if (this.#connectedCount() === 0) this.#searchingSince = timers.now()
    this.#swarm.server.refresh()
    this.#discovery.restart()
  }

  #tick(): void {
    this.#cancelTick = this.#options.timers.after(TICK_MS, () => {
      this.core.tick()
      this.#tick()
    })
  }

  async #destroy(): Promise<void> {
    this.#cancelTick()
    this.#cancelProbe()
    this.#cancelCall?.()
    this.#stopWatching()
    this.#discovery.stop()
    for (const link of this.#links.values()) link.destroy()
    const gone = this.#swarm.destroy()
    let cancel = () => {}
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.timers.after(FAREWELL_MS, resolve)
    })
    await Promise.race([gone, late])
    cancel()
    // Ends what still waits for an answer, which may be all of it where there is no network.
    await this.#swarm.dht.destroy({ force: true })
    await gone
    this.#stopSurviving()
  }
}
