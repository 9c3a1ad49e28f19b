import type { ArrivalStore } from './index/port.ts'

const DAY_MS = 86_400_000

export interface RetentionOptions {
  arrivals: ArrivalStore
  /** What forgets: the private log, or those of the team. */
  logs: readonly { readonly core: string; readonly floor: number; clearBefore(seq: number): Promise<void> }[]
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
    if (floor === undefined || floor <= log.floor) continue
    await index.prune(log.core, floor)
    await log.clearBefore(floor)
  }
}
