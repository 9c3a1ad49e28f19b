import type { Database } from '../sqlite.ts'
import { ROWS_PER_BLOCK } from './cursor.ts'
import { endOf } from './followed-log.ts'
import type { Arrival, ArrivalStore, ReadableLog } from './port.ts'
import type { Entry, Occurrence } from './rows.ts'
import { entryOf, EVENT_COLUMNS, storedRows } from './rows.ts'
import type { SessionFold } from './session-fold.ts'
import type { Writer } from './writer.ts'

/** Events that one transaction takes out, about. */
const CHUNK = 500

export interface RetentionParts {
  db: Database
  writer: Writer
  arrivals: ArrivalStore
  /** By core: where events that came again elsewhere are read. */
  logs: ReadonlyMap<string, ReadableLog>
}

/**
 * Takes out what stood in blocks `from` to before `to` of a log, so that the index is as if it had been built without
 * them: an event that came again in another block, or log, stays as it stands there. Calls `finish` in the last
 * transaction; interrupted, it can be done again. Answers the sessions that changed, by transaction.
 */
export async function removeBlocks(
  parts: RetentionParts,
  { core, from, to }: { core: string; from: number; to: number },
  finish: () => Promise<unknown>,
): Promise<SessionFold[][]> {
  const { db, writer } = parts
  const arrivals = await parts.arrivals.all()
  const cleared = arrivals.filter((range) => range.core === core && range.seq < to && endOf(range) > from)
  const intervals = cleared.map((range) =>
    rowsOf(range, Math.max(from, range.seq), Math.min(to, endOf(range))),
  )
  const isCleared = (row: number) => {
    const interval = lastUpTo(intervals, row, ([first]) => first)
    return interval !== undefined && row < interval[1]
  }

  const changed: SessionFold[][] = []
  let entries = new Map<number, Entry>()
  const flush = async (also: () => Promise<unknown>) => {
    const left = await occurrencesLeft(parts, arrivals, [...entries.values()], isCleared)
    const reductions = [...entries.values()].map((before) => ({ before, left: left.get(before.row) ?? [] }))
    changed.push(await writer.reduce(reductions, also))
    entries = new Map()
  }
  for (const interval of intervals) {
    for (let [first, end] = interval; first < end;) {
      const rows = await storedRows(
        db,
        `SELECT ${EVENT_COLUMNS} FROM events e JOIN scopes s USING (scope)
         WHERE e.row >= ? AND e.row < ? ORDER BY e.row LIMIT ${CHUNK}`,
        [first, end],
      )
      for (const row of rows) entries.set(row.row, entryOf(row))
      first = rows.length < CHUNK ? end : rows.at(-1)!.row + 1
      if (entries.size >= CHUNK) await flush(() => Promise.resolve())
    }
    const carried = await storedRows(
      db,
      `SELECT ${EVENT_COLUMNS} FROM events e JOIN scopes s USING (scope) WHERE e.carried >= ? AND e.carried < ?`,
      interval,
    )
    for (const row of carried) entries.set(row.row, entryOf(row))
  }
  await flush(async () => {
    await db.run(
      `DELETE FROM repeats WHERE row IN (SELECT r.row FROM json_each(?) j
       JOIN repeats r ON r.row >= j.value->>0 AND r.row < j.value->>1)`,
      [JSON.stringify(intervals)],
    )
    await finish()
  })
  return changed
}

type Interval = [first: number, end: number]

/** The rows of the blocks `from` to before `to` of a range. */
function rowsOf({ number, seq }: Arrival, from: number, to: number): Interval {
  return [(number + from - seq) * ROWS_PER_BLOCK, (number + to - seq) * ROWS_PER_BLOCK]
}

/** Where entries still stand in logs, by the row that they have now, in order. */
async function occurrencesLeft(
  { db, logs }: RetentionParts,
  arrivals: readonly Arrival[],
  entries: readonly Entry[],
  isCleared: (row: number) => boolean,
): Promise<Map<number, Occurrence[]>> {
  const places = await db.all<{ row: number; event: number }>(
    'SELECT row, event FROM repeats WHERE event IN (SELECT value FROM json_each(?)) ORDER BY row',
    [JSON.stringify(entries.map(({ row }) => row))],
  )
  const left = new Map<number, Occurrence[]>()
  const blocks = new Map<number, Occurrence[]>()
  for (const { row, event } of [...entries.map(({ row }) => ({ row, event: row })), ...places]) {
    if (isCleared(row)) continue
    const number = Math.floor(row / ROWS_PER_BLOCK)
    let block = blocks.get(number)
    if (!block) blocks.set(number, (block = await readBlock(logs, arrivals, number)))
    const occurrence = block[row % ROWS_PER_BLOCK]
    if (!occurrence) continue
    const list = left.get(event)
    if (list) list.push(occurrence)
    else left.set(event, [occurrence])
  }
  return left
}

/** Reads a block by its place in the arrival order; nothing where it is no longer here. */
async function readBlock(
  logs: ReadonlyMap<string, ReadableLog>,
  arrivals: readonly Arrival[],
  number: number,
): Promise<Occurrence[]> {
  const range = lastUpTo(arrivals, number, (arrival) => arrival.number)
  if (!range || number >= range.number + range.blocks) return []
  const seq = range.seq + (number - range.number)
  const [block] = (await logs.get(range.core)?.read(seq, 1)) ?? []
  if (block?.seq !== seq) return []
  const { receivedAt } = range
  return block.events.map((event, i) => ({ row: number * ROWS_PER_BLOCK + i, receivedAt, event }))
}

/** The last of a sorted list whose number is not above `bound`. */
function lastUpTo<T>(sorted: readonly T[], bound: number, numberOf: (item: T) => number): T | undefined {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numberOf(sorted[middle]!) <= bound) low = middle + 1
    else high = middle
  }
  return sorted[low - 1]
}
