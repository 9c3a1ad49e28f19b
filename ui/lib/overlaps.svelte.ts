import type { Overlap, OverlapsAnswer } from '../../core/api.ts'
import { compare } from '../../core/buckets.ts'
import { isMine, overlapKey, peopleKey } from './same-file.ts'
import { keyOf } from './sessions.svelte.ts'
import { parseStored } from './stored.ts'

const KEY = 'vibetea.same-file'
const SOON_MS = 1000
const POLL_MS = 30_000

/** When this browser first saw an overlap, ms, and whether its person has seen enough of it. */
interface Seen {
  since: number
  isDismissed: boolean
}

/** An overlap's key and how it was seen, as stored. */
function isSeen(entry: unknown): entry is [string, Seen] {
  const [key, seen] = Array.isArray(entry) ? (entry as unknown[]) : []
  const { since, isDismissed } = Object(seen) as Partial<Record<keyof Seen, unknown>>
  return typeof key === 'string' && typeof since === 'number' && typeof isDismissed === 'boolean'
}

/** Files that one's own sessions share with the same people, at least one; what began last comes first. */
export interface SharedFiles {
  people: string
  overlaps: Overlap[]
  /** When the latest of them began, ms. */
  since: number
}

export interface OverlapsOptions {
  fetch: () => Promise<OverlapsAnswer>
  storage: Pick<Storage, 'getItem' | 'setItem'>
  /** ms since 1970. */
  now: () => number
}

/** Files that more than one session is editing: asked for as tools run, and now and then while there are any. */
export class Overlaps {
  all = $state.raw<Overlap[]>([])
  /** By `overlapKey`; kept in this browser, so that what was dismissed stays so in all tabs and after a reload. */
  #seen = $state.raw<ReadonlyMap<string, Seen>>(new Map())
  readonly #options: OverlapsOptions
  #soon: ReturnType<typeof setTimeout> | undefined
  #isWanted = false
  #isAsking = false
  #poll: ReturnType<typeof setTimeout> | undefined
  /** Numbers of the calls that were made last and whose answer is shown. */
  #load = 0
  #taken = 0
  #isStopped = false

  constructor(options: OverlapsOptions) {
    this.#options = options
  }

  /** What was not dismissed of that which one's own sessions share with teammates'; what began last comes first. */
  readonly mine: SharedFiles[] = $derived.by(() => {
    const since = (overlap: Overlap) => this.#seen.get(overlapKey(overlap))?.since ?? 0
    const fresh = this.all
      .filter((overlap) => isMine(overlap) && this.#seen.get(overlapKey(overlap))?.isDismissed === false)
      .sort((a, b) => since(b) - since(a) || compare(a.fileTag, b.fileTag))
    const groups = new Map<string, SharedFiles>()
    for (const overlap of fresh) {
      const people = peopleKey(overlap)
      const known = groups.get(people)
      if (known) known.overlaps.push(overlap)
      else groups.set(people, { people, overlaps: [overlap], since: since(overlap) })
    }
    return [...groups.values()]
  })
  readonly #bySession: ReadonlyMap<string, Overlap[]> = $derived.by(() => {
    const found = new Map<string, Overlap[]>()
    for (const overlap of this.all) {
      for (const session of overlap.sessions) {
        const key = keyOf(session)
        found.set(key, [...(found.get(key) ?? []), overlap])
      }
    }
    return found
  })

  /** Those that a session is in; the loudest first. */
  of(session: { source: string; sessionId: string }): Overlap[] {
    const found = this.#bySession.get(keyOf(session)) ?? []
    return [...found].sort((a, b) => Number(isMine(b)) - Number(isMine(a)))
  }

  /** No more of these, until one has ended and begins anew or somebody else comes to it. */
  dismiss({ overlaps }: SharedFiles): void {
    const seen = new Map(this.#seen)
    for (const key of overlaps.map(overlapKey)) seen.set(key, { ...seen.get(key)!, isDismissed: true })
    this.#keep(seen)
  }

  /** A file was touched: asks now, but not within a second of the last answer. */
  loadSoon(): void {
    this.#isWanted = true
    if (!this.#isAsking) void this.#loadWanted()
  }

  /** Asks now. Rejects with an ApiError; what is shown then stays. */
  async load(): Promise<void> {
    const load = ++this.#load
    clearTimeout(this.#poll)
    try {
      const { overlaps } = await this.#options.fetch()
      if (load > this.#taken) {
        this.#taken = load
        this.#take(overlaps)
      }
    } finally {
      if (load === this.#load && this.all.length && !this.#isStopped) {
        this.#poll = setTimeout(() => void this.#again(), POLL_MS)
      }
    }
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#soon)
    clearTimeout(this.#poll)
  }

  async #loadWanted(): Promise<void> {
    this.#isAsking = true
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false
      await this.#again()
      await new Promise((resolve) => (this.#soon = setTimeout(resolve, SOON_MS)))
    }
    this.#isAsking = false
  }

  async #again(): Promise<void> {
    try {
      await this.load()
    } catch {
      // The connection says that the node is away, and all is asked for again when it is back.
    }
  }

  #take(overlaps: readonly Overlap[]): void {
    const known = new Map([...this.#seen, ...this.#stored()])
    const keys = overlaps.filter(isMine).map((overlap) => {
      const lastAt = Math.max(...overlap.sessions.map((session) => Date.parse(session.lastAt)))
      // The teammate's clock may be ahead.
      const since = Math.min(lastAt, this.#options.now())
      const key = overlapKey(overlap)
      return [key, known.get(key) ?? { since, isDismissed: false }] as const
    })
    this.#keep(new Map(keys))
    this.all = [...overlaps]
  }

  #keep(seen: ReadonlyMap<string, Seen>): void {
    this.#seen = seen
    this.#options.storage.setItem(KEY, JSON.stringify([...seen]))
  }

  #stored(): [string, Seen][] {
    const stored = parseStored(this.#options.storage.getItem(KEY))
    return Array.isArray(stored) ? stored.filter(isSeen) : []
  }
}
