import { gateKeyOf, type EpochSecrets, type Side } from '../../../core/secrets.ts'
import type { Role } from '../../../core/team-key.ts'
import { gateHandshake } from '../../../node/mesh/gate.ts'
import { MeshCore } from '../../../node/mesh/mesh-core.ts'
import { encodeHello, type MessageKind } from '../../../node/mesh/messages.ts'
import type { GossipKind, RefusedReason } from '../../../node/mesh/port.ts'
import { Roster } from '../../../node/mesh/roster.ts'
import { NOW, bytesOf, deviceOf, noiseOf, teamOf, verifyOnce } from './team.ts'

export const team = teamOf('tea')
const random = (length: number) => new Uint8Array(length).fill(0x5a)

/** One node's mesh, and all that it asks for; the test plays the peers. */
export class Rig {
  now = NOW
  readonly roster: Roster
  readonly mesh: MeshCore
  readonly sent: { conn: number; message: MessageKind; bytes: Uint8Array }[] = []
  readonly replicated: number[] = []
  readonly destroyed: [number, RefusedReason][] = []
  readonly learned: [GossipKind, Uint8Array][] = []
  readonly refused: RefusedReason[] = []
  changes = 0
  /** What happens besides when something is sent or closed. */
  onSend: (conn: number) => void = () => undefined
  onDestroy: (conn: number) => void = () => undefined
  #nextConn = 1

  constructor(role: Role = 'member') {
    this.roster = new Roster({
      teamId: team.teamId,
      provisional: role === 'member' ? team.provisional : null,
      verify: verifyOnce,
      now: () => this.now,
    })
    this.mesh = new MeshCore({
      secrets: team.secrets(role),
      roster: this.roster,
      self: { device: deviceOf('self').publicKey, noise: noiseOf('self'), role, version: '1.1.0' },
      random,
      now: () => this.now,
      actions: {
        send: (conn, message, bytes) => {
          this.sent.push({ conn, message, bytes })
          this.onSend(conn)
        },
        replicate: (conn) => {
          this.replicated.push(conn)
        },
        destroy: (conn, reason) => {
          this.destroyed.push([conn, reason])
          this.onDestroy(conn)
        },
        learned: (kind, bytes) => {
          this.learned.push([kind, bytes])
        },
        changed: () => {
          this.changes++
        },
        refused: (reason) => {
          this.refused.push(reason)
        },
      },
    })
  }

  /** Lets seconds pass, as the node sees them. */
  wait(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      this.now += 1000
      this.mesh.tick()
    }
  }

  /** Why a connection was closed; null where it was not. */
  whyClosed(peer: Peer): RefusedReason | null {
    return this.destroyed.find(([conn]) => conn === peer.conn)?.[1] ?? null
  }

  sentTo(peer: Peer): MessageKind[] {
    return this.sent.filter(({ conn }) => conn === peer.conn).map(({ message }) => message)
  }

  viewOf(name: string) {
    const device = Buffer.from(deviceOf(name).publicKey)
    return this.mesh.peers().find((peer) => device.equals(peer.device))
  }

  /** A connection from somebody who has done nothing yet. */
  connect(name: string, secrets: EpochSecrets = team.secrets()): Peer {
    return new Peer(this, this.#nextConn++, name, secrets)
  }

  /** A connection from a teammate that has passed the gate, said hello and shown its certificate. */
  enter(name: string, role: Role = 'member'): Peer {
    const peer = this.connect(name, team.secrets(role)).pass().hello()
    return peer.send('certificates', team.certificate(name, { role }))
  }
}

/** The other end of a connection, as the protocol wants it unless a test says otherwise. */
export class Peer {
  readonly conn: number
  /** What the node showed at its gate. */
  readonly shown: Uint8Array
  readonly #rig: Rig
  readonly #name: string
  readonly #secrets: EpochSecrets
  readonly #ends: { side: Side; handshakeHash: Uint8Array }

  constructor(rig: Rig, conn: number, name: string, secrets: EpochSecrets) {
    this.#rig = rig
    this.conn = conn
    this.#name = name
    this.#secrets = secrets
    this.#ends = { side: 'initiator', handshakeHash: bytesOf(`handshake ${conn}`) }
    const { handshakeHash } = this.#ends
    this.shown = rig.mesh.connected(conn, { side: 'responder', handshakeHash, remoteNoise: noiseOf(name) })
  }

  get name(): string {
    return this.#name
  }

  /** What it would show at the gate. */
  get proof(): Uint8Array {
    return gateHandshake([gateKeyOf(this.#secrets)], this.#ends, random)
  }

  pass(handshake = this.proof): this {
    this.#rig.mesh.opened(this.conn, handshake)
    return this
  }

  helloBytes(version = '1.3.0'): Uint8Array {
    return encodeHello(version, this.#secrets, this.#ends, NOW)
  }

  hello(bytes = this.helloBytes()): this {
    return this.send('hello', bytes)
  }

  send(message: MessageKind, bytes: Uint8Array): this {
    this.#rig.mesh.received(this.conn, message, bytes)
    return this
  }

  close(): void {
    this.#rig.mesh.closed(this.conn)
  }
}
