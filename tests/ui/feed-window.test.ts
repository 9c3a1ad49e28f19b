import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EventRow } from '../../core/api.ts'
import { FeedWindow, isMark } from '../../ui/lib/feed-window.svelte.ts'
import { firstRow, isFold } from '../../ui/lib/feed-lines.ts'
import { Feed } from '../../ui/lib/feed.svelte.ts'
import { LastSeen } from '../../ui/lib/last-seen.svelte.ts'
import { eventId, promptAt } from '../support/events.ts'
import { NOW, rowOf } from './support.ts'

beforeEach(() => vi.useFakeTimers({ now: NOW }))
afterEach(() => vi.useRealTimers())

/** Prompts from the nth up to another, oldest first, as they happen. */
const prompts = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => rowOf(promptAt(NOW + from + i, { id: from + i }), from + i))
/** The same as a page from the node. */
const page = (from: number, to: number): EventRow[] => prompts(from, to).reverse()
/** Height of a row, px. */
const ROW = 30
const settle = () => vi.advanceTimersByTime(1000)
const ids = (view: FeedWindow) =>
  view.shown.map((shown) => (isMark(shown) ? 'mark' : isFold(shown.item) ? 'fold' : firstRow(shown.item)!.id))
/** The ids of some prompts, the newest first. */
const idsOf = (from: number, to: number) => page(from, to).map(({ id }) => id)

function open(rows: readonly EventRow[] = page(100, 200), capacity = 1000) {
  const feed = new Feed({ capacity, chunk: 50 })
  const lastSeen = new LastSeen({ getItem: () => null, setItem: () => undefined })
  const view = new FeedWindow(feed, { rowHeight: () => ROW, left: () => lastSeen.left })
  view.height = 10 * ROW
  feed.reset(rows)
  settle()
  return { feed, view, lastSeen }
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

describe('the line where the reader was', () => {
  /** The page is out of view while some prompts come. */
  function leave({ feed, lastSeen }: ReturnType<typeof open>, from: number, to: number): void {
    lastSeen.leave(NOW + from, feed.receivedAt)
    feed.append(prompts(from, to))
    settle()
  }
  const marks = (view: FeedWindow) => view.shown.filter(isMark)

  it('stands between what had come and what has come since, and says how much that is', () => {
    const opened = open()
    leave(opened, 200, 203)
    const { feed, view } = opened
    expect(ids(view).slice(0, 6)).toEqual([...idsOf(200, 203), 'mark', eventId(199), eventId(198)])
    expect(marks(view)).toEqual([{ at: NOW + 200, since: 3 }])
    feed.append(prompts(203, 204))
    settle()
    expect(ids(view)[4]).toBe('mark')
    expect(marks(view)).toEqual([{ at: NOW + 200, since: 4 }])
  })

  it('is the last one only, and none where nothing has come since', () => {
    const opened = open()
    leave(opened, 200, 202)
    leave(opened, 202, 204)
    const { view, lastSeen, feed } = opened
    expect(ids(view).slice(0, 4)).toEqual([eventId(203), eventId(202), 'mark', eventId(201)])
    expect(marks(view)).toHaveLength(1)
    lastSeen.leave(NOW + 300, feed.receivedAt)
    expect(marks(view)).toEqual([])
  })

  it('moves nothing under a reader who stands still', () => {
    const opened = open()
    leave(opened, 200, 202)
    const { view } = opened
    view.scroll(20 * ROW)
    const seen = ids(view)
    leave(opened, 202, 204)
    expect(ids(view)).toEqual(seen)
    view.follow()
    view.scroll(0)
    expect(ids(view)[2]).toBe('mark')
  })

  it('comes in view with the page of older rows that holds its place', () => {
    const { feed, view, lastSeen } = open()
    lastSeen.leave(NOW + 95, new Date(NOW + 94).toISOString())
    expect(marks(view)).toEqual([])
    feed.prepend(page(50, 100))
    view.scroll(100 * ROW)
    expect(ids(view).slice(9, 12)).toEqual([eventId(95), 'mark', eventId(94)])
    expect(marks(view)).toEqual([{ at: NOW + 95, since: 105 }])
  })

  it('is stepped over', () => {
    const opened = open()
    leave(opened, 200, 202)
    const { feed, view } = opened
    for (let i = 0; i < 3; i++) view.step(1)
    expect(feed.at(view.selected!)).toMatchObject({ id: eventId(199) })
    expect(view.total).toBe(102)
    expect(view.slots).toBe(103)
  })

  it('is kept over a reload, and what is stored by others is left alone', () => {
    const stored = new Map<string, string>()
    const storage = {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => void stored.set(key, value),
    }
    new LastSeen(storage).leave(NOW, null)
    expect(stored.size).toBe(0)
    new LastSeen(storage).leave(NOW, new Date(NOW).toISOString())
    expect(new LastSeen(storage).left).toEqual({ at: NOW, receivedAt: new Date(NOW).toISOString() })
    for (const other of ['', '[]', '7', '{"at":"x"}', '{"at":1']) {
      for (const key of stored.keys()) stored.set(key, other)
      expect(new LastSeen(storage).left).toBeNull()
    }
  })
})

describe('going back in a feed', () => {
  /** Prompts a minute apart, and the view of them. */
  function minutes(count: number) {
    const rows = Array.from({ length: count }, (_, n) => rowOf(promptAt(NOW + n * 60_000, { id: n }), n))
    return open(rows.reverse())
  }
  const go = (view: FeedWindow, ms: number) => view.standAt(ms, view.topAt(ms)!)
  const minute = (n: number) => NOW + n * 60_000
  const top = (view: FeedWindow) => ids(view).at(view.first === 0 ? 0 : 5)

  it('shows what had come by a time, on top, though nothing came just then', () => {
    const { view } = minutes(300)
    go(view, minute(200) + 30_000)
    expect(top(view)).toBe(eventId(200))
    expect(view.topTime).toBe(minute(200) + 30_000)
    expect(view.isFollowing).toBe(false)
    expect(view.topAt(minute(0))).toBeNull()
  })

  it('stands there until one scrolls on, also at the newest line', () => {
    const { feed, view } = minutes(100)
    go(view, minute(99) + 30_000)
    view.scroll(0)
    feed.append([rowOf(promptAt(minute(100), { id: 100 }))])
    settle()
    expect(top(view)).toBe(eventId(99))
    expect(view.unseen).toBe(1)
    view.scroll(20 * ROW)
    expect(view.topTime).toBe(minute(79))
    view.scroll(0)
    expect(view.isFollowing).toBe(true)
    expect(view.topTime).toBeNull()
  })
})
