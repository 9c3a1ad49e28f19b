import type { Event } from '../core/events.ts'

const PAGE_BLOCKS = 64

/** A log of this device in its team, as far as it is read here. */
export interface OutboxLog {
  readonly floor: number
  readonly length: number
  read(seq: number, limit: number): Promise<{ events: readonly Event[] }[]>
}

/** The last events of some logs, which follow each other, at most `limit`, oldest first, as they stand there. */
export async function lastEvents(logs: readonly OutboxLog[], limit: number): Promise<Event[]> {
  const pages: Event[][] = []
  let count = 0
  for (const log of logs.toReversed()) {
    for (let end = log.length; end > log.floor && count < limit; end -= PAGE_BLOCKS) {
      const start = Math.max(log.floor, end - PAGE_BLOCKS)
      const page = (await log.read(start, end - start)).flatMap(({ events }) => events)
      count += page.length
      pages.unshift(page)
    }
  }
  return pages.flat().slice(-limit)
}
