import { setImmediate } from 'node:timers/promises'
import { BUCKET_MS, type BucketCount } from '../../core/buckets.ts'
import { parseJson } from '../../core/json.ts'
import { isSource } from '../../core/shapes.ts'

/** What an archive tells of its hours. */
export interface ArchivedHours {
  /** By source and whole hour of UTC, which is named by its first bucket and comes once. */
  counts: BucketCount[]
  /** Rows that are none, and are left out. */
  unreadable: number
}

/** The hours of thirty days and the one that is under way, of as many devices as a team has at most. */
const MAX_ROWS = 256 * (30 * 24 + 1)
/** Rows that are none; with more of them the answer is another. */
const MAX_UNREADABLE = 1000
/** In characters; the longest that is one has 140. */
const MAX_ROW = 1024
/** In characters: what stands around the rows. */
const MAX_FRAME = 64 * 1024
/** In bytes. All rows that may be, at their longest. */
const MAX_BYTES = 32 * 1024 * 1024
/** Bytes that are read in one go: about 2 ms. */
const PORTION = 64 * 1024
const MAX_COUNT = 1_000_000_000
const HOUR_MS = 3_600_000

/**
 * Reads the JSON `{aggregates: [{source, date, hour, eventCount}], …}` as it comes, in portions, so that the process does
 * other things meanwhile however much it is. A row that is none is left out; null where the whole is something else.
 */
export async function readHours(body: AsyncIterable<Uint8Array>): Promise<ArchivedHours | null> {
  const decoder = new TextDecoder()
  const reader = new HoursReader()
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > MAX_BYTES) return null
    for (let at = 0; at < part.length; at += PORTION) {
      if (!reader.take(decoder.decode(part.subarray(at, at + PORTION), { stream: true }))) return null
      await setImmediate()
    }
  }
  return reader.end()
}

class HoursReader {
  /** Text that is not read yet. */
  #rest = ''
  /** What stands around the rows, a JSON text without them. */
  #frame = ''
  #place: 'before' | 'within' | 'behind' = 'before'
  #rows = 0
  #unreadable = 0
  readonly #counts = new Map<string, Map<number, number>>()

  /** Reads on; false where it cannot be what it should. */
  take(text: string): boolean {
    this.#rest += text
    if (this.#place === 'before') this.#begin()
    if (this.#place === 'within') this.#readRows()
    if (this.#rows > MAX_ROWS || this.#unreadable > MAX_UNREADABLE) return false
    if (this.#place === 'within') return this.#rest.length <= MAX_ROW
    return this.#frame.length + this.#rest.length <= MAX_FRAME
  }

  /** All of it, null where it is not whole. */
  end(): ArchivedHours | null {
    if (this.#place !== 'behind') return null
    const { aggregates } = Object(parseJson(this.#frame + this.#rest)) as { aggregates?: unknown }
    if (!Array.isArray(aggregates) || aggregates.length > 0) return null
    const counts = [...this.#counts].flatMap(([source, hours]) =>
      [...hours].map(([bucket, count]) => ({ source, bucket, count })),
    )
    return { counts, unreadable: this.#unreadable }
  }

  #begin(): void {
    const begin = /"aggregates"\s*:\s*\[/.exec(this.#rest)
    if (!begin) return
    this.#place = 'within'
    this.#frame = this.#rest.slice(0, begin.index + begin[0].length)
    this.#rest = this.#rest.slice(this.#frame.length)
  }

  /** Rows have no braces in them, so each ends with the next one that closes. */
  #readRows(): void {
    const text = this.#rest
    const closing = /\s*\]/y
    let at = 0
    for (;;) {
      closing.lastIndex = at
      if (closing.test(text)) {
        this.#place = 'behind'
        break
      }
      const end = text.indexOf('}', at) + 1
      if (end === 0 || this.#rows > MAX_ROWS || this.#unreadable > MAX_UNREADABLE) break
      this.#readRow(text.slice(at, end).replace(/^\s*,/, ''))
      at = end
    }
    this.#rest = text.slice(at)
  }

  #readRow(text: string): void {
    this.#rows++
    const row = countOf(parseJson(text))
    if (!row) {
      this.#unreadable++
      return
    }
    let hours = this.#counts.get(row.source)
    if (!hours) this.#counts.set(row.source, (hours = new Map<number, number>()))
    hours.set(row.bucket, row.count)
  }
}

function countOf(row: unknown): BucketCount | null {
  const { source, date, hour, eventCount } = Object(row) as Record<string, unknown>
  const day = dayOf(date)
  if (!isSource(source) || day === null || !isWhole(hour, 23) || !isWhole(eventCount, MAX_COUNT)) return null
  return { source, bucket: (day + hour * HOUR_MS) / BUCKET_MS, count: eventCount }
}

/** When a day of UTC begins, ms since 1970; null for what is none, as 31 February. */
function dayOf(date: unknown): number | null {
  if (typeof date !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(date)) return null
  const day = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(day) && new Date(day).toISOString().startsWith(date) ? day : null
}

function isWhole(value: unknown, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max
}
