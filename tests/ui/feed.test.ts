import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EventRow, EventsAnswer } from '../../core/api.ts'
import { FeedPages } from '../../ui/lib/feed-pages.svelte.ts'
import { isFold } from '../../ui/lib/feed-lines.ts'
import { Feed } from '../../ui/lib/feed.svelte.ts'
import { NO_FILTERS } from '../../ui/lib/filters.ts'
import { isLate } from '../../ui/lib/late.ts'
import { eventId, promptAt, responseAt, toolAt } from '../support/events.ts'
import { NOW, rowOf } from './support.ts'

beforeEach(() => vi.useFakeTimers({ now: NOW }))
afterEach(() => vi.useRealTimers())

/** The nth prompt; each is a second after the one before. */
const prompt = (n: number): EventRow => rowOf(promptAt(NOW + n * 1000, { id: n }), n)
const prompts = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => prompt(from + i))
const ids = (feed: Feed) => [...feed.rows()].map(({ id }) => id)

describe('a feed', () => {
  it('shows each event once, however often it comes', () => {
    const feed = new Feed()
    feed.append([prompt(1), prompt(2)])
    expect(feed.append([prompt(2), prompt(3)]).map(({ id }) => id)).toEqual([eventId(3)])
    feed.prepend([prompt(1), prompt(0)])
    expect(ids(feed)).toEqual([0, 1, 2, 3].map(eventId))
  })

  it('tells events of one id apart by who made them', () => {
    const feed = new Feed()
    feed.append([prompt(1), { ...prompt(1), source: 'desk-ybndrf' }])
    expect(feed.size).toBe(2)
  })

  it('keeps the larger tokens of a response that comes again, in its place', () => {
    const feed = new Feed()
    const response = (output: number) => rowOf(responseAt(NOW, { output }, { id: 7 }))
    feed.append([response(10), prompt(8)])
    feed.append([response(500)])
    feed.append([response(20)])
    const [first, second] = [...feed.rows()]
    expect(first!.payload).toMatchObject({ tokens: { output: 500 } })
    expect(second!.id).toBe(eventId(8))
    expect(feed.size).toBe(2)
  })

  it('lets the oldest go in chunks, and every other row keeps its index', () => {
    const feed = new Feed({ capacity: 100, chunk: 20 })
    feed.append(prompts(0, 100))
    const kept = feed.at(50)
    feed.append([prompt(100)])
    expect(feed.base).toBe(20)
    expect(feed.size).toBe(81)
    expect(feed.at(50)).toBe(kept)
    expect(feed.at(19)).toBeUndefined()
    // What was let go is forgotten, not taken for known.
    feed.append([prompt(3)])
    expect(feed.size).toBe(82)
  })

  it('has no room for what is older once its oldest have gone, which it would not join on to', () => {
    const feed = new Feed({ capacity: 100, chunk: 20 })
    feed.append(prompts(0, 99))
    expect(feed.isFull).toBe(false)
    feed.append(prompts(99, 101))
    expect(feed.size).toBe(81)
    expect(feed.isFull).toBe(true)
    feed.reset([prompt(101)])
    expect(feed.isFull).toBe(false)
  })

  it('gives no index to another row, also where it starts over', () => {
    const feed = new Feed({ capacity: 100, chunk: 20 })
    feed.append(prompts(0, 90))
    for (let round = 0; round < 3; round++) {
      const { end } = feed
      feed.reset([prompt(200)])
      feed.prepend(prompts(0, 100).reverse())
      expect(feed.base).toBeGreaterThanOrEqual(end)
    }
  })

  it('looks only at what is new for its filters', () => {
    const feed = new Feed({ filters: { ...NO_FILTERS, type: ['tool'] } })
    feed.append([prompt(1), rowOf(toolAt(NOW, 'failed', { id: 2 })), prompt(3)])
    expect(ids(feed)).toEqual([eventId(2)])
  })

  it('folds what comes long after it happened into one line', () => {
    const feed = new Feed()
    const late = prompts(0, 2000).map((row) => ({
      ...row,
      receivedAt: new Date(NOW + 86_400_000).toISOString(),
    }))
    feed.append([prompt(5000)])
    expect(feed.append(late.slice(0, 900))).toEqual([])
    feed.append(late.slice(900))
    feed.append([prompt(5001)])
    expect(feed.size).toBe(3)
    const fold = feed.at(feed.base + 1)!
    expect(isFold(fold) && [fold.arrivals.length, fold.from, fold.to]).toEqual([2000, NOW, NOW + 1_999_000])
  })

  it('does not take for late what is known only half an hour later: that a session is over', () => {
    const feed = new Feed()
    const known = new Date(NOW + 31 * 60_000).toISOString()
    const ended = { ...prompt(0), eventType: 'session', payload: { ...prompt(0).payload, action: 'ended' } }
    expect(feed.append([{ ...ended, receivedAt: known } as EventRow])).toHaveLength(1)
  })

  it('goes by the clock of who made a row: one that is two hours wrong makes nothing late, nor anything early', () => {
    const row = rowOf(promptAt(NOW - 7_200_000, { id: 1 }), 1, new Date(NOW).toISOString())
    expect(new Feed().append([row])).toEqual([])
    const behind = new Feed({ isLate: (row) => isLate(row, -7_200_000) })
    expect(behind.append([row])).toHaveLength(1)
    const ahead = rowOf(promptAt(NOW, { id: 2 }), 2, new Date(NOW).toISOString())
    expect(new Feed({ isLate: (row) => isLate(row, 7_200_000) }).append([ahead])).toEqual([])
  })

  it('tells of changes at once and then ten times a second, once while hidden', () => {
    let isHidden = false
    const feed = new Feed({ now: () => Date.now(), isHidden: () => isHidden })
    feed.append([prompt(0)])
    expect(feed.version).toBe(1)
    for (let i = 1; i <= 50; i++) {
      vi.advanceTimersByTime(20)
      feed.append([prompt(i)])
    }
    expect(feed.version).toBeGreaterThanOrEqual(10)
    expect(feed.version).toBeLessThanOrEqual(11)
    isHidden = true
    vi.advanceTimersByTime(2000)
    const before = feed.version
    for (let i = 51; i < 101; i++) {
      vi.advanceTimersByTime(60)
      feed.append([prompt(i)])
    }
    expect(feed.version - before).toBeLessThanOrEqual(4)
    feed.stop()
  })
})

describe('the pages of a feed', () => {
  const page = (rows: EventRow[], next: string | null = null): EventsAnswer => ({
    events: [...rows].reverse(),
    next,
    prev: null,
  })

  it('lose and repeat nothing that comes while the first one is on its way', async () => {
    let answer: (page: EventsAnswer) => void = () => undefined
    const pages = new FeedPages({ get: () => new Promise((resolve) => (answer = resolve)) })
    const loading = pages.load.run()
    pages.take([prompt(2), prompt(3)])
    answer(page([prompt(1), prompt(2)]))
    await loading
    expect(ids(pages.feed)).toEqual([1, 2, 3].map(eventId))
  })

  it('go back in time page by page until there is no more', async () => {
    const asked: unknown[] = []
    const pages = new FeedPages({
      get: (params) => {
        asked.push(params.before)
        return Promise.resolve(params.before ? page(prompts(0, 2)) : page(prompts(2, 4), 'older'))
      },
    })
    await pages.load.run()
    await pages.loadOlder()
    await pages.loadOlder()
    expect(ids(pages.feed)).toEqual([0, 1, 2, 3].map(eventId))
    expect(asked).toEqual([undefined, 'older'])
    expect(pages.hasOlder).toBe(false)
  })

  it('leave no page out where the newest is loaded again while one reads on', async () => {
    const asked: unknown[] = []
    let again: (page: EventsAnswer) => void = () => undefined
    const pages = new FeedPages({
      get: ({ before }) => {
        asked.push(before)
        if (before === 'b') return Promise.resolve(page(prompts(2, 4), 'a'))
        if (before === 'a') return Promise.resolve(page(prompts(0, 2)))
        return asked.length === 1
          ? Promise.resolve(page(prompts(4, 6), 'b'))
          : new Promise((resolve) => (again = resolve))
      },
    })
    await pages.load.run()
    await pages.loadOlder()
    const loading = pages.load.run()
    await pages.loadOlder()
    again(page(prompts(4, 6), 'b'))
    await loading
    await pages.loadOlder()
    await pages.loadOlder()
    expect(ids(pages.feed)).toEqual([0, 1, 2, 3, 4, 5].map(eventId))
  })

  it('go on with the newest page where an older one fails that nobody waits for any more', async () => {
    let fail: (error: Error) => void = () => undefined
    const pages = new FeedPages({
      get: ({ before }) =>
        before ? new Promise((_, reject) => (fail = reject)) : Promise.resolve(page(prompts(2, 4), 'older')),
    })
    await pages.load.run()
    const loading = pages.loadOlder()
    await pages.load.run()
    fail(new Error('away'))
    await loading
    expect(pages.problem).toBe('')
    expect(pages.isLoadingOlder).toBe(false)
  })

  it('do not take an older one that joins on to rows which have gone meanwhile', async () => {
    let answer: (page: EventsAnswer) => void = () => undefined
    const pages = new FeedPages({
      capacity: 100,
      get: ({ before }) =>
        before ? new Promise((resolve) => (answer = resolve)) : Promise.resolve(page([prompt(2)], 'older')),
    })
    await pages.load.run()
    const loading = pages.loadOlder()
    pages.take(prompts(3, 103))
    answer(page([prompt(1)]))
    await loading
    expect(ids(pages.feed)).not.toContain(eventId(1))
    expect(pages.hasOlder).toBe(false)
  })

  it('keep what is known while the node is away', async () => {
    let isAway = false
    const get = () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(page(prompts(0, 2))))
    const pages = new FeedPages({ get })
    await pages.load.run()
    isAway = true
    await pages.load.run()
    expect(pages.load.state).toBe('failed')
    expect(ids(pages.feed)).toEqual([0, 1].map(eventId))
  })
})
