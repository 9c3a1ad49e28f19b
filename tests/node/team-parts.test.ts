import { expect, test } from 'vitest'
import { LastSeen } from '../../node/last-seen.ts'
import { lastEvents } from '../../node/outbox.ts'
import { firstSince, forgetOld } from '../../node/retention.ts'
import { SourceOwners } from '../../node/source-owners.ts'
import type { Event } from '../../core/events.ts'
import { TestClock } from './api/support.ts'

const fail = (error: unknown) => {
  throw error
}

test('a label belongs to the device that used it first, also after a restart', async () => {
  const values = new Map<string, string>()
  const kept = {
    get: async (key: string) => values.get(key) ?? null,
    set: async (key: string, value: string) => void values.set(key, value),
  }
  const ann = new Uint8Array(32).fill(1)
  const mallory = new Uint8Array(32).fill(2)
  const own = { source: 'mac-aaaaaa', device: 'me' }
  const owners = await SourceOwners.load(kept, own, fail)
  expect(owners.bind('studio-bbbbbb', ann)).toBe(true)
  expect(owners.bind('studio-bbbbbb', mallory)).toBe(false)
  expect(owners.bind('mac-aaaaaa', mallory)).toBe(false)
  await owners.flush()
  const later = await SourceOwners.load(kept, own, fail)
  expect(later.bind('studio-bbbbbb', mallory)).toBe(false)
  expect(later.bind('studio-bbbbbb', ann)).toBe(true)
  for (let n = 0; n < 100; n++) later.bind(`name${n}-cccccc`, mallory)
  await later.flush()
  expect(values.get('sourceOwners')!.length).toBeLessThan(2000)
})

test('when somebody was last met is kept, and written once a minute at most', async () => {
  const saved: ReadonlyMap<string, number>[] = []
  const store = {
    load: async () => new Map([['ann', 5]]),
    save: async (times: ReadonlyMap<string, number>) => void saved.push(times),
  }
  const clock = new TestClock()
  const seen = await LastSeen.load(store, clock, fail)
  seen.note('ann', 4)
  expect(seen.times.get('ann')).toBe(5)
  for (let at = 10; at < 20; at++) seen.note('ann', at)
  clock.pass(60_000)
  await new Promise(setImmediate)
  expect(saved).toEqual([new Map([['ann', 19]])])
  seen.note('bob', 20)
  await seen.flush()
  expect(saved[1]).toEqual(new Map([['bob', 20]]))
})

test('the outbox is the last events of the log, oldest first, page by page', async () => {
  const event = (n: number) => ({ id: `evt_${n}` }) as Event
  const blocks = Array.from({ length: 200 }, (_, seq) => ({
    seq,
    events: [event(2 * seq), event(2 * seq + 1)],
  }))
  const log = {
    core: 'later',
    floor: 10,
    length: 200,
    read: async (seq: number, limit: number) => blocks.slice(seq, seq + limit),
  }
  const before = { core: 'before', floor: 0, length: 1, read: async () => [{ seq: 0, events: [event(-1)] }] }
  const ids = async (limit: number) => (await lastEvents([before, log], { limit })).events.map(({ id }) => id)
  expect(await ids(3)).toEqual(['evt_397', 'evt_398', 'evt_399'])
  expect(await ids(200)).toHaveLength(200)
  expect((await ids(1000)).slice(0, 2)).toEqual(['evt_-1', 'evt_20'])
})

test('what came longer ago than is to be kept is forgotten, log by log', async () => {
  const DAY = 86_400_000
  const done: string[] = []
  const log = (core: string) => ({
    core,
    clearBefore: async (seq: number) => void done.push(`clear ${core} ${seq}`),
  })
  const range = (core: string, seq: number, blocks: number, daysAgo: number) => ({
    number: 0,
    core,
    seq,
    blocks,
    receivedAt: 100 * DAY - daysAgo * DAY,
  })
  const arrivals = {
    orderId: 'x',
    all: async () => [
      range('a', 0, 5, 40),
      range('a', 5, 5, 31),
      range('a', 10, 5, 29),
      range('b', 0, 9, 50),
    ],
    note: () => Promise.reject(new Error('nothing comes here')),
  }
  const index = { prune: async (core: string, seq: number) => void done.push(`prune ${core} ${seq}`) }
  await forgetOld({
    arrivals,
    index,
    logs: [log('a'), log('b'), log('c')],
    days: 30,
    now: 100 * DAY,
  })
  expect(done).toEqual(['prune a 10', 'clear a 10', 'prune b 9', 'clear b 9'])
})

test('of its own log a device forgets what happened long ago, up to the first block with something newer', async () => {
  const block = (seq: number, ...days: number[]) => ({
    seq,
    events: days.map((day) => ({ timestamp: new Date(day * 86_400_000).toISOString() })),
  })
  const blocks = [block(0, 1), block(1, 2, 3), block(2), block(3, 4, 9), block(4, 5)]
  const log = (floor: number) => ({
    floor,
    length: 5,
    read: async (seq: number, limit: number) => blocks.slice(seq, seq + limit),
  })
  expect(await firstSince(log(0), 7 * 86_400_000)).toBe(3)
  expect(await firstSince(log(1), 0)).toBe(1)
  expect(await firstSince(log(0), 30 * 86_400_000)).toBe(5)
})

test('the outbox goes back from where a page began, of some projects alone, and looks no further than it must', async () => {
  const event = (n: number) =>
    ({ id: `evt_${n}`, payload: { project: n % 100 ? 'web' : 'api' } }) as unknown as Event
  const blocks = Array.from({ length: 10_000 }, (_, seq) => ({
    seq,
    events: [event(2 * seq), event(2 * seq + 1)],
  }))
  let read = 0
  const log = {
    core: 'log',
    floor: 1,
    length: blocks.length,
    read: async (seq: number, limit: number) => {
      read += limit
      return blocks.slice(seq, seq + limit)
    },
  }
  const first = await lastEvents([log], { limit: 3 })
  expect(first.events.map(({ id }) => id)).toEqual(['evt_19997', 'evt_19998', 'evt_19999'])
  const second = await lastEvents([log], { limit: 2, before: first.next! })
  expect(second.events.map(({ id }) => id)).toEqual(['evt_19995', 'evt_19996'])
  read = 0
  const ofApi = (before?: string) =>
    lastEvents([log], {
      limit: 1000,
      ...(before !== undefined && { before }),
      isWanted: ({ payload }) => payload.project === 'api',
    })
  const found: string[] = []
  let page = await ofApi()
  expect(read).toBeLessThan(5000)
  for (; page.next !== null; page = await ofApi(page.next)) found.unshift(...page.events.map(({ id }) => id))
  found.unshift(...page.events.map(({ id }) => id))
  expect(found).toEqual(Array.from({ length: 199 }, (_, i) => `evt_${100 * (i + 1)}`))
  for (const before of ['elsewhere.4.2', 'log', 'log.x.2']) {
    await expect(lastEvents([log], { limit: 1, before })).rejects.toMatchObject({ code: 'invalid_cursor' })
  }
})
