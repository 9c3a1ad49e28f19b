import { randomBytes } from 'node:crypto'
import Corestore from 'corestore'
import Hypercore from 'hypercore'
import HyperDHT from 'hyperdht'
import Hyperswarm from 'hyperswarm'
import { onTestFinished } from 'vitest'
import { encodeBlock, encodeFrame } from '../../core/blocks.ts'
import { encodeCertificate, signCertificate } from '../../core/certificate.ts'
import type { Event } from '../../core/events.ts'
import {
  gateKeyOf,
  issuerSecretOf,
  keyText,
  namespaceOf,
  secretFor,
  secretsOf,
  topicOf,
  type EpochSecrets,
} from '../../core/secrets.ts'
import { encodeStateBlock } from '../../core/state-block.ts'
import { encodeStatement, statementBytes, type Statement } from '../../core/statement.ts'
import { parseTeamKey, roleOf, type Role } from '../../core/team-key.ts'
import { DeviceKey } from '../../node/home/device-key.ts'
import { zlibCodec } from '../../node/log/codec.ts'
import { Seal } from '../../node/log/seal.ts'
import { gateHandshake } from '../../node/mesh/gate.ts'
import { encodeHello, type MessageKind } from '../../node/mesh/messages.ts'
import { RawConnection } from '../node/mesh-net/mesh-world.ts'
import { until } from './cli.ts'
import { temporaryDirectory } from './directory.ts'

/** What a peer does that is written to do harm. Each is left out where the peer behaves. */
export interface HostileOptions {
  /** Instead of the handshake of who holds the key. */
  opens?: (connection: RawConnection) => Uint8Array
  /** Instead of hello and the own certificate. */
  introduces?: (connection: RawConnection) => void
  /** Whether the logs of its store are exchanged. */
  replicates?: boolean
  /** Another peer whose device and incarnation it has as well. */
  as?: HostilePeer
}

/** What Hypercore's own peer can send, right or wrong. */
export type Wire = Record<
  'wireSync' | 'wireRequest' | 'wireData' | 'wireBitfield' | 'wireRange',
  { send(message: object): void }
>

/** The logs of one device and incarnation in a team. */
export type LogKind = 'events' | 'state'

/** Peers of a test leave one another alone. */
const OWN = new Set<string>()

/** A peer that speaks the real protocol over a real swarm, and does with it what no VibeTea does. */
export class HostilePeer {
  readonly device: DeviceKey
  readonly incarnation: Uint8Array
  readonly noise = HyperDHT.keyPair(randomBytes(32))
  readonly teamId: Uint8Array
  readonly role: Role
  readonly secrets: EpochSecrets
  readonly connections: RawConnection[] = []
  readonly swarm: Hyperswarm
  readonly store = new Corestore(temporaryDirectory())
  readonly #options: HostileOptions

  /** `key` is the team key that it was given, and `network` where its DHT begins. */
  constructor(key: string, network: { VIBETEA_BOOTSTRAP: string }, options: HostileOptions = {}) {
    const { kind, teamId, secret } = parseTeamKey(key)
    if (kind === 'admin') throw new Error('that is no key to join with')
    this.teamId = teamId
    this.role = roleOf(kind)
    this.secrets = secretsOf(teamId, this.role, secret)
    this.#options = options
    this.device = options.as?.device ?? new DeviceKey(randomBytes(32))
    this.incarnation = options.as?.incarnation ?? new Uint8Array(randomBytes(8))
    const [host, port] = network.VIBETEA_BOOTSTRAP.split(':') as [string, string]
    const dht = new HyperDHT({ bootstrap: [{ host, port: Number(port) }], host, firewalled: false })
    this.swarm = new Hyperswarm({ keyPair: this.noise, dht })
    OWN.add(keyText(this.noise.publicKey))
    this.swarm.on('connection', (stream) => {
      if (OWN.has(keyText(stream.remotePublicKey))) stream.on('error', () => {}).destroy()
      else this.#meet(new RawConnection(stream, options.opens ?? this.#opens))
    })
    onTestFinished(async () => {
      await this.swarm.destroy({ force: true })
      await this.store.close()
    })
  }

  /** The source label of its events. */
  get source(): string {
    return `mallory-${this.device.device.slice(0, 6)}`
  }

  /** Looks for others under the team's topic until it has been let in by so many; then their connections. */
  async join(count = 2): Promise<RawConnection[]> {
    const discovery = this.swarm.join(Buffer.from(topicOf(this.secrets)))
    const timer = setInterval(() => void discovery.refresh(), 500)
    onTestFinished(() => clearInterval(timer))
    return until(
      async () => this.connections.filter(({ handshake }) => handshake !== null),
      (open) => open.length >= count,
    )
  }

  /** Sends a message to everybody who has let it in. */
  send(kind: MessageKind, bytes: Uint8Array): void {
    for (const connection of this.connections) if (!connection.isClosed) connection.send(kind, bytes)
  }

  /** A certificate, of its own device where nothing else is said. */
  certificate(changes: CertificateChanges = {}): Uint8Array {
    const {
      device = this.device,
      role = this.role,
      epoch = 1,
      teamId = this.teamId,
      incarnation = this.incarnation,
      noise = this.noise.publicKey,
      issuedAt = Date.now(),
      issuer = new DeviceKey(issuerSecretOf(secretFor(role, this.secrets)!, teamId, epoch)),
    } = changes
    const certificate = { teamId, epoch, device: device.publicKey, noise, incarnation, issuedAt }
    return encodeCertificate(
      signCertificate(
        certificate,
        (message) => issuer.sign(message),
        (message) => device.sign(message),
      ),
    )
  }

  /** A statement, about its own log where nothing else is said; it signs it, whosever the log is. */
  statement(kind: Statement['kind'], value: number, about: Partial<Statement> = {}): Uint8Array {
    const { teamId, incarnation } = this
    const statement = { kind, teamId, device: this.device.publicKey, incarnation, value, ...about }
    return encodeStatement({ ...statement, signature: this.device.sign(statementBytes(statement)) })
  }

  /** A log of its own, which it writes as it likes. */
  async log(kind: LogKind = 'events', incarnation = this.incarnation): Promise<HostileLog> {
    const { device, teamId } = this
    const namespace = namespaceOf(teamId, kind, incarnation)
    const manifest = { version: 1, signers: [{ publicKey: device.publicKey, namespace }] }
    const core = this.store.get({ manifest, keyPair: device.keyPair() })
    await core.ready()
    return new HostileLog(this, core, incarnation)
  }

  readonly #opens = ({ ends }: RawConnection): Uint8Array =>
    gateHandshake([gateKeyOf(this.secrets)], ends, randomBytes)

  #meet(connection: RawConnection): void {
    this.connections.push(connection)
    const { introduces, replicates = true } = this.#options
    if (introduces) introduces(connection)
    else {
      connection.send('hello', encodeHello('9.9.9', this.secrets, connection.ends, Date.now()))
      connection.send('certificates', this.certificate())
    }
    if (replicates) this.store.replicate(connection.stream)
  }
}

export interface CertificateChanges {
  device?: DeviceKey
  role?: Role
  epoch?: number
  teamId?: Uint8Array
  incarnation?: Uint8Array
  noise?: Uint8Array
  issuedAt?: number
  issuer?: DeviceKey
}

/** Writes blocks that are right but for what a test wants wrong. */
export class HostileLog {
  readonly core: Hypercore
  readonly #peer: HostilePeer
  readonly #scope: { teamId: Uint8Array; incarnation: Uint8Array }
  readonly #seal: Seal | null

  constructor(peer: HostilePeer, core: Hypercore, incarnation: Uint8Array) {
    const { teamId, secrets } = peer
    const { read } = secrets
    this.core = core
    this.#peer = peer
    this.#scope = { teamId, incarnation }
    const keys = { current: read, byId: () => read }
    this.#seal = read && new Seal(core.key, keys, randomBytes)
  }

  /** A signed batch, not sealed yet. */
  batch(events: readonly Event[], seq: number, signer = this.#peer.device): Uint8Array {
    return encodeBlock(events, seq, this.#scope, (message) => signer.sign(message), zlibCodec)
  }

  update(update: Uint8Array, seq: number): Uint8Array {
    return encodeStateBlock(update, seq, this.#scope, (message) => this.#peer.device.sign(message), zlibCodec)
  }

  /** A signed block of any body, deflated, whatever its size. */
  frame(body: Uint8Array, seq: number, domain = 'vibetea/batch/1'): Uint8Array {
    const kind = { domain: new TextEncoder().encode(domain), maxBodyBytes: Infinity, dictionary: null }
    return encodeFrame(kind, body, seq, this.#scope, (message) => this.#peer.device.sign(message), zlibCodec)
  }

  /** Its connections, as Hypercore sends over them. */
  wires(): Wire[] {
    return this.core.peers as (Hypercore.Peer & Wire)[]
  }

  seal(block: Uint8Array, seq: number): Uint8Array {
    if (!this.#seal) throw new Error('a mirror seals nothing')
    return this.#seal.seal(block, seq)
  }

  /** Appends what `make` gives for each index from the log's end on. */
  async append(count: number, make: (seq: number) => Uint8Array): Promise<void> {
    const from = this.core.length
    const blocks = Array.from({ length: count }, (_, i) => make(from + i))
    await this.core.append(blocks, { keyPair: this.#peer.device.keyPair() })
  }
}
