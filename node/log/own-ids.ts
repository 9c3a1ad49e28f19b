import type { Event } from '../../core/events.ts'
import { weight } from '../../core/events.ts'
import type { Timers } from '../../core/timers.ts'
import type { ReadBack } from './feed-port.ts'

const READ_BLOCKS = 64
/** What was read for early events is forgotten when none has come for so long. */
const FORGET_AFTER_MS = 60_000

/**
 * What is in this device's own team log already, so that it does not go again. Two kinds of events may come twice: those
 * that were appended and not noted when the node ended, and early ones, from before the join, of which a backfill may
 * have been quicker than the private log. For early ones the whole log is read when the first of them comes.
 */
export class OwnIds {
  readonly #log: ReadBack
  readonly #earlyBefore: number
  readonly #timers: Timers
  readonly #unnoted = new Map<string, number>()
  #early: Map<string, number> | null = null
  #stopForgetting: () => void = () => undefined

  /** Early is what happened before `earlyBefore`, ms since 1970. */
  constructor(log: ReadBack, earlyBefore: number, timers: Timers) {
    this.#log = log
    this.#earlyBefore = earlyBefore
    this.#timers = timers
  }

  /** The blocks from `seq` on were appended and not noted. */
  async load(seq: number): Promise<void> {
    for await (const event of this.#events(seq)) raise(this.#unnoted, event)
  }

  /** Those of some events that are not in the log with as many tokens, in their order, each id once with the most. */
  async fresh(events: readonly Event[]): Promise<Event[]> {
    const heaviest = new Map<string, number>()
    for (const event of events) raise(heaviest, event)
    const early = events.some((event) => this.#isEarly(event)) ? await this.#loadEarly() : null
    return events.filter((event) => {
      const own = weight(event)
      if (heaviest.get(event.id) !== own) return false
      heaviest.delete(event.id)
      const before = Math.max(this.#unnoted.get(event.id) ?? -1, early?.get(event.id) ?? -1)
      return own > before
    })
  }

  /** These have been appended. */
  added(events: readonly Event[]): void {
    if (!this.#early) return
    for (const event of events) if (this.#isEarly(event)) raise(this.#early, event)
  }

  close(): void {
    this.#stopForgetting()
  }

  #isEarly({ timestamp }: Event): boolean {
    return Date.parse(timestamp) < this.#earlyBefore
  }

  async #loadEarly(): Promise<ReadonlyMap<string, number>> {
    if (!this.#early) {
      const early = new Map<string, number>()
      for await (const event of this.#events(this.#log.floor)) if (this.#isEarly(event)) raise(early, event)
      this.#early = early
    }
    this.#stopForgetting()
    this.#stopForgetting = this.#timers.after(FORGET_AFTER_MS, () => (this.#early = null))
    return this.#early
  }

  async *#events(from: number): AsyncGenerator<Event> {
    for (let seq = Math.max(from, this.#log.floor); seq < this.#log.length; seq += READ_BLOCKS) {
      for (const { events } of await this.#log.read(seq, READ_BLOCKS)) yield* events
    }
  }
}

function raise(weights: Map<string, number>, event: Event): void {
  weights.set(event.id, Math.max(weights.get(event.id) ?? -1, weight(event)))
}
