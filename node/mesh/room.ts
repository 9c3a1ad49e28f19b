import type { Role } from '../../core/team-key.ts'
import { INCARNATION_WINDOW_MS, MAX_DEVICES, MAX_INCARNATIONS, MAX_INCARNATIONS_KEPT } from './limits.ts'

/** Whether one more is let in: `instead` of which, where another has to go for it. */
export type Room = { kind: 'free' } | { kind: 'instead'; id: string } | { kind: 'none' }

const FREE: Room = { kind: 'free' }
const NONE: Room = { kind: 'none' }

/** For a device's next incarnation. `at` is when its certificate was issued, ms since 1970. */
export function roomForIncarnation(others: readonly { id: string; at: number }[], at: number): Room {
  const times = [...others.map((other) => other.at), at].sort((a, b) => a - b)
  const isCrowded = times.some(
    (time, i) => (times[i + MAX_INCARNATIONS] ?? Infinity) - time < INCARNATION_WINDOW_MS,
  )
  if (isCrowded) return NONE
  if (others.length < MAX_INCARNATIONS_KEPT) return FREE
  const oldest = others.reduce((a, b) => (b.at < a.at ? b : a))
  return oldest.at < at ? { kind: 'instead', id: oldest.id } : NONE
}

export const RANKS: Record<Role, number> = { member: 3, reader: 2, mirror: 1 }

/** Of a device, by the roles that it has in incarnations that have not left. */
function rankOf(roles: readonly Role[]): number {
  return Math.max(0, ...roles.map((role) => RANKS[role]))
}

/** For another device. The others stand in the order in which they came. */
export function roomForDevice(others: readonly { id: string; roles: readonly Role[] }[], role: Role): Room {
  if (others.length < MAX_DEVICES) return FREE
  const lowest = others.reduce((a, b) => (rankOf(b.roles) <= rankOf(a.roles) ? b : a))
  return rankOf(lowest.roles) < RANKS[role] ? { kind: 'instead', id: lowest.id } : NONE
}
