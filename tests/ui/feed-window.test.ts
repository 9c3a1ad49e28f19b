import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EventRow } from '../../core/api.ts'
import { FeedWindow, ROW } from '../../ui/lib/feed-window.svelte.ts'
import { Feed, isFold } from '../../ui/lib/feed.svelte.ts'
import { eventId, promptAt } from '../support/events.ts'
import { NOW, rowOf } from './support.ts'

beforeEach(() => vi.useFakeTimers({ now: NOW }))
afterEach(() => vi.useRealTimers())

/** Prompts from the nth up to another, oldest first, as they happen. */
const prompts = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => rowOf(promptAt(NOW + from + i, { id: from + i }), from + i))
/** The same as a page from the node. */
const page = (from: number, to: number): EventRow[] => prompts(from, to).reverse()
const settle = () => vi.advanceTimersByTime(1000)
const ids = (view: FeedWindow) => view.shown.map(({ item }) => (isFold(item) ? '' : item.id))
/** The ids of some prompts, the newest first. */
const idsOf = (from: number, to: number) => page(from, to).map(({ id }) => id)

function open(rows: readonly EventRow[] = page(100, 200), capacity = 1000): { feed: Feed; view: FeedWindow } {
  const feed = new Feed({ capacity, chunk: 50 })
  const view = new FeedWindow(feed)
  view.height = 10 * ROW
  feed.reset(rows)
  settle()
  return { feed, view }
}

describe('what is seen of a feed', () => {
  it('follows what comes, and stands still once one scrolls', () => {
    const { feed, view } = open()
    feed.append(prompts(200, 201))
    settle()
    expect(ids(view)[0]).toBe(eventId(200))
    view.scroll(20 * ROW)
    const seen = ids(view)
    feed.append(prompts(201, 205))
    settle()
    expect(ids(view)).toEqual(seen)
    expect(view.unseen).toBe(4)
    view.follow()
    view.scroll(0)
    expect(ids(view)[0]).toBe(eventId(204))
  })

  it('reaches the oldest row where the newest page was loaded again while one reads on', () => {
    const { feed, view } = open()
    view.scroll(50 * ROW)
    feed.prepend(page(50, 100))
    settle()
    feed.reset(page(100, 200))
    settle()
    for (const from of [50, 0]) {
      feed.prepend(page(from, from + 50))
      settle()
      expect(view.unseen).toBe(0)
      expect(view.total).toBe(200 - from)
    }
    view.scroll(200 * ROW)
    expect(ids(view).at(-1)).toBe(eventId(0))
    expect(view.isAtEnd).toBe(true)
  })

  it('stands still after the newest page was loaded again, too, and counts what has come since', () => {
    const { feed, view } = open()
    view.scroll(20 * ROW)
    feed.reset(page(110, 210))
    const seen = ids(view)
    expect(seen).toEqual(idsOf(175, 195))
    feed.append(prompts(210, 213))
    feed.prepend(page(60, 110))
    settle()
    expect(ids(view)).toEqual(seen)
    expect(view.unseen).toBe(3)
  })

  it('is never empty, not even for a moment, where the newest page was loaded again', () => {
    const { feed, view } = open()
    view.pause()
    for (const first of [110, 120]) {
      feed.reset(page(first, first + 100))
      view.scroll(ROW)
      expect(ids(view)[0]).toBe(eventId(first + 99))
    }
  })

  it('stands still where the rows at which it stood have gone', () => {
    const { feed, view } = open(page(0, 100), 100)
    view.pause()
    feed.append(prompts(100, 160))
    settle()
    const seen = ids(view)
    expect(seen).toEqual(idsOf(145, 160))
    feed.append(prompts(160, 170))
    settle()
    expect(ids(view)).toEqual(seen)
    expect(view.unseen).toBe(10)
  })

  it('shows what comes first where there was nothing yet', () => {
    const { feed, view } = open([])
    view.pause()
    feed.append(prompts(0, 3))
    settle()
    expect(ids(view)).toEqual(idsOf(0, 3))
  })
})

describe('the row that is selected in a feed', () => {
  it('is the next older or newer one, step by step', () => {
    const { feed, view } = open()
    view.step(1)
    view.step(1)
    feed.append(prompts(200, 205))
    settle()
    view.step(1)
    view.step(-1)
    expect(feed.at(view.selected!)).toMatchObject({ id: eventId(198) })
    expect(view.unseen).toBe(5)
  })

  it('is none once it is not held any more, and the next one is among those in view', () => {
    const { feed, view } = open()
    view.step(1)
    feed.prepend(page(0, 100))
    feed.reset(page(110, 210))
    feed.prepend(page(10, 110))
    settle()
    expect(view.selected).toBeNull()
    view.step(1)
    expect(feed.at(view.selected!)).toMatchObject({ id: eventId(209) })
    feed.reset(page(120, 220))
    view.scroll(0)
    expect(view.isFollowing).toBe(true)
  })
})
