import type { StatsBy } from '../../core/api.ts'
import { bucketOf } from '../../core/buckets.ts'
import type { Event } from '../../core/events.ts'
import type { Counted } from '../../core/totals.ts'
import { count as countEvent, emptyTotals } from '../../core/totals.ts'
import type { Database } from '../sqlite.ts'
import type { Entry } from './rows.ts'

export const HOUR_MS = 3_600_000

interface Counts {
  events: number
  responses: number
  totals: Counted
}

/** Adds what one event counts. */
function count(sum: Counts, event: Event, sign: 1 | -1): void {
  sum.events += sign
  if (event.eventType === 'activity' && event.payload.kind === 'response') sum.responses += sign
  countEvent(sum.totals, event, sign)
}

type Names = Map<string, Counts>
type Hour = Record<StatsBy, Names>

/** What a batch changes in the rollups. */
export class RollupDelta {
  readonly #heat = new Map<number, Map<string, number>>()
  readonly #hours = new Map<number, Hour>()

  /** Counts an entry in, or out again. */
  add({ event, at }: Entry, sign: 1 | -1): void {
    const { source, payload } = event
    const bucket = bucketOf(at)
    let heat = this.#heat.get(bucket)
    if (!heat) this.#heat.set(bucket, (heat = new Map<string, number>()))
    heat.set(source, (heat.get(source) ?? 0) + sign)

    const number = Math.floor(at / HOUR_MS)
    let hour = this.#hours.get(number)
    if (!hour) this.#hours.set(number, (hour = emptyHour()))
    count(countsOf(hour.source, source), event, sign)
    count(countsOf(hour.project, payload.project), event, sign)
    count(countsOf(hour.assistant, payload.assistant), event, sign)
    if ('tool' in payload) count(countsOf(hour.tool, payload.tool), event, sign)
    if ('model' in payload) count(countsOf(hour.model, payload.model), event, sign)
  }

  /** Writes the change; called within the transaction of the rows. Rows that count nothing any more are left at 0. */
  async write(db: Database): Promise<void> {
    if (this.#heat.size === 0) return
    const heat = [...this.#heat].flatMap(([bucket, sources]) =>
      [...sources].map(([source, events]) => [bucket, source, events]),
    )
    await db.run(
      `INSERT INTO heat SELECT value->>0, value->>1, value->>2 FROM json_each(?) WHERE true
       ON CONFLICT DO UPDATE SET events = events + excluded.events`,
      [JSON.stringify(heat)],
    )
    const stats = [...this.#hours].flatMap(([hour, kinds]) =>
      Object.entries(kinds).flatMap(([kind, names]) =>
        [...names].map(([name, counts]) => [kind, hour, name, ...columnsOf(counts)]),
      ),
    )
    await db.run(WRITE_STATS, [JSON.stringify(stats)])
  }
}

function emptyHour(): Hour {
  return { source: new Map(), project: new Map(), assistant: new Map(), tool: new Map(), model: new Map() }
}

function countsOf(names: Names, name: string): Counts {
  let counts = names.get(name)
  if (!counts) names.set(name, (counts = { events: 0, responses: 0, totals: emptyTotals() }))
  return counts
}

/** The columns of a StatsRow's counts. */
export const COUNT_COLUMNS = [
  'events', 'tools', 'failures', 'responses', 'prompts', 'errors', 'input', 'output', 'cache_read', 'cache_write',
] as const // prettier-ignore

/** Counts in the order of the columns. */
function columnsOf({ events, responses, totals }: Counts): number[] {
  const { prompts, tools, failures, errors, tokens } = totals
  const { input, output, cacheRead, cacheWrite } = tokens
  return [events, tools, failures, responses, prompts, errors, input, output, cacheRead, cacheWrite]
}

const WRITE_STATS = `INSERT INTO stats
  SELECT ${Array.from({ length: 13 }, (_, i) => `value->>${i}`).join(', ')} FROM jsonb_each(?) WHERE true
  ON CONFLICT DO UPDATE SET ${COUNT_COLUMNS.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`
