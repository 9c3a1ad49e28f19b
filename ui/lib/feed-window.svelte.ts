import { type FeedItem, firstRow } from './feed-lines.ts'
import type { Feed } from './feed.svelte.ts'
import type { Left } from './last-seen.svelte.ts'

const OVERSCAN = 5

/** A line in view. */
interface ShownLine {
  item: FeedItem
  index: number
  /** From 1, newest first. */
  position: number
}

/** The place in view where the reader was when the page was last looked at. */
export interface ShownMark {
  /** When that was, ms. */
  at: number
  /** Events that have come since. */
  since: number
}

export type Shown = ShownLine | ShownMark

export const isMark = (shown: Shown): shown is ShownMark => 'since' in shown

interface FeedWindowOptions {
  /** Height of a row, px. All have the same, so that a row's place follows from its index. May be reactive. */
  rowHeight: () => number
  /** When the page was last looked at; null where that is not to be shown. May be reactive. */
  left?: () => Left | null
}

/**
 * The part of a feed that is on the screen, newest line on top. While it follows, each new line moves the others down;
 * once the reader scrolls, walks or pauses, its head is frozen, and nothing moves under their eyes.
 */
export class FeedWindow {
  /** px of the viewport. */
  height = $state(600)
  scrollTop = $state(0)
  #selected = $state<number | null>(null)
  /** One past the newest line shown while not following; that line may have gone. What was marked then stays so. */
  #frozen = $state.raw<{ at: number; left: Left | null } | null>(null)
  #isPaused = $state(false)
  /** The time that was gone back to, ms, and how far that was scrolled, px; until one scrolls on. */
  #goal = $state.raw<{ ms: number; top: number } | null>(null)
  readonly #feed: Feed
  readonly #options: FeedWindowOptions

  constructor(feed: Feed, options: FeedWindowOptions) {
    this.#feed = feed
    this.#options = options
  }

  readonly rowHeight: number = $derived.by(() => this.#options.rowHeight())
  readonly #bounds: { base: number; end: number; anchor: number } = $derived.by(() => {
    const { version, base, end, anchor } = this.#feed
    return { base, end, anchor, version }
  })
  readonly #base: number = $derived(this.#bounds.base)
  /** One past the newest line shown. */
  readonly head: number = $derived.by(() => {
    const { base, end, anchor } = this.#bounds
    if (this.#frozen === null) return end
    return [this.#frozen.at, anchor].find((place) => place > base) ?? end
  })
  /** The index of the line that has the focus; null once it has gone. */
  readonly selected: number | null = $derived.by(() => {
    const index = this.#selected
    return index !== null && index >= this.#bounds.base ? index : null
  })
  /** How many lines there are to be shown. */
  readonly total: number = $derived(this.head - this.#bounds.base)
  /** Lines that have come since the head was frozen, or the feed started over after that. */
  readonly unseen: number = $derived(this.#bounds.end - this.head)

  readonly #left: Left | null = $derived.by(() =>
    this.#frozen ? this.#frozen.left : (this.#options.left?.() ?? null),
  )
  /** Where the mark belongs, looked up only when other lines than the newest have come or gone. */
  readonly #place: { base: number; index: number; arrivedBefore: number } | null = $derived.by(() => {
    const base = this.#base
    if (!this.#left) return null
    const { index, events } = this.#feed.since(this.#left.receivedAt)
    return { base, index, arrivedBefore: this.#feed.arrived - events }
  })
  /** One past the newest line below the mark; null where there are not both, lines below it and above. */
  readonly #markIndex: number | null = $derived.by(() => {
    const { base } = this.#bounds
    const index = this.#place?.index ?? base
    return index > base && index < this.head ? index : null
  })
  /** How many rows high the list is. */
  readonly slots: number = $derived(this.total + (this.#markIndex === null ? 0 : 1))
  readonly #top: number = $derived(Math.floor(this.scrollTop / this.rowHeight))
  readonly first: number = $derived(Math.max(0, this.#top - OVERSCAN))
  readonly last: number = $derived(
    Math.min(this.slots, Math.ceil((this.scrollTop + this.height) / this.rowHeight) + OVERSCAN),
  )
  readonly shown: Shown[] = $derived.by(() => {
    const { version } = this.#feed
    const shown: Shown[] = []
    for (let slot = this.first; slot < this.last && version >= 0; slot++) {
      const index = this.#indexAt(slot)
      const item = index === null ? undefined : this.#feed.at(index)
      if (index === null) shown.push(this.#mark)
      else if (item) shown.push({ item, index, position: this.head - index })
    }
    return shown
  })

  get isFollowing(): boolean {
    return this.#frozen === null
  }

  /** Whether the oldest lines are near. */
  get isAtEnd(): boolean {
    return this.last >= this.slots - OVERSCAN
  }

  /** The time that was gone back to, or else of the line on top, ms; null while it follows. */
  get topTime(): number | null {
    if (this.isFollowing) return null
    if (this.#goal) return this.#goal.ms
    const row = this.#topRow
    return row && Date.parse(row.timestamp)
  }

  /** Whether a line in view is older than a time, ms. */
  hasBefore(ms: number): boolean {
    return this.shown.some((shown) => {
      const row = isMark(shown) ? null : firstRow(shown.item)
      return row !== null && Date.parse(row.timestamp) < ms
    })
  }

  follow(): void {
    this.#isPaused = false
    this.#selected = null
    this.#frozen = null
    this.#goal = null
  }

  pause(): void {
    this.#isPaused = true
    this.#freeze()
  }

  scroll(top: number): void {
    this.scrollTop = top
    // The browser tells of the way to a goal as well.
    if (this.#goal && Math.abs(top - this.#goal.top) < 1) return
    this.#goal = null
    if (top > this.rowHeight / 2) this.#freeze()
    else if (!this.#isPaused && this.selected === null) this.#frozen = null
  }

  select(index: number | null): void {
    this.#selected = index
    if (index === null) this.scroll(this.scrollTop)
    else this.#freeze()
  }

  /** Selects the next older (1) or newer (-1) line, and answers how far to scroll for it to be seen, px. */
  step(by: 1 | -1): number {
    this.#freeze()
    const from = this.selected ?? this.#lineAt(Math.ceil(this.scrollTop / this.rowHeight)) + by
    const to = Math.min(this.head - 1, Math.max(this.#bounds.base, from - by))
    this.#selected = to
    const top = this.#slotOf(to) * this.rowHeight
    if (top < this.scrollTop) return top
    const below = top + this.rowHeight
    return below > this.scrollTop + this.height ? below - this.height : this.scrollTop
  }

  /** How far to scroll for what had come by a time (ms) to be on top, px; null where all that is held came after it. */
  topAt(ms: number): number | null {
    this.#freeze()
    const index = this.#feed.indexBefore(ms)
    return index === null || index >= this.head ? null : this.#slotOf(index) * this.rowHeight
  }

  /** Stands at a time, scrolled to `topAt` of it or as near as that goes. */
  standAt(ms: number, top: number): void {
    this.#freeze()
    this.scrollTop = top
    this.#goal = { ms, top }
  }

  get #mark(): ShownMark {
    return { at: this.#left?.at ?? 0, since: this.#feed.arrived - (this.#place?.arrivedBefore ?? 0) }
  }

  get #topRow() {
    const item = this.#feed.at(this.#lineAt(this.#top))
    return item ? firstRow(item) : null
  }

  #slotOf(index: number): number {
    const isBelow = this.#markIndex !== null && index < this.#markIndex
    return this.head - 1 - index + (isBelow ? 1 : 0)
  }

  /** The line that stands so many rows below the top; null where the mark does. */
  #indexAt(slot: number): number | null {
    const mark = this.#markIndex === null ? Infinity : this.head - this.#markIndex
    if (slot === mark) return null
    return this.head - 1 - slot + (slot > mark ? 1 : 0)
  }

  #lineAt(slot: number): number {
    return this.#indexAt(slot) ?? this.#indexAt(slot + 1)!
  }

  #freeze(): void {
    this.#frozen ??= { at: this.#bounds.end, left: this.#left }
  }
}
