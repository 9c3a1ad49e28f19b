import type { EventsAnswer, EventRow } from '../../core/api.ts'
import { VibeTeaError } from '../../core/errors.ts'
import type { EventsQuery } from '../api/backend.ts'
import { findNode } from './client.ts'
import type { Context } from './command.ts'
import { CSV_HEADER, csvLine } from './csv.ts'
import { parseMoment } from './moment.ts'
import { bareEvent } from './output.ts'
import { withIndex } from './offline.ts'
import { settingsOf } from './settings.ts'

const DAY_MS = 86_400_000

/** Answers pages of events, newest first, from a running node or from its index. */
type Pages = (query: Pick<EventsQuery, 'limit' | 'order' | 'before' | 'from' | 'to'>) => Promise<EventsAnswer>

/** `vibetea export`: every event once with its final values, in order of time. */
export async function exportEvents(
  context: Context,
  flags: { format: string; from?: string; to?: string },
): Promise<void> {
  if (flags.format !== 'ndjson' && flags.format !== 'csv') {
    throw new VibeTeaError('invalid_format', `--format ${flags.format} is not known.`, 'Use ndjson or csv.')
  }
  const from = flags.from === undefined ? 0 : parseMoment(flags.from)
  const to = flags.to === undefined ? Infinity : parseMoment(flags.to)
  if (from >= to) {
    throw new VibeTeaError(
      'invalid_range',
      '--from is not before --to.',
      'Give --from the earlier of the two.',
    )
  }
  const settings = await settingsOf(context)
  const line = flags.format === 'csv' ? csvLine : (event: EventRow) => JSON.stringify(bareEvent(event))
  if (flags.format === 'csv') context.out(CSV_HEADER)
  const write = async (pages: Pages) => {
    for await (const event of inOrder(pages, from, to)) {
      if (context.signal.aborted)
        throw new VibeTeaError('interrupted', 'Interrupted: the export is not whole.')
      context.out(line(event))
    }
  }
  const client = await findNode(settings.home)
  if (!client) return withIndex(settings, (index) => write((query) => index.events(query)))
  await write(({ limit, order, before, from, to }) =>
    client.get<EventsAnswer>('/api/events', {
      limit: String(limit),
      order,
      before,
      from: from === undefined ? undefined : new Date(from).toISOString(),
      to: to === undefined ? undefined : new Date(to).toISOString(),
    }),
  )
}

/** Turns pages that come newest first into one sequence in order of time, a day at a time. */
async function* inOrder(pages: Pages, from: number, to: number): AsyncGenerator<EventRow> {
  const newest = await pages({ limit: 1, order: 'time' })
  if (newest.events[0] === undefined) return
  const end = Math.min(to, Date.parse(newest.events[0].timestamp) + 1)
  let day = Math.max(from, await oldest(pages, end))
  while (day < end) {
    const next = Math.min(day + DAY_MS, end)
    const events: EventRow[] = []
    let before: string | undefined
    do {
      const page = await pages({ limit: 1000, order: 'time', from: day, to: next, ...(before && { before }) })
      events.push(...page.events)
      before = page.next ?? undefined
    } while (before !== undefined)
    yield* events.reverse()
    day = next
  }
}

/** Where the events begin, found by halving: there may be years without any. */
async function oldest(pages: Pages, end: number): Promise<number> {
  let low = 0
  let high = end
  while (high - low > DAY_MS) {
    const middle = Math.floor((low + high) / 2)
    const { events } = await pages({ limit: 1, order: 'time', to: middle })
    if (events.length > 0) high = middle
    else low = middle
  }
  return low
}
