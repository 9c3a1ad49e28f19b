const MAX_VISITS = 4
/** One after the other: what two files both hold is of the first. */
const MAX_OLD_VISITS = 1

/**
 * Runs visits, a few at a time and one of an item: what has just changed goes before what lay there at the start, and has places of its
 * own, so that a large old file delays nothing new. A file that is asked for while its visit runs is visited again.
 */
export class VisitQueue<Item> {
  readonly #visit: (item: Item) => Promise<void>
  readonly #changed = new Set<Item>()
  readonly #running = new Map<Item, Promise<void>>()
  readonly #again = new Set<Item>()
  /** The next one is the last. */
  #backlog: Item[] = []
  #runningOld = 0
  #backlogDone: (() => void)[] = []

  /** `visit` never rejects, except for a bug. */
  constructor(visit: (item: Item) => Promise<void>) {
    this.#visit = visit
  }

  /** Whether it is being visited, or will be soon. */
  isBusy(item: Item): boolean {
    return this.#running.has(item) || this.#changed.has(item)
  }

  /** Visits soon. */
  request(item: Item): void {
    if (this.#running.has(item)) this.#again.add(item)
    else this.#changed.add(item)
    this.#pump()
  }

  /** Visits these in their order, as places are free; settles when all have been visited. */
  async visitAll(items: readonly Item[]): Promise<void> {
    if (items.length === 0) return
    this.#backlog = items.toReversed().concat(this.#backlog)
    const done = new Promise<void>((resolve) => this.#backlogDone.push(resolve))
    this.#pump()
    await done
  }

  /** Drops what waits; settles when the visits under way are over. */
  async stop(): Promise<void> {
    this.#changed.clear()
    this.#again.clear()
    this.#backlog = []
    await Promise.all(this.#running.values())
    this.#pump()
  }

  #pump(): void {
    while (this.#running.size < MAX_VISITS) {
      const [changed] = this.#changed
      if (changed === undefined) break
      this.#changed.delete(changed)
      void this.#run(changed)
    }
    while (this.#running.size < MAX_VISITS && this.#runningOld < MAX_OLD_VISITS) {
      const old = this.#backlog.pop()
      if (old === undefined) break
      void this.#runOld(old)
    }
    if (this.#backlog.length === 0 && this.#runningOld === 0) {
      for (const resolve of this.#backlogDone.splice(0)) resolve()
    }
  }

  async #runOld(item: Item): Promise<void> {
    this.#runningOld++
    await (this.#running.get(item) ?? this.#run(item))
    this.#runningOld--
    this.#pump()
  }

  async #run(item: Item): Promise<void> {
    const visit = this.#visit(item)
    this.#running.set(item, visit)
    await visit
    this.#running.delete(item)
    if (this.#again.delete(item)) this.#changed.add(item)
    this.#pump()
  }
}
