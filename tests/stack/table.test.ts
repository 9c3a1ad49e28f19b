import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { SEED } from '../core/support.ts'
import { eventId, promptAt, responseAt, toolAt } from '../support/events.ts'
import type { Event } from '../../core/events.ts'
import { tokenSum, weight } from '../../core/events.ts'
import { postPlain, stored, wrongHours } from './calls.ts'
import { SECRET_KEY } from './keys.ts'
import { Stack } from './stack.ts'
import { base64, TestDevice } from './team.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NOW = Date.now()
const SOURCES = ['ada-ybndrf', 'bruno-g8ejkm', 'chiyo-cpqxot'] as const

let stack: Stack
beforeAll(async () => {
  stack = await Stack.start({ secrets: { VIBETEA_PUBLIC_KEYS: `${monitor.source}:${base64(monitor.key)}` } })
})
afterAll(() => stack.stop())
beforeEach(() => stack.empty())

const monitor = new TestDevice('monitor')

/** How many were new, as the function's client sees it. */
async function insert(events: readonly Event[]): Promise<number> {
  const { data, error } = await stack.client(SECRET_KEY).rpc('bulk_insert_events', { events })
  if (error) throw new Error(error.message)
  return data as number
}

test('eight writers with overlapping batches wait for each other and never both', async () => {
  const events = Array.from({ length: 1200 }, (_, i) =>
    promptAt(NOW - (i % 100) * HOUR_MS, { id: i, source: SOURCES[i % 3]! }),
  )
  const shuffled = (seed: number) =>
    fc.sample(fc.shuffledSubarray(events, { minLength: 500, maxLength: 900 }), { seed, numRuns: 1 })[0]!
  const inserted = await Promise.all(
    Array.from({ length: 8 }, async (_, writer) => {
      let count = 0
      for (let i = 0; i < 5; i++) {
        const fresh = await insert(shuffled(SEED + writer * 5 + i))
        count += fresh
      }
      return count
    }),
  )
  expect(await stored(stack)).toHaveLength(inserted.reduce((sum, count) => sum + count))
  expect(await wrongHours(stack)).toEqual([])
})

test('eight writers who add events and move others to another hour do not stop each other', async () => {
  const at = (hour: number) => NOW - hour * HOUR_MS
  const wave = (writer: number, round: number) =>
    Array.from({ length: 30 }, (_, i) => {
      // Half of them come in every wave, larger and at another time; hours are met in every order.
      const id = writer * 1000 + (i % 2 === 0 ? i : 30 * (round + 1) + i)
      return responseAt(
        at((i * 37 + writer * 11 + round * 53) % 200),
        { output: round },
        { id, source: SOURCES[0] },
      )
    })
  await Promise.all(
    Array.from({ length: 8 }, async (_, writer) => {
      for (let round = 0; round < 6; round++) await insert(wave(writer, round))
    }),
  )
  expect(await stored(stack)).toHaveLength(8 * (15 + 6 * 15))
  expect(await wrongHours(stack)).toEqual([])
})

test('what goes and what comes at the same time do not stop each other', async () => {
  const client = stack.client(SECRET_KEY)
  const done = new AbortController()
  const purging = (async () => {
    while (!done.signal.aborted)
      expect((await client.rpc('purge_events', { retention_days: 1 })).error).toBeNull()
  })()
  await Promise.all(
    Array.from({ length: 6 }, async (_, writer) => {
      for (let round = 0; round < 5; round++) {
        await insert(
          Array.from({ length: 200 }, (_, i) => {
            const id = (i * 7 + writer * 31) % 300
            return responseAt(
              NOW - (15 + ((i + round) % 18)) * HOUR_MS,
              { output: round * 6 + writer },
              { id },
            )
          }),
        )
      }
    }),
  )
  done.abort()
  await purging
  expect(await wrongHours(stack)).toEqual([])
})

test(`whatever is inserted, changed and deleted, the hourly counts are exact (seed ${SEED})`, async () => {
  const event = fc
    .record({
      id: fc.integer({ min: 0, max: 30 }),
      at: fc.integer({ min: 0, max: 5 }),
      source: fc.constantFrom(...SOURCES),
      output: fc.integer({ min: 0, max: 9 }),
    })
    .map(({ id, at, source, output }) => responseAt(NOW - at * HOUR_MS, { output }, { id, source }))
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.array(event, { maxLength: 40 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 30 }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      await stack.empty()
      const model = new Map<string, number>()
      for (const each of steps) {
        if (typeof each === 'number') {
          const id = eventId(each)
          await stack.client(SECRET_KEY).from('events').delete().eq('id', id)
          for (const key of model.keys()) if (key.endsWith(id)) model.delete(key)
        } else {
          const before = model.size
          for (const { source, id, ...rest } of each) {
            const key = `${source} ${id}`
            model.set(key, Math.max(model.get(key) ?? 0, weight({ source, id, ...rest })))
          }
          expect(await insert(each)).toBe(model.size - before)
        }
        expect(await wrongHours(stack)).toEqual([])
      }
      const kept = (await stored(stack)).map(({ source, id, payload }) => [
        `${source} ${id}`,
        'tokens' in payload ? tokenSum(payload.tokens) : 0,
      ])
      expect(kept.sort()).toEqual([...model].sort())
    }),
    { numRuns: 25 },
  )
})

test('an event is taken as it is, and as a row of the table', async () => {
  const events = [
    promptAt(NOW, { id: 1 }),
    responseAt(NOW + 1, { output: 1 }, { id: 2 }),
    toolAt(NOW + 2, 'started', { id: 3 }),
  ]
  const rows = events.map(({ eventType, ...event }) => ({ ...event, event_type: eventType }))
  const service = stack.client(SECRET_KEY)
  expect((await service.rpc('bulk_insert_events', { events: [rows[0], events[1]] })).data).toBe(2)
  expect((await service.rpc('bulk_insert_events', { events: [events[0], ...rows.slice(1)] })).data).toBe(1)
  expect(await stored(stack)).toEqual(events)
})

test('a call with one wrong event, or more than 1000, stores none', async () => {
  const service = stack.client(SECRET_KEY)
  const [good, other] = [promptAt(NOW, { id: 1 }), promptAt(NOW, { id: 2 })]
  for (const wrong of [
    { id: 'evt_short' },
    { source: 'a place/with a path' },
    { eventType: 'brew' },
    { eventType: null },
    { payload: [] },
    { payload: { text: 'x'.repeat(9000) } },
    { timestamp: null },
  ]) {
    const { error } = await service.rpc('bulk_insert_events', { events: [good, { ...other, ...wrong }] })
    expect(error).not.toBeNull()
  }
  const many = Array.from({ length: 1001 }, () => good)
  expect((await service.rpc('bulk_insert_events', { events: many })).error?.message).toContain('1000')
  expect((await service.rpc('bulk_insert_events', { events: good })).error?.message).toContain('array')
  expect(await stored(stack)).toEqual([])
})

test('what is older than 30 days goes, and its counts with it', async () => {
  const events = [29.9, 30.1, 45].map((days, id) => promptAt(NOW - days * DAY_MS, { id }))
  await insert(events)
  const service = stack.client(SECRET_KEY)
  expect(await service.rpc('purge_events')).toMatchObject({ data: 2, error: null })
  expect(await stored(stack)).toEqual([events[0]])
  expect(await wrongHours(stack)).toEqual([])
  expect((await service.rpc('purge_events', { retention_days: 0 })).error?.message).toContain('a day')
})

test('what is too old goes when something new comes, too', async () => {
  await insert([promptAt(NOW - 31 * DAY_MS, { id: 1 })])
  const event = promptAt(NOW, { id: 2, source: monitor.source })
  expect((await postPlain(stack, monitor, event)).answer.inserted).toBe(1)
  expect(await stored(stack)).toEqual([event])
})

test('two that delete at once do not stand in each other’s way', async () => {
  await insert(Array.from({ length: 1000 }, (_, id) => promptAt(NOW - 31 * DAY_MS - id * 60_000, { id })))
  const calls = Array.from({ length: 6 }, () => stack.client(SECRET_KEY).rpc('purge_events'))
  const purged = (await Promise.all(calls)).map(({ data }) => data as number)
  expect(purged.reduce((sum, n) => sum + n)).toBe(1000)
  expect(await wrongHours(stack)).toEqual([])
})

test('the hours that are asked for are those of the last days, of UTC, of one source or of all', async () => {
  const midnight = Math.floor(NOW / DAY_MS) * DAY_MS
  const at = midnight - 3 * DAY_MS
  await insert([
    promptAt(at - 1, { id: 1, source: SOURCES[0] }),
    promptAt(at, { id: 2, source: SOURCES[0] }),
    promptAt(at + HOUR_MS - 1, { id: 3, source: SOURCES[0] }),
    promptAt(at, { id: 4, source: SOURCES[1] }),
    promptAt(NOW - 20 * DAY_MS, { id: 5, source: SOURCES[1] }),
  ])
  const date = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  const service = stack.client(SECRET_KEY)
  const { data } = await service.rpc('get_hourly_aggregates', { days_back: 7, source_filter: SOURCES[0] })
  expect(data).toEqual([
    { source: SOURCES[0], date: date(at - 1), hour: 23, event_count: 1 },
    { source: SOURCES[0], date: date(at), hour: 0, event_count: 2 },
  ])
  expect((await service.rpc('get_hourly_aggregates')).data).toHaveLength(3)
  expect((await service.rpc('get_hourly_aggregates', { days_back: 30 })).data).toHaveLength(4)
})
