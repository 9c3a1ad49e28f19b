import fc from 'fast-check'
import { expect, test } from 'vitest'
import { handleOf } from '../../../core/handle.ts'
import type { FeedQuery } from '../../../node/index/feed.ts'
import type { TestIndex } from './support.ts'
import {
  agent,
  failure,
  MemoryLog,
  MINUTE,
  NOW,
  openIndex,
  OTHER_SESSION,
  prompt,
  response,
  SESSION,
  tool,
} from './support.ts'

const OTHER_SOURCE = 'studio-h8ybnd'

/** Eight events; their minutes are their names below. The one of minute -90 comes last. */
async function brew(): Promise<TestIndex> {
  const mine = new MemoryLog('core-a')
  const theirs = new MemoryLog('core-b', OTHER_SOURCE)
  mine.append(prompt({ at: -60 }), tool('Read', { at: -59, context: 'invite.ts' }))
  mine.append(
    response({ at: -58, model: 'claude-opus-4-5' }),
    tool('Edit', { at: -57, context: 'Invite.test.ts' }),
  )
  const test = await openIndex(mine)
  test.now += MINUTE
  const common = { source: OTHER_SOURCE, session: OTHER_SESSION, project: 'tea-leaves' }
  theirs.append(prompt({ ...common, at: -50 }), agent('code-reviewer', { ...common, at: -49 }))
  test.index.follow(theirs)
  await test.index.caughtUp()
  theirs.append(failure('overloaded', { ...common, at: -10 }), tool('mcp__tea__brew', { ...common, at: -90 }))
  await test.index.caughtUp()
  return test
}

async function minutes(test: TestIndex, query: Partial<FeedQuery>): Promise<number[]> {
  const { events } = await test.index.events({ limit: 100, order: 'arrival', ...query })
  return events.map(({ timestamp }) => (Date.parse(timestamp) - NOW) / MINUTE)
}

test('the feed shows the newest arrival first', async () => {
  expect(await minutes(await brew(), {})).toEqual([-90, -10, -49, -50, -57, -58, -59, -60])
})

test('in time order, what came late stands where it belongs', async () => {
  expect(await minutes(await brew(), { order: 'time' })).toEqual([-10, -49, -50, -57, -58, -59, -60, -90])
})

test('a row is the event as it was recorded, with its cursor and when it was received', async () => {
  const log = new MemoryLog()
  const event = prompt({ timestamp: '2026-11-20T09:00:00.123456Z', projectTag: 'ybndrfg8ejkm' })
  log.append(event)
  const test = await openIndex(log)
  const { events } = await test.index.events({ limit: 1, order: 'arrival' })
  const cursor = `${test.arrivals.orderId}.0`
  expect(events).toEqual([{ ...event, cursor, receivedAt: '2026-11-20T10:00:00.000Z' }])
})

test('filters hold together', async () => {
  const test = await brew()
  expect(await minutes(test, { source: [OTHER_SOURCE] })).toEqual([-90, -10, -49, -50])
  expect(await minutes(test, { type: ['tool', 'error'] })).toEqual([-90, -10, -57, -59])
  expect(await minutes(test, { type: ['tool'], project: ['vibetea'] })).toEqual([-57, -59])
  expect(await minutes(test, { session: SESSION, type: ['activity'] })).toEqual([-58, -60])
  expect(await minutes(test, { from: NOW - 59 * MINUTE, to: NOW - 50 * MINUTE })).toEqual([-57, -58, -59])
  expect(await minutes(test, { order: 'time', source: [OTHER_SOURCE], to: NOW - 49 * MINUTE })).toEqual([
    -50, -90,
  ])
  expect(await minutes(test, { project: ['Vibetea'] })).toEqual([])
  expect(await minutes(test, { project: ['tea'] })).toEqual([])
  expect(await minutes(test, { project: ['()'] })).toEqual([])
  expect(await minutes(test, { source: [] })).toEqual([])
})

test('the assistant is a filter like the others', async () => {
  const log = new MemoryLog()
  const other = { session: OTHER_SESSION, project: 'tea-leaves' }
  log.append(
    prompt({ at: -3 }),
    prompt({ at: -2, assistant: 'gemini', ...other }),
    prompt({ at: -1, assistant: 'codex' }),
  )
  const test = await openIndex(log)
  expect(await minutes(test, { assistant: ['gemini'] })).toEqual([-2])
  expect(await minutes(test, { assistant: ['gemini', 'claude'], order: 'time' })).toEqual([-2, -3])
  expect(await minutes(test, { assistant: ['gemini'], project: ['vibetea'] })).toEqual([])
  expect(await minutes(test, { assistant: ['codex'], q: 'vibetea' })).toEqual([-1])
  expect(await minutes(test, { assistant: [] })).toEqual([])
})

test('reading can begin at the oldest that fits, and go on to the newest', async () => {
  const test = await brew()
  for (const order of ['arrival', 'time'] as const) {
    const filter = { order, from: NOW - 60 * MINUTE }
    const all = await minutes(test, filter)
    let page = await test.index.events({ limit: 3, first: 'oldest', ...filter })
    expect(page.next).toBeNull()
    const pages = [page.events]
    while (page.prev !== null) {
      page = await test.index.events({ limit: 3, after: page.prev, ...filter })
      pages.unshift(page.events)
    }
    expect(pages.flat().map(({ timestamp }) => (Date.parse(timestamp) - NOW) / MINUTE)).toEqual(all)
  }
  expect(await minutes(test, { limit: 100, first: 'oldest', q: 'nothing-of-this' })).toEqual([])
})

test('two projects of one name are told apart by their tags', async () => {
  const log = new MemoryLog()
  const [mine, theirs] = ['ybndrfg8ejkm', 'cpqxot1uwisz']
  log.append(prompt({ at: -3 }), prompt({ at: -2, projectTag: mine }), prompt({ at: -1, projectTag: theirs }))
  log.append(prompt({ at: -4, project: 'kettle', projectTag: mine }))
  const test = await openIndex(log)
  expect(await minutes(test, { project: [`vibetea~${mine}`] })).toEqual([-2])
  expect(await minutes(test, { project: [`vibetea~${theirs}`, 'kettle'] })).toEqual([-4, -1])
  expect(await minutes(test, { project: ['vibetea'] })).toEqual([-1, -2, -3])
})

test('search finds beginnings of names of files, tools, models, projects, agents, handles and machines', async () => {
  const test = await brew()
  expect(await minutes(test, { q: 'invite' })).toEqual([-57, -59])
  expect(await minutes(test, { q: 'INVITE.T' })).toEqual([-57, -59])
  expect(await minutes(test, { q: 'invite edit' })).toEqual([-57])
  expect(await minutes(test, { q: 'claude-opus' })).toEqual([-58])
  expect(await minutes(test, { q: 'tea-l' })).toEqual([-90, -10, -49, -50])
  expect(await minutes(test, { q: 'code-rev' })).toEqual([-49])
  expect(await minutes(test, { q: 'm' })).toEqual([-90, -57, -58, -59, -60])
  expect(await minutes(test, { q: handleOf(SESSION) })).toEqual([-57, -58, -59, -60])
  expect(await minutes(test, { q: handleOf(SESSION).split('-')[1]! })).toEqual([-57, -58, -59, -60])
  expect(await minutes(test, { q: 'studio', type: ['error'] })).toEqual([-10])
  expect(await minutes(test, { q: 'invite', order: 'time', source: [OTHER_SOURCE] })).toEqual([])
  expect(await minutes(test, { q: '  ' })).toHaveLength(8)
})

test('nothing that is typed is read as the syntax of search, and types are not names', async () => {
  const test = await brew()
  for (const q of [
    '"',
    '""',
    '*',
    'a*b',
    'invite"*',
    'NEAR(a b)',
    'terms:x',
    '-',
    '^',
    '日本',
    'a AND',
    '(',
    '\0',
  ]) {
    expect(await minutes(test, { q })).not.toContain(-60)
  }
  expect(await minutes(test, { q: 'type=tool' })).toEqual([])
  const order = fc.constantFrom('arrival' as const, 'time' as const)
  const seed = Number(process.env.VIBETEA_SEED ?? Date.now() % 2 ** 31)
  process.stdout.write(`seed ${seed}\n`)
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), order, async (q, order) => {
      await minutes(test, { q, order })
    }),
    { seed, numRuns: 200 },
  )
})

test('pages lead from the newest row to the oldest and back, without a gap or a repeat', async () => {
  const test = await brew()
  for (const order of ['arrival', 'time'] as const) {
    for (const filter of [{}, { q: 'm' }, { type: ['tool', 'activity'] as const }]) {
      const all = await minutes(test, { order, ...filter })
      const pages: string[][] = []
      let page = await test.index.events({ limit: 3, order, ...filter })
      expect(page.prev).toBeNull()
      for (;;) {
        pages.push(page.events.map(({ timestamp }) => timestamp))
        if (page.next === null) break
        page = await test.index.events({ limit: 3, order, before: page.next, ...filter })
      }
      expect(pages.flat().map((at) => (Date.parse(at) - NOW) / MINUTE)).toEqual(all)
      const back: string[][] = [pages.at(-1)!]
      while (page.prev !== null) {
        page = await test.index.events({ limit: 3, order, after: page.prev, ...filter })
        back.unshift(page.events.map(({ timestamp }) => timestamp))
      }
      expect(back.flat()).toEqual(pages.flat())
    }
  }
})

test('a cursor of another node is refused', async () => {
  const test = await brew()
  for (const cursor of ['', 'x', 'other.0', `${test.arrivals.orderId}.!`, `${test.arrivals.orderId}.`]) {
    await expect(test.index.events({ limit: 1, order: 'arrival', before: cursor })).rejects.toMatchObject({
      code: 'invalid_cursor',
    })
    expect(await test.index.after(cursor, 10)).toBeNull()
  }
})

test('whoever was away gets what came since, or is told that it is too much', async () => {
  const test = await brew()
  const { events } = await test.index.events({ limit: 100, order: 'arrival' })
  const since = await test.index.after(events[3]!.cursor, 3)
  expect(since).toEqual(events.slice(0, 3).reverse())
  expect(await test.index.after(events[3]!.cursor, 2)).toBeNull()
  expect(await test.index.after(test.index.head, 2)).toEqual([])
  expect(test.index.head).toBe(events[0]!.cursor)
})

test('an event from a clock that is ahead counts as ten minutes after it was received, and is shown as it is', async () => {
  const log = new MemoryLog()
  log.append(prompt({ at: 600 }), prompt({ at: 9 }))
  const test = await openIndex(log)
  const upTo = (minute: number) => minutes(test, { order: 'time', to: NOW + minute * MINUTE })
  expect(await upTo(10)).toEqual([9])
  expect(await upTo(11)).toEqual([600, 9])
})

test('everything can be read in time order, some at a time', async () => {
  const test = await brew()
  const read: number[] = []
  for await (const events of test.index.inTimeOrder({ type: ['tool', 'activity'] })) {
    read.push(...events.map(({ timestamp }) => (Date.parse(timestamp) - NOW) / MINUTE))
  }
  expect(read).toEqual([-90, -60, -59, -58, -57, -50].sort((a, b) => a - b))
})
