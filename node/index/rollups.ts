import { bucketOf } from '../../core/buckets.ts'
import type { Event } from '../../core/events.ts'
import type { Counted } from '../../core/totals.ts'
import { count as countEvent, emptyTotals } from '../../core/totals.ts'
import type { Database } from '../sqlite.ts'
import type { Entry } from './rows.ts'
import type { Words } from './words.ts'

/**
 * The lengths of the buckets under which counts are kept, in quarters of an hour, the longest first: eight days, one,
 * six hours, one, a quarter; each is a multiple of the next. A time that begins and ends at any quarter is told by few
 * of them.
 */
export const STEPS = [768, 96, 24, 4, 1] as const

/** The columns of a StatsRow's counts, as `project_usage` and `model_usage` have them. */
export const USAGE_COLUMNS = [
  'events', 'tools', 'failures', 'responses', 'prompts', 'errors', 'input', 'output', 'cache_read', 'cache_write',
] as const // prettier-ignore
/** Those of `tool_usage`, the first of the others. */
export const TOOL_COLUMNS = ['events', 'tools', 'failures'] as const

/** Counts under one bucket and some names. */
interface Cell {
  bucket: number
  names: readonly string[]
  events: number
  responses: number
  totals: Counted
}

/** Adds what one event counts. */
function count(cell: Cell, event: Event, sign: 1 | -1): void {
  cell.events += sign
  if (event.eventType === 'activity' && event.payload.kind === 'response') cell.responses += sign
  countEvent(cell.totals, event, sign)
}

/** Counts by quarter of an hour and names. */
class Cells {
  readonly #byKey = new Map<string, Cell>()

  of(bucket: number, names: readonly string[]): Cell {
    const key = `${bucket} ${names.join(' ')}`
    let cell = this.#byKey.get(key)
    if (!cell) {
      this.#byKey.set(key, (cell = { bucket, names, events: 0, responses: 0, totals: emptyTotals() }))
    }
    return cell
  }

  get all(): Iterable<Cell> {
    return this.#byKey.values()
  }
}

/** What a batch changes in the rollups. */
export class RollupDelta {
  readonly #heat = new Map<number, Map<string, number>>()
  readonly #projects = new Cells()
  readonly #models = new Cells()
  readonly #tools = new Cells()

  /** Counts an entry in, or out again. */
  add({ event, at }: Entry, sign: 1 | -1): void {
    const { source, payload } = event
    const bucket = bucketOf(at)
    let heat = this.#heat.get(bucket)
    if (!heat) this.#heat.set(bucket, (heat = new Map<string, number>()))
    heat.set(source, (heat.get(source) ?? 0) + sign)

    const model = 'model' in payload ? payload.model : ''
    count(this.#projects.of(bucket, [source, payload.project, payload.assistant, model]), event, sign)
    count(this.#models.of(bucket, [source, model]), event, sign)
    if ('tool' in payload) count(this.#tools.of(bucket, [source, payload.tool]), event, sign)
  }

  /** Writes the change; called within the transaction of the rows. Rows that count nothing any more are left at 0. */
  async write(db: Database, words: Words): Promise<void> {
    if (this.#heat.size === 0) return
    const heat = [...this.#heat].flatMap(([bucket, sources]) =>
      [...sources].map(([source, events]) => [bucket, source, events]),
    )
    await db.run(
      `INSERT INTO heat SELECT value->>0, value->>1, value->>2 FROM json_each(?) WHERE true
       ON CONFLICT DO UPDATE SET events = events + excluded.events`,
      [JSON.stringify(heat)],
    )
    const cells = [...this.#projects.all, ...this.#tools.all]
    const numberOf = await words.numbersOf(new Set(cells.flatMap(({ names }) => names)))
    const { length } = USAGE_COLUMNS
    await db.run(WRITE_PROJECTS, [JSON.stringify(rowsOf(this.#projects, numberOf, length))])
    await db.run(WRITE_MODELS, [JSON.stringify(rowsOf(this.#models, numberOf, length))])
    await db.run(WRITE_TOOLS, [JSON.stringify(rowsOf(this.#tools, numberOf, TOOL_COLUMNS.length))])
  }
}

/** Rows of all steps: step, bucket, the names' numbers and the first `width` counts. */
function rowsOf(cells: Cells, numberOf: (name: string) => number, width: number): number[][] {
  const rows = new Map<string, number[]>()
  for (const cell of cells.all) {
    const numbers = cell.names.map(numberOf)
    const counts = columnsOf(cell)
    for (const step of STEPS) {
      const place = [step, Math.floor(cell.bucket / step), ...numbers]
      const key = place.join(' ')
      const row = rows.get(key)
      if (!row) rows.set(key, [...place, ...counts.slice(0, width)])
      else for (let i = 0; i < width; i++) row[place.length + i]! += counts[i]!
    }
  }
  return [...rows.values()]
}

/** Counts in the order of `USAGE_COLUMNS`. */
function columnsOf({ events, responses, totals }: Cell): number[] {
  const { prompts, tools, failures, errors, tokens } = totals
  const { input, output, cacheRead, cacheWrite } = tokens
  return [events, tools, failures, responses, prompts, errors, input, output, cacheRead, cacheWrite]
}

/** Adds the rows of a JSON array to a table whose rows have a place of so many columns before the counts. */
function addRows(table: string, place: number, counts: readonly string[]): string {
  const values = Array.from({ length: place + counts.length }, (_, i) => `value->>${i}`)
  return `INSERT INTO ${table} SELECT ${values.join(', ')} FROM jsonb_each(?) WHERE true
    ON CONFLICT DO UPDATE SET ${counts.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`
}

const WRITE_PROJECTS = addRows('project_usage', 6, USAGE_COLUMNS)
const WRITE_MODELS = addRows('model_usage', 4, USAGE_COLUMNS)
const WRITE_TOOLS = addRows('tool_usage', 4, TOOL_COLUMNS)
