import { VibeTeaError } from '../core/errors.ts'
import type { Event } from '../core/events.ts'

const PAGE_BLOCKS = 64
/** A call looks through no more than this; the next one goes on. */
const MAX_BLOCKS = 4096

/** A log of this device in its team, as far as it is read here. */
export interface OutboxLog {
  /** z32 of its key. */
  readonly core: string
  readonly floor: number
  readonly length: number
  read(seq: number, limit: number): Promise<{ seq: number; events: readonly Event[] }[]>
}

export interface OutboxPage {
  /** 1–1000. */
  limit: number
  /** As an earlier answer gave it. */
  before?: string
  /** All, where it is not given. */
  isWanted?: (event: Event) => boolean
}

/**
 * The last events of some logs, which follow each other, oldest first, as they stand there; `next` goes on to what is
 * before them, null at the end. Throws a `VibeTeaError` `invalid_cursor` for a place that is not in these logs.
 */
export async function lastEvents(
  logs: readonly OutboxLog[],
  { limit, before, isWanted = () => true }: OutboxPage,
): Promise<{ events: Event[]; next: string | null }> {
  const place = before === undefined ? null : placeOf(before, logs)
  const older = place ? logs.slice(0, logs.indexOf(place.log) + 1) : logs
  const found: Event[] = []
  let looked = 0
  for (const log of older.toReversed()) {
    const partly = place?.log === log ? place : null
    for (let end = partly ? partly.seq + 1 : log.length; end > log.floor; end -= PAGE_BLOCKS) {
      const start = Math.max(log.floor, end - PAGE_BLOCKS)
      if (looked >= MAX_BLOCKS) return { events: found.reverse(), next: cursorOf(log, end, 0) }
      looked += end - start
      for (const { seq, events } of (await log.read(start, end - start)).toReversed()) {
        const count = seq === partly?.seq ? partly.index : events.length
        for (let i = Math.min(count, events.length) - 1; i >= 0; i--) {
          if (!isWanted(events[i]!)) continue
          if (found.length === limit) return { events: found.reverse(), next: cursorOf(log, seq, i + 1) }
          found.push(events[i]!)
        }
      }
    }
  }
  return { events: found.reverse(), next: null }
}

/** Before the event `index` of a block. */
const cursorOf = ({ core }: OutboxLog, seq: number, index: number): string => `${core}.${seq}.${index}`

function placeOf(cursor: string, logs: readonly OutboxLog[]): { log: OutboxLog; seq: number; index: number } {
  const [core, seq, index] = cursor.split('.')
  const log = logs.find((each) => each.core === core)
  if (log && /^\d{1,12}$/.test(seq ?? '') && /^\d{1,6}$/.test(index ?? '')) {
    return { log, seq: Math.min(Number(seq), log.length), index: Number(index) }
  }
  throw new VibeTeaError(
    'invalid_cursor',
    `"${cursor}" is no place in what has left this machine.`,
    'Begin with the last events, without a cursor.',
  )
}
