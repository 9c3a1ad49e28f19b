import { SvelteMap } from 'svelte/reactivity'
import type { EventRow, Gap, HeatmapAnswer } from '../../core/api.ts'
import { type LocalHour, localHours } from '../../core/buckets.ts'
import { type Calendar, calendarOf, gridOf, type HeatGrid, keyOf } from './heat.ts'

const DAYS = 30
const REDRAW_MS = 1000
const HOUR_MS = 3_600_000

/** The counts of one time zone. */
interface Zone {
  toLocal: (ms: number) => LocalHour
  /** By source, then `<date> <hour>`. */
  counts: Map<string, Map<string, number>>
  gaps: Gap[]
  /** By days and hour since 1970: making one asks the zone three thousand times. */
  calendars: Map<string, Calendar>
}

/** Events per local hour of the last 30 days: what the node counted, and what has come since. */
export class Heat {
  readonly #zones = new SvelteMap<string, Zone>()
  readonly #wanted = new Set<string>()
  readonly #fetch: (timeZone: string, days: number) => Promise<HeatmapAnswer>
  #version = $state(0)
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(fetch: (timeZone: string, days: number) => Promise<HeatmapAnswer>) {
    this.#fetch = fetch
  }

  /**
   * Takes the node's counts, which know what came late or more than once, of the zones held and of one more.
   * Rejects with an ApiError.
   */
  async load(timeZone?: string): Promise<void> {
    if (timeZone) this.#wanted.add(timeZone)
    await Promise.all([...this.#wanted].map((wanted) => this.#load(wanted)))
  }

  has(timeZone: string): boolean {
    return this.#wanted.has(timeZone)
  }

  /** Counts rows that have just come, each once. */
  add(rows: readonly EventRow[]): void {
    for (const { toLocal, counts } of this.#zones.values()) {
      for (const { source, timestamp } of rows) {
        const hours = counts.get(source) ?? new Map<string, number>()
        const key = keyOf(toLocal(Date.parse(timestamp)))
        hours.set(key, (hours.get(key) ?? 0) + 1)
        counts.set(source, hours)
      }
    }
    if (rows.length) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#version++
      }, REDRAW_MS)
    }
  }

  /** The grid of a zone, of everyone or of one source; null until it is loaded. */
  grid(timeZone: string, days: number, now: number, source = ''): HeatGrid | null {
    const zone = this.#zones.get(timeZone)
    if (!zone || this.#version < 0) return null
    const counts = new Map<string, number>()
    for (const [from, hours] of zone.counts) {
      if (source && from !== source) continue
      for (const [key, count] of hours) counts.set(key, (counts.get(key) ?? 0) + count)
    }
    const gaps = zone.gaps.filter((gap) => !source || gap.source === source)
    return gridOf(counts, gaps, calendarFor(zone, days, now), now)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  async #load(timeZone: string): Promise<void> {
    const { aggregates, gaps } = await this.#fetch(timeZone, DAYS)
    const counts = new Map<string, Map<string, number>>()
    for (const hour of aggregates) {
      const hours = counts.get(hour.source) ?? new Map<string, number>()
      hours.set(keyOf(hour), hour.eventCount)
      counts.set(hour.source, hours)
    }
    const { toLocal, calendars } = this.#zones.get(timeZone) ?? {
      toLocal: localHours(timeZone),
      calendars: new Map<string, Calendar>(),
    }
    this.#zones.set(timeZone, { toLocal, counts, gaps, calendars })
  }
}

function calendarFor({ toLocal, calendars }: Zone, days: number, now: number): Calendar {
  const key = `${days} ${Math.floor(now / HOUR_MS)}`
  const known = calendars.get(key)
  if (known) return known
  if (calendars.size > 4) calendars.clear()
  const calendar = calendarOf(toLocal, now, days)
  calendars.set(key, calendar)
  return calendar
}
