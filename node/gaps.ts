import { type Gap, isReached, type PeerStatus } from '../core/api.ts'

const DAY_MS = 86_400_000

export interface GapsOptions {
  /** The source of this machine. */
  self: string
  /** When nothing was recorded here, ms since 1970. */
  pauses: readonly { from: number; to: number }[]
  peers: readonly Pick<PeerStatus, 'source' | 'role' | 'behind' | 'connection'>[]
  /** How long one's own log and the team's are kept. */
  historyDays: number
  retentionDays: number
  /** The last time of which a source's events are known; null where none are. */
  lastAt: (source: string) => Promise<number | null>
  /** ms since 1970. */
  now: number
}

/**
 * The times of the last `days` days for which counts cannot be known: recording was paused; what was there is kept no
 * longer; or somebody's log is known to go on, and its owner is not here to give it.
 */
export async function gapsOf(days: number, options: GapsOptions): Promise<Gap[]> {
  const { self, pauses, peers, historyDays, retentionDays, lastAt, now } = options
  const begin = now - (days + 1) * DAY_MS
  const missing = (source: string, from: number, to: number) => gapOf(source, 'missing', from, to)
  const kept = (source: string, keptDays: number) =>
    keptDays < days ? [missing(source, begin, now - keptDays * DAY_MS)] : []
  const makers = peers.filter(({ role }) => role === 'member')
  const away = makers.filter((peer) => peer.behind > 0 && !isReached(peer))
  return [
    ...pauses.map(({ from, to }) => gapOf(self, 'paused', from, Math.min(to, now))),
    ...kept(self, historyDays),
    ...makers.flatMap(({ source }) => kept(source, retentionDays)),
    ...(await Promise.all(
      away.map(async ({ source }) => missing(source, (await lastAt(source)) ?? begin, now)),
    )),
  ]
}

function gapOf(source: string, reason: Gap['reason'], from: number, to: number): Gap {
  return { source, from: new Date(from).toISOString(), to: new Date(to).toISOString(), reason }
}
