import { ROWS_PER_BLOCK } from './cursor.ts'
import type { Arrival, ReadableLog } from './port.ts'
import type { Occurrence } from './rows.ts'

/** A block whose events are ready for the index. */
export interface ArrivedBlock {
  core: string
  seq: number
  occurrences: Occurrence[]
  invalid: number
}

/** A log, how far it has been read, and the places of its blocks in the arrival order. */
export class FollowedLog {
  readonly log: ReadableLog
  /** Blocks before this have been read, or will never be. */
  #read: number
  /** Blocks before this have a place in the arrival order. */
  #noted: number
  /** Ranges that end beyond `#read`, in order. */
  readonly #ranges: Arrival[]
  /** Nothing could be read at `#read`; waits for the next append. */
  #isStuck = false

  /** `arrivals` are all those of this log; blocks before `next` are in the index. */
  constructor(log: ReadableLog, next: number, arrivals: readonly Arrival[]) {
    this.log = log
    this.#read = next
    this.#ranges = arrivals.filter((range) => endOf(range) > next).sort((a, b) => a.seq - b.seq)
    this.#noted = arrivals.reduce((end, range) => Math.max(end, endOf(range)), next)
  }

  /** The blocks that have come and have no place yet. */
  get unnoted(): { seq: number; blocks: number } | null {
    const seq = Math.max(this.#noted, this.log.floor)
    return this.log.length > seq ? { seq, blocks: this.log.length - seq } : null
  }

  /** Takes over the place that `blocks` blocks from `seq` on were given: `range`, or the end of it. */
  noted(range: Arrival, seq: number, blocks: number): void {
    this.#ranges.push({ ...range, number: range.number + (seq - range.seq), seq, blocks })
    this.#noted = seq + blocks
  }

  /** Something was appended, or has become readable. */
  wake(): void {
    this.#isStuck = false
  }

  /** The place of the next block to read; null where there is none now. */
  get nextNumber(): number | null {
    this.#skipCleared()
    const range = this.#ranges[0]
    if (!range || this.#isStuck || this.#read >= this.log.length) return null
    return range.number + (this.#read - range.seq)
  }

  /** Reads the next blocks, at most `limit`, of one range. Only where `nextNumber` is not null. */
  async read(limit: number): Promise<ArrivedBlock[]> {
    const range = this.#ranges[0]!
    const from = this.#read
    const to = Math.min(endOf(range), this.log.length, from + limit)
    const blocks = (await this.log.read(from, to - from)).filter(({ seq }) => seq >= from && seq < to)
    const last = blocks.at(-1)
    if (last) this.#read = last.seq + 1
    else this.#isStuck = from >= this.log.floor
    return blocks.map(({ seq, events, invalid }) => {
      const first = (range.number + (seq - range.seq)) * ROWS_PER_BLOCK
      const occurrences = events.map((event, i) => ({ row: first + i, receivedAt: range.receivedAt, event }))
      return { core: this.log.core, seq, occurrences, invalid }
    })
  }

  #skipCleared(): void {
    this.#read = Math.max(this.#read, this.log.floor)
    while (this.#ranges[0] && endOf(this.#ranges[0]) <= this.#read) this.#ranges.shift()
    const range = this.#ranges[0]
    if (range && this.#read < range.seq) this.#read = range.seq
  }
}

/** The first block after a range. */
export function endOf({ seq, blocks }: Arrival): number {
  return seq + blocks
}
