import type { Arrival, ArrivalStore, ReadableLog } from './port.ts'
import type { ArrivedBlock } from './followed-log.ts'
import { FollowedLog } from './followed-log.ts'

/** Events of one batch, about: enough to make a transaction worth its while. */
const BATCH_EVENTS = 4000
const MAX_BATCH_BLOCKS = 256

/** Reads logs together, in the order in which their blocks came, and notes those that have just come. */
export class Reading {
  readonly #arrivals: ArrivalStore
  readonly #now: () => number
  readonly #followed = new Map<string, FollowedLog>()
  /** Followed from the next batch on, each from its block `next`. */
  readonly #joining = new Map<string, { log: ReadableLog; next: number }>()
  /** Of the last blocks read. */
  #eventsPerBlock = 100

  constructor(arrivals: ArrivalStore, now: () => number) {
    this.#arrivals = arrivals
    this.#now = now
  }

  /** Follows a log, or begins again with it: blocks before `next` are in the index. */
  join(log: ReadableLog, next: number): void {
    this.#followed.delete(log.core)
    this.#joining.set(log.core, { log, next })
  }

  leave(core: string): void {
    this.#followed.delete(core)
    this.#joining.delete(core)
  }

  wake(core: string): void {
    this.#followed.get(core)?.wake()
  }

  /** The next blocks in arrival order; none where everything that is here has been read. */
  async next(): Promise<ArrivedBlock[]> {
    await this.#admit()
    await this.#note()
    const batch: ArrivedBlock[] = []
    let events = 0
    while (events < BATCH_EVENTS && batch.length < MAX_BATCH_BLOCKS) {
      const log = this.#first()
      if (!log) break
      const wanted = Math.ceil((BATCH_EVENTS - events) / Math.max(1, this.#eventsPerBlock))
      const blocks = await log.read(Math.min(wanted, MAX_BATCH_BLOCKS - batch.length))
      const count = blocks.reduce((sum, { occurrences }) => sum + occurrences.length, 0)
      if (blocks.length > 0) this.#eventsPerBlock = count / blocks.length
      events += count
      batch.push(...blocks)
    }
    return batch
  }

  async #admit(): Promise<void> {
    if (this.#joining.size === 0) return
    const arrivals = new Map<string, Arrival[]>()
    for (const arrival of await this.#arrivals.all()) {
      const list = arrivals.get(arrival.core)
      if (list) list.push(arrival)
      else arrivals.set(arrival.core, [arrival])
    }
    for (const [core, { log, next }] of this.#joining) {
      this.#followed.set(core, new FollowedLog(log, next, arrivals.get(core) ?? []))
    }
    this.#joining.clear()
  }

  async #note(): Promise<void> {
    for (const followed of this.#followed.values()) {
      const { unnoted } = followed
      if (!unnoted) continue
      const { seq, blocks } = unnoted
      followed.noted(await this.#arrivals.note(followed.log.core, seq, blocks, this.#now()), seq, blocks)
    }
  }

  /** The log whose next block came first. */
  #first(): FollowedLog | null {
    let first: FollowedLog | null = null
    let lowest = Infinity
    for (const followed of this.#followed.values()) {
      const number = followed.nextNumber
      if (number === null || number >= lowest) continue
      first = followed
      lowest = number
    }
    return first
  }
}
