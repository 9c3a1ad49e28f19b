import { decodeCertificate } from '../../../core/certificate.ts'
import type { Presence } from '../../../core/api.ts'
import type { Side } from '../../../core/secrets.ts'
import type { Role } from '../../../core/team-key.ts'
import { MeshCore } from '../../../node/mesh/mesh-core.ts'
import type { MessageKind } from '../../../node/mesh/messages.ts'
import type { GossipKind, RefusedReason } from '../../../node/mesh/port.ts'
import { Roster } from '../../../node/mesh/roster.ts'
import { NOW, deviceOf, incarnationOf, noiseOf, verifyOnce, type TestTeam } from './team.ts'

/**
 * A network of nodes in simulated time: the same seed gives the same run. Messages of a connection arrive in order,
 * after some latency; connections break; nodes that can reach each other connect again after a while.
 */

/** One end of connections: a node's mesh, or a peer that a test wrote. */
export interface Endpoint {
  /** What it sends first. */
  connected(
    conn: number,
    info: { side: Side; handshakeHash: Uint8Array; remoteNoise: Uint8Array },
  ): Uint8Array
  opened(conn: number, handshake: Uint8Array): void
  received(conn: number, message: MessageKind, bytes: Uint8Array): void
  closed(conn: number): void
}

interface End {
  endpoint: Endpoint
  conn: number
  /** When what was sent last arrives. */
  arrivesAt: number
}

interface Link {
  ends: [End, End]
  isOpen: boolean
}

/** A pseudo-random generator: mulberry32, from 0 to below 1. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export class Network {
  now = NOW
  readonly random: () => number
  /** ms, of one message. */
  latency: () => number
  /** In the order of time; of the same time as they were asked for. */
  readonly #due: { at: number; run: () => void }[] = []
  readonly #links = new Map<number, Link>()
  #nextConn = 1

  constructor(seed: number, maxLatencyMs = 200) {
    this.random = randomOf(seed)
    this.latency = () => 1 + this.random() * maxLatencyMs
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.random() * 256))
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)]!
  }

  after(ms: number, run: () => void): void {
    const at = this.now + Math.max(0, ms)
    const behind = this.#due.findIndex((other) => other.at > at)
    this.#due.splice(behind < 0 ? this.#due.length : behind, 0, { at, run })
  }

  /** Lets so much time pass. */
  run(ms: number): void {
    const end = this.now + ms
    for (let next = this.#due[0]; next && next.at <= end; next = this.#due[0]) {
      this.#due.shift()
      this.now = next.at
      next.run()
    }
    this.now = end
  }

  /** Connects two ends, the first of which began; the numbers that each knows the connection by. */
  connect(
    a: { endpoint: Endpoint; noise: Uint8Array },
    b: { endpoint: Endpoint; noise: Uint8Array },
  ): [number, number] {
    const handshakeHash = this.bytes(64)
    const ends: [End, End] = [
      { endpoint: a.endpoint, conn: this.#nextConn++, arrivesAt: 0 },
      { endpoint: b.endpoint, conn: this.#nextConn++, arrivesAt: 0 },
    ]
    const link: Link = { ends, isOpen: true }
    for (const { conn } of ends) this.#links.set(conn, link)
    const handshakes = ends.map(({ endpoint, conn }, i) =>
      endpoint.connected(conn, {
        side: i === 0 ? 'initiator' : 'responder',
        handshakeHash,
        remoteNoise: i === 0 ? b.noise : a.noise,
      }),
    )
    ends.forEach((end, i) => {
      const other = ends[1 - i]!
      this.#deliver(link, end, () => other.endpoint.opened(other.conn, handshakes[i]!))
    })
    return [ends[0].conn, ends[1].conn]
  }

  send(conn: number, message: MessageKind, bytes: Uint8Array): void {
    const link = this.#links.get(conn)
    if (!link?.isOpen) return
    const [from, to] = link.ends[0].conn === conn ? link.ends : [link.ends[1], link.ends[0]]
    const copy = Uint8Array.from(bytes)
    this.#deliver(link, from, () => to.endpoint.received(to.conn, message, copy))
  }

  /** Breaks a connection; both ends hear of it, each in its time. */
  cut(conn: number): void {
    const link = this.#links.get(conn)
    if (!link?.isOpen) return
    link.isOpen = false
    for (const end of link.ends) {
      this.#links.delete(end.conn)
      this.after(this.latency(), () => end.endpoint.closed(end.conn))
    }
  }

  isOpen(conn: number): boolean {
    return this.#links.has(conn)
  }

  #deliver(link: Link, from: End, run: () => void): void {
    from.arrivesAt = Math.max(from.arrivesAt, this.now + this.latency())
    this.after(from.arrivesAt - this.now, () => {
      if (link.isOpen) run()
    })
  }
}

/** A node of a team: its roster, its mesh, and what it keeps between two starts. */
export class SimulatedNode {
  readonly name: string
  readonly role: Role
  readonly device: Uint8Array
  readonly noise: Uint8Array
  readonly network: Network
  readonly team: TestTeam
  readonly stored: Record<GossipKind, Uint8Array[]> = { record: [], certificate: [], statement: [] }
  readonly refused = new Map<RefusedReason, number>()
  readonly destroyed: RefusedReason[] = []
  readonly replicated: number[] = []
  changes = 0
  isRunning = false
  roster!: Roster
  mesh!: MeshCore
  readonly #conns = new Map<number, string>()
  #run = 0

  constructor(network: Network, team: TestTeam, name: string, role: Role = 'member') {
    this.network = network
    this.team = team
    this.name = name
    this.role = role
    this.device = deviceOf(name).publicKey
    this.noise = noiseOf(name)
  }

  get endpoint(): Endpoint {
    return this.mesh
  }

  /** Begins with what it has stored, and shows its certificate if it can make one. */
  start(presence: Presence = 'online'): this {
    const run = ++this.#run
    this.isRunning = true
    this.roster = new Roster({
      teamId: this.team.teamId,
      provisional: this.role === 'member' ? this.team.provisional : null,
      verify: verifyOnce,
      now: () => this.network.now,
    })
    for (const bytes of this.stored.record) this.roster.addRecord(bytes)
    for (const bytes of this.stored.certificate) this.roster.addCertificate(bytes)
    for (const bytes of this.stored.statement) this.roster.addStatement(bytes)
    this.mesh = new MeshCore({
      secrets: this.team.secrets(this.role),
      roster: this.roster,
      self: { device: this.device, noise: this.noise, role: this.role, version: '1.0.0' },
      random: (length) => this.network.bytes(length),
      now: () => this.network.now,
      actions: {
        send: (conn, message, bytes) => this.network.send(conn, message, bytes),
        replicate: (conn) => {
          this.replicated.push(conn)
        },
        destroy: (conn, reason) => {
          this.destroyed.push(reason)
          this.#conns.delete(conn)
          this.network.cut(conn)
        },
        learned: (kind, bytes) => {
          this.stored[kind].push(bytes)
          if (kind === 'record') this.#certify()
        },
        changed: () => {
          this.changes++
        },
        refused: (reason) => void this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1),
      },
    })
    this.mesh.setPresence(presence)
    this.#certify()
    const tick = () => {
      if (this.#run !== run || !this.isRunning) return
      this.mesh.tick()
      this.network.after(1000, tick)
    }
    this.network.after(this.network.random() * 1000, tick)
    return this
  }

  stop(): void {
    this.isRunning = false
    for (const conn of this.#conns.keys()) this.network.cut(conn)
    this.#conns.clear()
  }

  /** Connects to another node, or to whatever a test wrote. */
  connect(to: SimulatedNode | { endpoint: Endpoint; noise: Uint8Array; name: string }): number {
    const [mine, theirs] = this.network.connect(this, to)
    this.#conns.set(mine, to.name)
    if (to instanceof SimulatedNode) to.#conns.set(theirs, this.name)
    return mine
  }

  isConnectedTo(name: string): boolean {
    for (const [conn, other] of this.#conns) {
      if (!this.network.isOpen(conn)) this.#conns.delete(conn)
      else if (other === name) return true
    }
    return false
  }

  peerOf(conn: number): string | undefined {
    return this.#conns.get(conn)
  }

  connections(): number[] {
    return [...this.#conns.keys()].filter((conn) => this.network.isOpen(conn))
  }

  /** What it says of another, by name. */
  viewOf(name: string) {
    const device = Buffer.from(deviceOf(name).publicKey)
    return this.mesh.peers().find((peer) => device.equals(peer.device))
  }

  /** What it knows of the team, without the order in which it came. */
  knows(): string[] {
    const { roster } = this
    const all = [...roster.records(), ...roster.certificates(), ...roster.statements()]
    return all.map((bytes) => Buffer.from(bytes).toString('base64')).sort()
  }

  /** Shows a certificate of the epoch that it knows of, unless it has. */
  #certify(): void {
    const { epoch } = this.roster
    if (epoch === null) return
    const own = this.roster.certificates().map((bytes) => decodeCertificate(bytes)!)
    const hasOne = own.some(
      (certificate) =>
        certificate.epoch === epoch &&
        Buffer.from(this.device).equals(certificate.device) &&
        Buffer.from(incarnationOf(this.name)).equals(certificate.incarnation),
    )
    if (!hasOne)
      this.mesh.publish('certificate', this.team.certificate(this.name, { role: this.role, epoch }))
  }
}

/** Keeps nodes connected that can reach each other, each pair with a delay of its own. */
export class Discovery {
  readonly #network: Network
  readonly #nodes: readonly SimulatedNode[]
  /** Nodes of different parts do not reach each other; those without one are in part 0. */
  readonly parts = new Map<SimulatedNode, number>()

  constructor(network: Network, nodes: readonly SimulatedNode[]) {
    this.#network = network
    this.#nodes = nodes
    const look = () => {
      this.#look()
      network.after(500, look)
    }
    network.after(0, look)
  }

  canReach(a: SimulatedNode, b: SimulatedNode): boolean {
    return a.isRunning && b.isRunning && (this.parts.get(a) ?? 0) === (this.parts.get(b) ?? 0)
  }

  /** Divides the nodes, and breaks what connects the parts. */
  divide(partOf: (node: SimulatedNode) => number): void {
    for (const node of this.#nodes) this.parts.set(node, partOf(node))
    for (const a of this.#nodes) {
      for (const conn of a.connections()) {
        const b = this.#nodes.find(({ name }) => name === a.peerOf(conn))
        if (b && !this.canReach(a, b)) this.#network.cut(conn)
      }
    }
  }

  #look(): void {
    for (const [i, a] of this.#nodes.entries()) {
      for (const b of this.#nodes.slice(i + 1)) {
        if (!this.canReach(a, b) || this.#network.random() < 0.6) continue
        if (a.isConnectedTo(b.name) || b.isConnectedTo(a.name)) continue
        if (this.#network.random() < 0.5) a.connect(b)
        else b.connect(a)
      }
    }
  }
}
