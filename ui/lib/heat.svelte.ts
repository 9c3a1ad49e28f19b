import { SvelteMap } from 'svelte/reactivity'
import type { EventRow, Gap, HeatmapAnswer, HistoryStatus } from '../../core/api.ts'
import { type LocalHour, localHours } from '../../core/buckets.ts'
import { type Calendar, calendarOf, gridOf, type HeatGrid, keyOf } from './heat.ts'

const DAYS = 30
const REDRAW_MS = 1000
const HOUR_MS = 3_600_000
/** How long the archive's answer is waited for before the node is asked whether it is there; each time twice as long. */
const FIRST_LOOK_MS = 500
const LONGEST_LOOK_MS = 8000

/** The counts of one time zone. */
interface Zone {
  toLocal: (ms: number) => LocalHour
  /** By source, then `<date> <hour>`. */
  counts: Map<string, Map<string, number>>
  gaps: Gap[]
  /** By days, their start and the hour since 1970: making one asks the zone three thousand times. */
  calendars: Map<string, Calendar>
}

/** What the node is asked for. */
export interface HeatQuery {
  timeZone: string
  days: number
  dayStart: number
  /** Have the archive asked anew. */
  retry: boolean
}

export interface HeatOptions {
  fetch: (query: HeatQuery) => Promise<HeatmapAnswer>
  /** When a day begins, hours after midnight; may be reactive. */
  dayStart?: () => number
}

/** Events per local hour of the last 30 days: what the node counted, and what has come since. */
export class Heat {
  /** How it stands with the archive's history; null where there is none. */
  history = $state.raw<HistoryStatus | null>(null)
  readonly #zones = new SvelteMap<string, Zone>()
  readonly #wanted = new Set<string>()
  readonly #fetch: HeatOptions['fetch']
  readonly #dayStart: () => number
  #version = $state(0)
  #timer: ReturnType<typeof setTimeout> | undefined
  #look: ReturnType<typeof setTimeout> | undefined
  #lookMs = FIRST_LOOK_MS

  constructor({ fetch, dayStart = () => 0 }: HeatOptions) {
    this.#fetch = fetch
    this.#dayStart = dayStart
  }

  /**
   * Takes the node's counts, which know what came late or more than once, of the zones held and of one more.
   * Rejects with an ApiError.
   */
  async load(timeZone?: string, retry = false): Promise<void> {
    if (timeZone) this.#wanted.add(timeZone)
    await Promise.all([...this.#wanted].map((wanted) => this.#load(wanted, retry)))
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

  /** The counts of a zone, by source, then `<date> <hour>`; null until they are loaded. */
  counts(timeZone: string): ReadonlyMap<string, ReadonlyMap<string, number>> | null {
    const zone = this.#zones.get(timeZone)
    return zone && this.#version >= 0 ? zone.counts : null
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
    return gridOf(counts, gaps, calendarFor(zone, days, this.#dayStart(), now), now)
  }

  /** How many events are counted in the whole hours of a time (ms), of some sources or, where none is given, of all. */
  countIn({ from, to }: { from: number; to: number }, sources: readonly string[], now: number): number {
    const inZones = [...this.#zones.values()].map((zone) => {
      const { spans } = calendarFor(zone, DAYS, this.#dayStart(), now)
      const keys = [...spans].flatMap(([key, span]) => (span.from >= from && span.to <= to ? key : []))
      const counted = [...zone.counts].filter(([source]) => !sources.length || sources.includes(source))
      return counted.reduce(
        (sum, [, hours]) => keys.reduce((all, key) => all + (hours.get(key) ?? 0), sum),
        0,
      )
    })
    // Hours of one zone may be halves of another's.
    return Math.max(0, ...inZones)
  }

  stop(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#look)
  }

  async #load(timeZone: string, retry: boolean): Promise<void> {
    const { aggregates, gaps, meta } = await this.#fetch({
      timeZone,
      days: DAYS,
      dayStart: this.#dayStart(),
      retry,
    })
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
    this.history = meta.history
    this.#lookAgain()
  }

  /** The node answers before the archive has: its answer is looked for until it is there. */
  #lookAgain(): void {
    clearTimeout(this.#look)
    const state = this.history?.state
    if (state !== 'loading' && state !== 'stale') {
      this.#lookMs = FIRST_LOOK_MS
      return
    }
    this.#look = setTimeout(() => {
      this.load().catch(() => this.#lookAgain()) // the connection says so where the node is away
    }, this.#lookMs)
    this.#lookMs = Math.min(LONGEST_LOOK_MS, this.#lookMs * 2)
  }
}

function calendarFor({ toLocal, calendars }: Zone, days: number, dayStart: number, now: number): Calendar {
  const key = `${days} ${dayStart} ${Math.floor(now / HOUR_MS)}`
  const known = calendars.get(key)
  if (known) return known
  if (calendars.size > 4) calendars.clear()
  const calendar = calendarOf(toLocal, now, days, dayStart)
  calendars.set(key, calendar)
  return calendar
}
