import { randomBytes } from 'node:crypto'
import { createLogger } from '../home/logger.ts'
import type { Settings } from '../home/settings.ts'
import type { Index } from '../index/index.ts'
import { closeAll, openStores } from '../stores.ts'
import type { Closes } from '../stores.ts'

/** Runs `work` on the index of a home in which no node runs, brought up to date with its log. */
export async function withIndex(settings: Settings, work: (index: Index) => Promise<void>): Promise<void> {
  const closes: Closes = []
  try {
    const log = createLogger(settings.logLevel)
    const { index } = await openStores({ settings, log, random: randomBytes, now: Date.now }, closes)
    await index.caughtUp()
    await work(index)
  } finally {
    await closeAll(closes)
  }
}
