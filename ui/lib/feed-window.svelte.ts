import { type Feed, type FeedItem, isFold } from './feed.svelte.ts'

/** Height of a row, px. All have the same, so that a row's place follows from its index. */
export const ROW = 30
const OVERSCAN = 5

interface Shown {
  item: FeedItem
  index: number
  /** From 1, newest first. */
  position: number
}

/**
 * The part of a feed that is on the screen, newest row on top. While it follows, each new row moves the others down;
 * once the reader scrolls, walks or pauses, its head is frozen, and nothing moves under their eyes.
 */
export class FeedWindow {
  /** px of the viewport. */
  height = $state(600)
  scrollTop = $state(0)
  #selected = $state<number | null>(null)
  /** One past the newest row shown while not following; that row may have gone. */
  #frozenAt = $state<number | null>(null)
  #isPaused = $state(false)
  readonly #feed: Feed

  constructor(feed: Feed) {
    this.#feed = feed
  }

  readonly #bounds: { base: number; end: number; anchor: number } = $derived.by(() => {
    const { version, base, end, anchor } = this.#feed
    return { base, end, anchor, version }
  })
  /** One past the newest row shown. */
  readonly head: number = $derived.by(() => {
    const { base, end, anchor } = this.#bounds
    if (this.#frozenAt === null) return end
    return [this.#frozenAt, anchor].find((place) => place > base) ?? end
  })
  /** The index of the row that has the focus; null once it has gone. */
  readonly selected: number | null = $derived.by(() => {
    const index = this.#selected
    return index !== null && index >= this.#bounds.base ? index : null
  })
  readonly total: number = $derived(this.head - this.#bounds.base)
  /** Rows that have come since the head was frozen, or the feed started over after that. */
  readonly unseen: number = $derived(this.#bounds.end - this.head)
  readonly first: number = $derived(Math.max(0, Math.floor(this.scrollTop / ROW) - OVERSCAN))
  readonly last: number = $derived(
    Math.min(this.total, Math.ceil((this.scrollTop + this.height) / ROW) + OVERSCAN),
  )
  readonly shown: Shown[] = $derived.by(() => {
    const { version } = this.#feed
    const items = version < 0 ? [] : this.#feed.newestFirst(this.head - this.last, this.head - this.first)
    return items.map((item, i) => ({
      item,
      index: this.head - this.first - 1 - i,
      position: this.first + i + 1,
    }))
  })

  get isFollowing(): boolean {
    return this.#frozenAt === null
  }

  /** Whether the oldest rows are near. */
  get isAtEnd(): boolean {
    return this.last >= this.total - OVERSCAN
  }

  /** Whether a row in view is older than a time, ms. */
  hasBefore(ms: number): boolean {
    return this.shown.some(({ item }) => !isFold(item) && Date.parse(item.timestamp) < ms)
  }

  follow(): void {
    this.#isPaused = false
    this.#selected = null
    this.#frozenAt = null
  }

  pause(): void {
    this.#isPaused = true
    this.#freeze()
  }

  scroll(top: number): void {
    this.scrollTop = top
    if (top > ROW / 2) this.#freeze()
    else if (!this.#isPaused && this.selected === null) this.#frozenAt = null
  }

  select(index: number | null): void {
    this.#selected = index
    if (index === null) this.scroll(this.scrollTop)
    else this.#freeze()
  }

  /** Selects the next older (1) or newer (-1) row, and answers how far to scroll for it to be seen, px. */
  step(by: 1 | -1): number {
    this.#freeze()
    const from = this.selected ?? this.head - Math.ceil(this.scrollTop / ROW) - 1 + by
    const to = Math.min(this.head - 1, Math.max(this.#bounds.base, from - by))
    this.#selected = to
    const top = (this.head - 1 - to) * ROW
    if (top < this.scrollTop) return top
    return top + ROW > this.scrollTop + this.height ? top + ROW - this.height : this.scrollTop
  }

  #freeze(): void {
    this.#frozenAt ??= this.#bounds.end
  }
}
