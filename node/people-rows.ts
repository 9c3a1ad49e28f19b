import {
  type Connection,
  isReached,
  type MemberRow,
  type Path,
  type PeerStatus,
  type Presence,
} from '../core/api.ts'
import { compare } from '../core/buckets.ts'
import type { Profile } from '../core/profile.ts'
import { keyText } from '../core/secrets.ts'
import type { Role } from '../core/team-key.ts'
import type { Writer } from '../core/writer.ts'

/** Who is in the team, for people to read: put together from what each part of the node knows. */

export interface TeamView {
  /** The device's text, and what is known of it only here. */
  self: {
    device: string
    source: string
    name: string
    role: Role
    version: string
    presence: Presence
    isArchiver: boolean
    utcOffsetMinutes: number
  }
  writers: readonly Writer[]
  profileOf(device: Uint8Array): Profile | null
  connectionOf(noise: Uint8Array): Connection
  /** null where it is not connected directly. */
  pathOf(noise: Uint8Array): Path | null
  /** What a device says while it is connected; null from one that is not, or says nothing. */
  presenceOf(device: Uint8Array): Presence | null
  /** Of the VibeTea that a device runs, as it said on connecting; null before. */
  versionOf(device: Uint8Array): string | null
  /** How far a device's clock is ahead of this one's, in ms; null before it was met. */
  clockAheadOf(device: Uint8Array): number | null
  logs: readonly { device: Uint8Array; behind: number; problem: string | null }[]
  /** By device's text, ms since 1970. */
  lastSeen: ReadonlyMap<string, number>
  /** ms since 1970. */
  now: number
}

/** Stands for a device's source until its profile has come. */
export const unnamedSource = (device: string): string => `unknown-${device.slice(0, 6)}`

/** Everyone else, by name: one row a device, that of its latest certificate. */
export function peersOf(view: TeamView): PeerStatus[] {
  const logsOf = new Map<string, TeamView['logs'][number][]>()
  for (const log of view.logs) {
    const device = keyText(log.device)
    const logs = logsOf.get(device)
    if (logs) logs.push(log)
    else logsOf.set(device, [log])
  }
  const rows = [...latestOf(view.writers)]
    .filter(([device]) => device !== view.self.device)
    .map(([device, writer]): PeerStatus => {
      const profile = view.profileOf(writer.device)
      const source = profile?.source ?? unnamedSource(device)
      const logs = logsOf.get(device) ?? []
      const connection = view.connectionOf(writer.noise)
      const seenAt = isReached({ connection }) ? view.now : view.lastSeen.get(device)
      return {
        device,
        source,
        name: profile?.name ?? source,
        role: writer.role,
        connection,
        path: connection === 'direct' ? view.pathOf(writer.noise) : null,
        behind: logs.reduce((sum, { behind }) => sum + behind, 0),
        lastSeen: seenAt === undefined ? null : new Date(seenAt).toISOString(),
        version: view.versionOf(writer.device) ?? profile?.version ?? null,
        problem: logs.find(({ problem }) => problem !== null)?.problem ?? null,
        clockAheadMs: view.clockAheadOf(writer.device),
      }
    })
  return rows.sort((a, b) => compare(a.name, b.name) || compare(a.device, b.device))
}

/** A member without what the index knows of them. */
export type RosterRow = Omit<MemberRow, 'eventsHeld' | 'lastSessionAt'>

/** Everyone: oneself first, then the others by name. */
export function membersOf(view: TeamView, peers: readonly PeerStatus[]): RosterRow[] {
  const { self } = view
  const writers = latestOf(view.writers)
  const own: RosterRow = {
    device: self.device,
    source: self.source,
    name: self.name,
    role: self.role,
    presence: self.presence,
    connection: null,
    behind: 0,
    lastSeen: new Date(view.now).toISOString(),
    version: self.version,
    isArchiver: self.isArchiver,
    isSelf: true,
    utcOffsetMinutes: self.utcOffsetMinutes,
  }
  const others = peers.map(
    ({ device, source, name, role, connection, behind, lastSeen, version }): RosterRow => {
      const key = writers.get(device)!.device
      const profile = view.profileOf(key)
      return {
        device,
        source,
        name,
        role,
        presence: view.presenceOf(key) ?? 'offline',
        connection,
        behind,
        lastSeen,
        version,
        isArchiver: profile?.isArchiver ?? false,
        isSelf: false,
        utcOffsetMinutes: profile?.utcOffsetMinutes ?? null,
      }
    },
  )
  return [own, ...others]
}

/** Each device's latest certificate, those that left apart. */
function latestOf(writers: readonly Writer[]): Map<string, Writer> {
  const latest = new Map<string, Writer>()
  for (const writer of writers) {
    const device = keyText(writer.device)
    const known = latest.get(device)
    if (!writer.hasLeft && (!known || known.issuedAt < writer.issuedAt)) latest.set(device, writer)
  }
  return latest
}
