import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { SessionRow } from '../../../core/api.ts'
import { MemoryLog, openIndex, prompt, response, waiting } from './support.ts'

test('new rows are told in the order of arrival and each once, and sessions as they are now', async () => {
  const mine = new MemoryLog('core-a')
  const test = await openIndex(mine)
  const told: string[] = []
  const heads: string[] = []
  const sessions: SessionRow[] = []
  test.index.onRows((rows, head) => {
    told.push(...rows.map(({ cursor }) => cursor))
    heads.push(head)
  })
  const stop = test.index.onSessions((rows) => sessions.push(...rows))
  const grown = response({ id: 'evt_growing0000000000000', tokens: { output: 1 } })
  mine.append(grown, prompt())
  await test.index.caughtUp()
  mine.append(response({ id: grown.id, tokens: { output: 5 } }), waiting('question'))
  await test.index.caughtUp()
  stop()
  mine.append(prompt())
  await test.index.caughtUp()
  const cursors = (await test.index.events({ limit: 1000, order: 'arrival' })).events
    .map(({ cursor }) => cursor)
    .reverse()
  expect(told).toEqual(cursors)
  expect(heads.at(-1)).toBe(test.index.head)
  expect(test.index.head).toBe(cursors.at(-1))
  expect(sessions.map(({ state, needs, totals }) => [state, needs, totals.tokens.output])).toEqual([
    ['active', null, 1],
    ['waiting', 'answer', 5],
  ])
})

test('a row can be read no sooner than it is told of', async () => {
  const log = new MemoryLog()
  const test = await openIndex(log)
  const start = test.index.head
  const told: string[] = []
  test.index.onRows((rows) => told.push(...rows.map(({ cursor }) => cursor)))
  for (let i = 0; i < 40; i++) log.append(prompt(), prompt())
  const state = { isDone: false }
  const done = (async () => {
    for (let i = 0; i < 100; i++) {
      log.append(prompt(), prompt())
      await test.index.caughtUp()
    }
    state.isDone = true
  })()
  while (!state.isDone) {
    const known = told.length
    const { events } = await test.index.events({ limit: 1, order: 'arrival' })
    const newest = events[0]?.cursor ?? start
    expect(known === 0 || told.indexOf(newest) >= known - 1).toBe(true)
    expect(newest === start || told.includes(newest)).toBe(true)
    const toldBefore = [...told]
    const since = await test.index.after(newest, 1000)
    expect(since?.map(({ cursor }) => cursor)).toEqual(toldBefore.slice(toldBefore.indexOf(newest) + 1))
    await nextTurn()
  }
  await done
  expect((await test.index.events({ limit: 1000, order: 'arrival' })).events[0]!.cursor).toBe(told.at(-1))
})

test('queries are answered while the index grows, each from a whole state', async () => {
  const log = new MemoryLog()
  const test = await openIndex(log)
  for (let i = 0; i < 60; i++) log.append(...Array.from({ length: 100 }, () => prompt({ at: -i })))
  const state = { isDone: false }
  const done = test.index.caughtUp().then(() => (state.isDone = true))
  const seen: number[] = []
  while (!state.isDone) {
    const [{ source, events } = { source: '', events: 0 }] = await test.index.totals()
    seen.push(events)
    if (events > 0) expect(source).toBe('macbook-k3f9xq')
    await nextTurn()
  }
  await done
  expect(seen).toEqual([...seen].sort((a, b) => a - b))
  expect(seen.every((events) => events % 100 === 0)).toBe(true)
  expect((await test.index.stats({ by: 'source', days: 1 })).rows[0]!.events).toBe(6000)
})
