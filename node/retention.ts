import type { ArrivalStore } from './index/port.ts'

export const DAY_MS = 86_400_000

export interface RetentionOptions {
  arrivals: ArrivalStore
  /** What forgets: the private log, or those of the team. */
  logs: readonly { readonly core: string; clearBefore(seq: number): Promise<void> }[]
  index: { prune(core: string, beforeSeq: number): Promise<void> }
  days: number
  /** ms since 1970. */
  now: number
}

/** Forgets what came into some logs more than `days` ago, counted from when it came. */
export async function forgetOld({ arrivals, logs, index, days, now }: RetentionOptions): Promise<void> {
  const oldest = now - days * DAY_MS
  const floors = new Map<string, number>()
  for (const { core, seq, blocks, receivedAt } of await arrivals.all()) {
    if (receivedAt < oldest) floors.set(core, Math.max(floors.get(core) ?? 0, seq + blocks))
  }
  for (const log of logs) {
    const floor = floors.get(log.core)
    if (floor === undefined) continue
    // Also where its writer has cleared more: what came before is here until now. What is done is not done again.
    await index.prune(log.core, floor)
    await log.clearBefore(floor)
  }
}

/** A log whose blocks say when they were written. */
export interface TimedLog {
  readonly floor: number
  readonly length: number
  read(seq: number, limit: number): Promise<{ seq: number; events: readonly { timestamp: string }[] }[]>
}

const PAGE_BLOCKS = 256

/** The first block of this device's own log in which something is that happened at `oldest` (ms) or later. */
export async function firstSince(log: TimedLog, oldest: number): Promise<number> {
  const isOld = ({ timestamp }: { timestamp: string }) => Date.parse(timestamp) < oldest
  for (let next = log.floor; next < log.length;) {
    const blocks = await log.read(next, PAGE_BLOCKS)
    const kept = blocks.find(({ events }) => !events.every(isOld))
    if (kept) return kept.seq
    if (blocks.length === 0) return next
    next += blocks.length
  }
  return log.length
}
