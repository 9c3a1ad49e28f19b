import type { EventRow } from '../../core/api.ts'
import { isLate } from './late.ts'

const STEP_MS = 5000
/** How far back the pulse goes. */
export const PULSE_MS = 15 * 60_000
const STEPS = PULSE_MS / STEP_MS
const STEPS_A_MINUTE = 60_000 / STEP_MS

/** How much has come in the last minutes, by when it came. */
export class Pulse {
  readonly #counts = new Map<number, number>()

  /** Counts what has just come. */
  add(events: number, now: number): void {
    if (!events) return
    const step = Math.floor(now / STEP_MS)
    this.#counts.set(step, (this.#counts.get(step) ?? 0) + events)
    for (const old of this.#counts.keys()) if (old <= step - STEPS) this.#counts.delete(old)
  }

  /** Counts rows that are held, as far as they have not been counted. */
  fill(rows: Iterable<EventRow>, now: number, late: (row: EventRow) => boolean = isLate): void {
    const counts = new Map<number, number>()
    for (const row of rows) {
      const at = Date.parse(row.receivedAt)
      if (at <= now - PULSE_MS || late(row)) continue
      const step = Math.floor(at / STEP_MS)
      counts.set(step, (counts.get(step) ?? 0) + 1)
    }
    for (const [step, count] of counts) this.#counts.set(step, Math.max(count, this.#counts.get(step) ?? 0))
  }

  /** Events of the last minutes in so many equal parts, oldest first. */
  parts(count: number, now: number): number[] {
    const last = Math.floor(now / STEP_MS)
    const width = STEPS / count
    return Array.from({ length: count }, (_, i) => this.#sum(last - (count - i) * width, width))
  }

  /** Events of the last minute. */
  perMinute(now: number): number {
    return this.#sum(Math.floor(now / STEP_MS) - STEPS_A_MINUTE, STEPS_A_MINUTE)
  }

  /** Events of the steps that follow one. */
  #sum(after: number, steps: number): number {
    let sum = 0
    for (let step = after + 1; step <= after + steps; step++) sum += this.#counts.get(step) ?? 0
    return sum
  }
}

/** Where in time the reader of the live feed is: the pulse shows it and moves it. */
export class Playhead {
  /** The time of the row on top, ms; null at the newest. */
  at = $state<number | null>(null)
  /** Where to go, until the feed has taken it; `at` null for the newest. */
  wanted = $state.raw<{ at: number | null } | null>(null)

  goTo(at: number | null): void {
    this.wanted = { at }
  }
}
