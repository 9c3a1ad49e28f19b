import type { ArrivalStore } from './index/port.ts'

const DAY_MS = 86_400_000

export interface RetentionOptions {
  arrivals: ArrivalStore
  privateLog: { readonly core: string; clearBefore(seq: number): Promise<void> }
  index: { prune(core: string, beforeSeq: number): Promise<void> }
  historyDays: number
  /** ms since 1970. */
  now: number
}

/** Forgets what was recorded more than `historyDays` ago, counted from when it was recorded. */
export async function pruneHistory(options: RetentionOptions): Promise<void> {
  const { arrivals, privateLog, index, historyDays, now } = options
  const oldest = now - historyDays * DAY_MS
  let floor = 0
  for (const { core, seq, blocks, receivedAt } of await arrivals.all()) {
    if (core === privateLog.core && receivedAt < oldest) floor = Math.max(floor, seq + blocks)
  }
  if (floor === 0) return
  await index.prune(privateLog.core, floor)
  await privateLog.clearBefore(floor)
}
