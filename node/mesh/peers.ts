import type { Presence } from '../../core/api.ts'
import { idOf } from './verdicts.ts'
import type { Ends } from './gate.ts'
import { Allowance, MESSAGES, PATIENCE_MS, hasPassed } from './limits.ts'
import type { Hello } from './messages.ts'
import type { Writer } from '../../core/writer.ts'
import type { PeerView, RefusedReason } from './port.ts'
import { latest } from './roster.ts'

/** The other end of a connection, as far as it has shown itself. Times are in ms since 1970. */
export interface Peer {
  readonly ends: Ends
  readonly noise: Uint8Array
  readonly connectedAt: number
  readonly allowance: Allowance
  /** null: before the gate. */
  passedAt: number | null
  hello: Hello | null
  /** Of its clock before this one, when it said hello; negative: behind. */
  clockAheadMs: number
  /** Since when no certificate is known for it; null: one is. */
  uncertifiedSince: number | null
  presence: { state: Presence; at: number } | null
  /** Things it sent that no honest peer sends. */
  invalid: number
}

/** What is known of a peer with a certificate while it is away. */
export interface Met {
  version: string
  clockAheadMs: number
  lastSeen: number
}

/** A peer that has done nothing yet. */
export function newPeer(ends: Ends, noise: Uint8Array, now: number): Peer {
  return {
    ends: { side: ends.side, handshakeHash: Uint8Array.from(ends.handshakeHash) },
    noise: Uint8Array.from(noise),
    connectedAt: now,
    allowance: new Allowance(MESSAGES, now),
    passedAt: null,
    hello: null,
    clockAheadMs: 0,
    uncertifiedSince: null,
    presence: null,
    invalid: 0,
  }
}

/** Why a peer is waited for no longer; null where it is. */
export function whyTooLate(peer: Peer, now: number): RefusedReason | null {
  const waitsForGate = peer.passedAt === null || !peer.hello
  if (waitsForGate && hasPassed(peer.passedAt ?? peer.connectedAt, PATIENCE_MS, now)) return 'too_slow'
  const isStranger = peer.passedAt !== null && peer.uncertifiedSince !== null
  return isStranger && hasPassed(peer.uncertifiedSince!, PATIENCE_MS, now) ? 'no_certificate' : null
}

/** The devices of some writers, each with what its connections say. `met` is by Noise key. */
export function viewsOf(
  writers: readonly Writer[],
  peers: readonly Peer[],
  met: ReadonlyMap<string, Met>,
): PeerView[] {
  const byDevice = groupBy(writers, ({ device }) => idOf(device))
  const byNoise = groupBy(
    peers.filter(({ passedAt }) => passedAt !== null),
    ({ noise }) => idOf(noise),
  )
  return [...byDevice.values()].map((own) => {
    const { device, incarnation, noise, role } = latest(own)!
    const noises = [...new Set(own.map((writer) => idOf(writer.noise)))]
    const live = noises.flatMap((id) => byNoise.get(id) ?? [])
    const said = live.flatMap(({ presence }) => presence ?? []).sort((a, b) => b.at - a.at)[0]
    const last = noises.flatMap((id) => met.get(id) ?? []).sort((a, b) => b.lastSeen - a.lastSeen)[0]
    return {
      device,
      incarnation,
      noise,
      role,
      version: last?.version ?? null,
      clockAheadMs: last?.clockAheadMs ?? null,
      presence: said?.state ?? null,
      since: live.length === 0 ? null : Math.min(...live.map(({ connectedAt }) => connectedAt)),
      lastSeen: last?.lastSeen ?? null,
    }
  })
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return groups
}
