import type { Presence } from '../../core/api.ts'
import { equalBytes } from '../../core/bytes.ts'
import { gateKeyOf, type EpochSecrets, type Side } from '../../core/secrets.ts'
import type { Role } from '../../core/team-key.ts'
import { idOf } from './verdicts.ts'
import { gateHandshake, whyRefused } from './gate.ts'
import {
  HEARTBEAT_MS,
  MAX_INVALID,
  MAX_MESSAGE_BYTES,
  MESSAGES,
  PRESENCE_EXPIRES_MS,
  hasPassed,
} from './limits.ts'
import {
  decodeHello,
  decodePresence,
  encodeHello,
  encodePresence,
  pack,
  unpack,
  type MessageKind,
} from './messages.ts'
import type { GossipKind, PeerView, RefusedReason, Verdict } from './port.ts'
import { newPeer, viewsOf, whyTooLate, type Met, type Peer } from './peers.ts'
import type { Roster } from './roster.ts'

/** What the mesh asks for. All of it may be done later, and none of it may call back at once but `closed`. */
export interface MeshActions {
  send(conn: number, message: MessageKind, bytes: Uint8Array): void
  /** The peer has passed the gate: serve it the team's logs. */
  replicate(conn: number): void
  /** Close a connection. Its reason has been given to `refused` already. */
  destroy(conn: number, reason: RefusedReason): void
  /** Something new of the team, one's own too: keep it, and look at the roster again. */
  learned(kind: GossipKind, bytes: Uint8Array): void
  /** `peers()` is another. */
  changed(): void
  /** Counts what was refused, once for each. */
  refused(reason: RefusedReason): void
}

export interface MeshCoreOptions {
  secrets: EpochSecrets
  roster: Roster
  self: { device: Uint8Array; noise: Uint8Array; role: Role; version: string }
  /** So many random bytes. */
  random: (bytes: number) => Uint8Array
  actions: MeshActions
  /** ms since 1970. */
  now: () => number
}

/** What can be wrong only where somebody made it so; the rest depends on what each has heard. */
const INVALID: ReadonlySet<RefusedReason> = new Set([
  'invalid_record',
  'invalid_certificate',
  'invalid_statement',
  'forged_issuer',
  'other_team',
])

/**
 * All connections of one node, without I/O, clock or randomness of its own: the gate, what is passed on, and presence.
 * Everything happens within a call.
 */
export class MeshCore {
  readonly #options: MeshCoreOptions
  readonly #gateKeys: readonly Uint8Array[]
  readonly #peers = new Map<number, Peer>()
  /** By Noise key, of those with a certificate: what is known of them while they are away. */
  readonly #met = new Map<string, Met>()
  #presence: Presence | null = null
  #beatAt: number

  constructor(options: MeshCoreOptions) {
    this.#options = options
    this.#gateKeys = [gateKeyOf(options.secrets)]
    this.#beatAt = options.now()
  }

  /** A connection: what to send first, before anything else. */
  connected(
    conn: number,
    info: { side: Side; handshakeHash: Uint8Array; remoteNoise: Uint8Array },
  ): Uint8Array {
    const { now, random } = this.#options
    this.#peers.set(conn, newPeer(info, info.remoteNoise, now()))
    return gateHandshake(this.#gateKeys, info, random)
  }

  /** What the other end sent first. When this returns it has been let in or closed. */
  opened(conn: number, handshake: Uint8Array): void {
    const { self, actions, now } = this.#options
    const peer = this.#peers.get(conn)
    if (!peer) return
    if (peer.passedAt !== null) return this.#drop(conn, 'malformed_message')
    const isSelf = equalBytes(peer.noise, self.noise)
    const reason = isSelf ? 'own_key' : whyRefused(handshake, this.#gateKeys, peer.ends)
    if (reason) return this.#drop(conn, reason)
    peer.passedAt = now()
    this.#lookForCertificate(peer)
    actions.replicate(conn)
    this.#introduce(conn, peer)
    actions.changed()
  }

  received(conn: number, message: MessageKind, bytes: Uint8Array): void {
    const peer = this.#peers.get(conn)
    const reason = peer && this.#receive(conn, peer, message, bytes)
    if (reason) this.#drop(conn, reason)
  }

  closed(conn: number): void {
    const peer = this.#peers.get(conn)
    this.#peers.delete(conn)
    if (peer && peer.passedAt !== null) this.#options.actions.changed()
  }

  /** To be called once a second: closes what waits for too long, says that one is here, forgets who says nothing. */
  tick(): void {
    const now = this.#options.now()
    for (const [conn, peer] of [...this.#peers]) {
      this.#lookForCertificate(peer)
      const reason = whyTooLate(peer, now)
      if (reason) this.#drop(conn, reason)
      if (peer.presence && hasPassed(peer.presence.at, PRESENCE_EXPIRES_MS, now)) {
        peer.presence = null
        this.#options.actions.changed()
      }
    }
    if (hasPassed(this.#beatAt, HEARTBEAT_MS, now)) this.#beat()
  }

  /** One's own record, certificate or statement: it goes to everybody, also where the roster has it already. */
  publish(kind: GossipKind, bytes: Uint8Array): Verdict {
    const verdict = this.#add(kind, bytes)
    if (verdict.kind !== 'refused') this.#spread(kind, [bytes], null)
    return verdict
  }

  /** What to say of oneself to those who hold R; at once where it is another. */
  setPresence(presence: Presence): void {
    if (presence === this.#presence) return
    this.#presence = presence
    this.#beat()
  }

  /** The other devices of the team that have not left, connected or not, in the roster's order. */
  peers(): PeerView[] {
    const { roster, self } = this.#options
    const others = roster
      .writers()
      .filter(({ device, hasLeft, cut }) => !hasLeft && cut === null && !equalBytes(device, self.device))
    return viewsOf(others, [...this.#peers.values()], this.#met)
  }

  /** All that is known, to a peer that has just passed; in an order in which each can be checked. */
  #introduce(conn: number, peer: Peer): void {
    const { self, secrets, roster } = this.#options
    this.#send(conn, 'hello', encodeHello(self.version, secrets, peer.ends, Math.floor(this.#options.now())))
    this.#sendAll(conn, 'record', roster.records())
    this.#sendAll(conn, 'certificate', roster.certificates())
    this.#sendAll(conn, 'statement', roster.statements())
  }

  /** Why to close the connection; null where it goes on. */
  #receive(conn: number, peer: Peer, message: MessageKind, bytes: Uint8Array): RefusedReason | null {
    if (peer.passedAt === null) return 'no_gate'
    if (bytes.length > MAX_MESSAGE_BYTES[message]) return 'message_too_large'
    const now = this.#options.now()
    if (!peer.allowance.take(1 + bytes.length / MESSAGES.bytesEach, now)) return 'too_many_messages'
    if ((message === 'hello') !== (peer.hello === null)) return 'malformed_message'
    const reason = this.#read(conn, peer, message, bytes)
    if (!reason) this.#seen(peer)
    return reason
  }

  #read(conn: number, peer: Peer, message: MessageKind, bytes: Uint8Array): RefusedReason | null {
    switch (message) {
      case 'hello':
        return this.#hear(conn, peer, bytes)
      case 'record':
        return this.#take(conn, peer, 'record', bytes)
      case 'certificates':
        return this.#take(conn, peer, 'certificate', bytes)
      case 'statements':
        return this.#take(conn, peer, 'statement', bytes)
      case 'presence':
        return this.#note(peer, bytes)
    }
  }

  #hear(conn: number, peer: Peer, bytes: Uint8Array): RefusedReason | null {
    const hello = decodeHello(bytes, this.#options.secrets, peer.ends)
    if (typeof hello === 'string') return hello
    peer.hello = hello
    peer.clockAheadMs = hello.clock - this.#options.now()
    if (this.#presence && hello.provesRead) this.#send(conn, 'presence', encodePresence(this.#presence))
    return null
  }

  #take(conn: number, peer: Peer, kind: GossipKind, bytes: Uint8Array): RefusedReason | null {
    const items = unpack(kind, bytes)
    if (!items) return 'malformed_message'
    const fresh: Uint8Array[] = []
    let reason: RefusedReason | null = null
    for (const item of items) {
      const verdict = this.#add(kind, item)
      if (verdict.kind === 'new') fresh.push(item)
      if (verdict.kind !== 'refused' || !INVALID.has(verdict.reason)) continue
      peer.invalid++
      if (peer.invalid < MAX_INVALID) continue
      reason = verdict.reason
      break
    }
    if (fresh.length > 0) this.#spread(kind, fresh, conn)
    return reason
  }

  #note(peer: Peer, bytes: Uint8Array): RefusedReason | null {
    const state = decodePresence(bytes)
    if (!state) return 'malformed_message'
    if (!peer.hello?.provesRead) return 'wrong_key'
    const isOther = peer.presence?.state !== state
    peer.presence = { state, at: this.#options.now() }
    if (isOther) this.#options.actions.changed()
    return null
  }

  #add(kind: GossipKind, bytes: Uint8Array): Verdict {
    const { roster, actions } = this.#options
    const verdict =
      kind === 'record'
        ? roster.addRecord(bytes)
        : kind === 'certificate'
          ? roster.addCertificate(bytes)
          : roster.addStatement(bytes)
    if (verdict.kind === 'refused') actions.refused(verdict.reason)
    if (verdict.kind === 'new') actions.learned(kind, Uint8Array.from(bytes))
    return verdict
  }

  /** Passes on what is new to all but the one it came from. */
  #spread(kind: GossipKind, items: readonly Uint8Array[], from: number | null): void {
    const { roster, actions } = this.#options
    for (const [conn, peer] of [...this.#peers]) {
      if (peer.passedAt === null) continue
      this.#lookForCertificate(peer)
      if (conn !== from) this.#sendAll(conn, kind, items)
      if (kind !== 'record') continue
      // Who did not know the record may have refused what rests on it.
      this.#sendAll(conn, 'certificate', roster.certificates())
      this.#sendAll(conn, 'statement', roster.statements())
    }
    actions.changed()
  }

  #sendAll(conn: number, kind: GossipKind, items: readonly Uint8Array[]): void {
    for (const { message, bytes } of pack(kind, items)) this.#send(conn, message, bytes)
  }

  #send(conn: number, message: MessageKind, bytes: Uint8Array): void {
    // What was asked for before may have closed it.
    if (this.#peers.has(conn)) this.#options.actions.send(conn, message, bytes)
  }

  #beat(): void {
    this.#beatAt = this.#options.now()
    if (!this.#presence) return
    const bytes = encodePresence(this.#presence)
    for (const [conn, peer] of [...this.#peers])
      if (peer.hello?.provesRead) this.#send(conn, 'presence', bytes)
  }

  #lookForCertificate(peer: Peer): void {
    if (this.#options.roster.writerOf(peer.noise)) peer.uncertifiedSince = null
    else peer.uncertifiedSince ??= this.#options.now()
  }

  #seen(peer: Peer): void {
    if (!peer.hello || !this.#options.roster.writerOf(peer.noise)) return
    const { hello, clockAheadMs } = peer
    this.#met.set(idOf(peer.noise), {
      version: hello.version,
      clockAheadMs,
      lastSeen: this.#options.now(),
    })
  }

  #drop(conn: number, reason: RefusedReason): void {
    const peer = this.#peers.get(conn)
    if (!peer) return
    const { actions } = this.#options
    this.#peers.delete(conn)
    actions.refused(reason)
    actions.destroy(conn, reason)
    if (peer.passedAt !== null) actions.changed()
  }
}
