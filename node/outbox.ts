import type { Event } from '../core/events.ts'

const PAGE_BLOCKS = 64

/** The own log of a team, as far as it is read here. */
export interface OutboxLog {
  readonly floor: number
  readonly length: number
  read(seq: number, limit: number): Promise<{ events: readonly Event[] }[]>
}

/** The last events of a log, at most `limit`, oldest first, as they stand in it. */
export async function lastEvents(log: OutboxLog, limit: number): Promise<Event[]> {
  const pages: Event[][] = []
  let count = 0
  for (let end = log.length; end > log.floor && count < limit; end -= PAGE_BLOCKS) {
    const start = Math.max(log.floor, end - PAGE_BLOCKS)
    const page = (await log.read(start, end - start)).flatMap(({ events }) => events)
    count += page.length
    pages.unshift(page)
  }
  return pages.flat().slice(-limit)
}
