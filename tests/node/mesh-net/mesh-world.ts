import { randomBytes } from 'node:crypto'
import type NoiseSecretStream from '@hyperswarm/secret-stream'
import { raw } from 'compact-encoding'
import HyperDHT from 'hyperdht'
import Hyperswarm from 'hyperswarm'
import Protomux from 'protomux'
import { onTestFinished } from 'vitest'
import { gateKeyOf, topicOf, type Side } from '../../../core/secrets.ts'
import type { Role } from '../../../core/team-key.ts'
import type { Timers } from '../../../core/timers.ts'
import { freeUdpPort } from '../../../node/free-port.ts'
import { gateHandshake } from '../../../node/mesh/gate.ts'
import { encodeHello, MESSAGE_KINDS, type MessageKind } from '../../../node/mesh/messages.ts'
import { Mesh, type MeshOptions } from '../../../node/mesh/net.ts'
import type { GossipKind } from '../../../node/mesh/port.ts'
import { Roster } from '../../../node/mesh/roster.ts'
import { bytesOf, deviceOf, teamOf, verifyOnce, type TestTeam } from '../mesh/team.ts'

/** Real swarms on a DHT of this machine alone. */

/** Runs a bootstrap node until the test ends; where to find it. */
export async function bootstrapNode(port?: number): Promise<HyperDHT.Endpoint[]> {
  const endpoint = { host: '127.0.0.1', port: port ?? (await freeUdpPort('127.0.0.1')) }
  const node = HyperDHT.bootstrapper(endpoint.port, endpoint.host, { host: endpoint.host })
  await node.fullyBootstrapped()
  onTestFinished(() => node.destroy({ force: true }))
  return [endpoint]
}

/** The system's clock, that many times faster. */
export function fastTimers(times = 1): Timers {
  const start = Date.now()
  return {
    now: () => start + (Date.now() - start) * times,
    after(ms, call) {
      const timer = setTimeout(call, ms / times).unref()
      return () => clearTimeout(timer)
    },
  }
}

export const noiseKeyOf = (name: string) => HyperDHT.keyPair(bytesOf(`noise secret ${name}`))

/** Asks again until it is so, for at most 25 s. */
export async function eventually(isSo: () => boolean): Promise<void> {
  const end = performance.now() + 25_000
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`not so in the end: ${String(isSo)}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export interface TestMesh {
  name: string
  mesh: Mesh
  noise: Uint8Array
  roster: Roster
  /** Connections over which logs are served. */
  served: NoiseSecretStream[]
  kept: Record<GossipKind, Uint8Array[]>
  /** How `mesh` reaches another. */
  sees(other: { noise: Uint8Array }): string
}

export interface TestMeshOptions extends Partial<Omit<MeshOptions, 'roster' | 'bootstrap'>> {
  bootstrap: HyperDHT.Endpoint[]
  team?: TestTeam
  role?: Role
}

/** The certificate of a device of a team, for its real Noise key. */
export const certificateOf = (team: TestTeam, name: string, role: Role = 'member') =>
  team.certificate(name, { role, noise: noiseKeyOf(name).publicKey })

export const TEAM = teamOf('tea')

/** A node of a team that has its certificate; it goes when the test ends. */
export async function meshOf(name: string, options: TestMeshOptions): Promise<TestMesh> {
  const { team = TEAM, role = 'member', timers = fastTimers(), ...others } = options
  const keys = noiseKeyOf(name)
  const { provisional, teamId } = team
  const roster = new Roster({ teamId, provisional, verify: verifyOnce, now: timers.now })
  const served: NoiseSecretStream[] = []
  const kept: TestMesh['kept'] = { record: [], certificate: [], statement: [] }
  const mesh = await Mesh.start({
    secrets: team.secrets(role),
    roster,
    self: { device: deviceOf(name).publicKey, noise: keys.publicKey, role, version: '1.0.0' },
    noiseKeyPair: keys,
    store: { replicate: (stream) => served.push(stream) },
    keep: async (kind, bytes) => void kept[kind].push(bytes),
    timers,
    random: randomBytes,
    log: {
      debug: () => {},
      error: ({ err }: { err?: Error }) => {
        throw err!
      },
    },
    onLearned: () => {},
    onChanged: () => {},
    ...others,
  })
  onTestFinished(() => mesh.destroy())
  mesh.core.publish('certificate', certificateOf(team, name, role))
  const sees = (other: { noise: Uint8Array }) => mesh.connectionOf(other.noise)
  return { name, mesh, noise: keys.publicKey, roster, served, kept, sees }
}

/** A peer written for a test: what it is given it sends, and everything that comes is kept. */
export class RawPeer {
  readonly swarm: Hyperswarm
  readonly noise: Uint8Array
  readonly connections: RawConnection[] = []
  #opens: (connection: RawConnection) => Uint8Array

  /** `opens` gives the handshake to send on a connection. */
  constructor(
    name: string,
    bootstrap: HyperDHT.Endpoint[],
    opens: (connection: RawConnection) => Uint8Array,
  ) {
    const keyPair = noiseKeyOf(name)
    this.noise = keyPair.publicKey
    this.#opens = opens
    const dht = new HyperDHT({ bootstrap, host: '127.0.0.1', firewalled: false })
    this.swarm = new Hyperswarm({ keyPair, dht })
    this.swarm.on('connection', (stream) => {
      this.connections.push(new RawConnection(stream, this.#opens))
    })
    onTestFinished(() => this.swarm.destroy({ force: true }))
  }

  /** Announces itself and looks for others under a team's topic. */
  join(team: TestTeam): this {
    const discovery = this.swarm.join(Buffer.from(topicOf(team.secrets('mirror'))))
    const timer = setInterval(() => void discovery.refresh(), 500)
    onTestFinished(() => clearInterval(timer))
    return this
  }
}

export class RawConnection {
  readonly stream: NoiseSecretStream
  /** All that the other end sent, decrypted. */
  readonly received: Buffer[] = []
  /** The other end's handshake, once it came. */
  handshake: Uint8Array | null = null
  isClosed = false
  readonly #messages: Map<MessageKind, Protomux.Message<Uint8Array>>

  constructor(stream: NoiseSecretStream, opens: (connection: RawConnection) => Uint8Array) {
    this.stream = stream
    stream.on('error', () => {})
    stream.on('close', () => (this.isClosed = true))
    stream.on('data', (data: Buffer) => this.received.push(Buffer.from(data)))
    const channel = Protomux.from(stream).createChannel<Uint8Array>({
      protocol: 'vibetea/gate/1',
      handshake: raw,
      onopen: (handshake) => (this.handshake = Uint8Array.from(handshake)),
    })!
    this.#messages = new Map(MESSAGE_KINDS.map((kind) => [kind, channel.addMessage({ encoding: raw })]))
    channel.open(opens(this))
  }

  get side(): Side {
    return this.stream.isInitiator ? 'initiator' : 'responder'
  }

  get ends() {
    return { side: this.side, handshakeHash: this.stream.handshakeHash }
  }

  send(kind: MessageKind, bytes: Uint8Array): void {
    this.#messages.get(kind)!.send(bytes)
  }
}

/** The handshake of somebody who holds a team's key. */
export const rightHandshake =
  (team: TestTeam) =>
  ({ ends }: RawConnection): Uint8Array =>
    gateHandshake([gateKeyOf(team.secrets('mirror'))], ends, randomBytes)

export const helloOf = (team: TestTeam, { ends }: RawConnection) =>
  encodeHello('9.9.9', team.secrets('member'), ends, Date.now())
