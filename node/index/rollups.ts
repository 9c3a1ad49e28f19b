import type { StatsBy } from '../../core/api.ts'
import { bucketOf } from '../../core/buckets.ts'
import type { Event } from '../../core/events.ts'
import type { Database } from '../sqlite.ts'
import type { Entry } from './rows.ts'

export const HOUR_MS = 3_600_000

/** events, tools, failures, responses, prompts, errors, input, output, cacheRead, cacheWrite */
type Counts = [number, number, number, number, number, number, number, number, number, number]

/** What one event counts. */
function countsOf(event: Event): Counts {
  const counts: Counts = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  if (event.eventType === 'tool') {
    if (event.payload.status === 'started') counts[1] = 1
    if (event.payload.status === 'failed') counts[2] = 1
  } else if (event.eventType === 'error') {
    counts[5] = 1
  } else if (event.eventType === 'activity') {
    const { payload } = event
    if (payload.kind === 'prompt') counts[4] = 1
    if (payload.kind === 'response') {
      const { input, output, cacheRead, cacheWrite } = payload.tokens
      counts[3] = 1
      counts[6] = input
      counts[7] = output
      counts[8] = cacheRead
      counts[9] = cacheWrite
    }
  }
  return counts
}

/** What a batch changes in the rollups. */
export class RollupDelta {
  readonly #heat = new Map<string, [bucket: number, source: string, events: number]>()
  readonly #stats = new Map<string, [kind: StatsBy, hour: number, name: string, counts: Counts]>()

  /** Counts an entry in, or out again. */
  add({ event, at }: Entry, sign: 1 | -1): void {
    const { source, payload } = event
    const bucket = bucketOf(at)
    const heatKey = `${bucket} ${source}`
    const heat = this.#heat.get(heatKey)
    if (heat) heat[2] += sign
    else this.#heat.set(heatKey, [bucket, source, sign])

    const hour = Math.floor(at / HOUR_MS)
    const counts = countsOf(event)
    this.#count('source', hour, source, counts, sign)
    this.#count('project', hour, payload.project, counts, sign)
    this.#count('assistant', hour, payload.assistant, counts, sign)
    if ('tool' in payload) this.#count('tool', hour, payload.tool, counts, sign)
    if ('model' in payload) this.#count('model', hour, payload.model, counts, sign)
  }

  #count(kind: StatsBy, hour: number, name: string, counts: Counts, sign: 1 | -1): void {
    const key = `${kind} ${hour} ${name}`
    let row = this.#stats.get(key)
    if (!row) this.#stats.set(key, (row = [kind, hour, name, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]))
    const sum = row[3]
    for (let i = 0; i < counts.length; i++) sum[i]! += sign * counts[i]!
  }

  /** Writes the change; called within the transaction of the rows. Rows that count nothing any more are left at 0. */
  async write(db: Database): Promise<void> {
    if (this.#heat.size === 0) return
    await db.run(
      `INSERT INTO heat SELECT value->>0, value->>1, value->>2 FROM json_each(?) WHERE true
       ON CONFLICT DO UPDATE SET events = events + excluded.events`,
      [JSON.stringify([...this.#heat.values()])],
    )
    await db.run(WRITE_STATS, [JSON.stringify([...this.#stats.values()].map((row) => row.flat()))])
  }
}

/** The columns of a StatsRow's counts. */
export const COUNT_COLUMNS = [
  'events', 'tools', 'failures', 'responses', 'prompts', 'errors', 'input', 'output', 'cache_read', 'cache_write',
] as const // prettier-ignore

const WRITE_STATS = `INSERT INTO stats
  SELECT ${Array.from({ length: 13 }, (_, i) => `value->>${i}`).join(', ')} FROM json_each(?) WHERE true
  ON CONFLICT DO UPDATE SET ${COUNT_COLUMNS.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`
