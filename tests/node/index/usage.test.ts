import { expect, test } from 'vitest'
import type { StatsBy } from '../../../core/api.ts'
import { Database } from '../../../node/sqlite.ts'
import {
  failure,
  MemoryLog,
  MINUTE,
  NOW,
  openIndex,
  OTHER_SESSION,
  prompt,
  response,
  tool,
} from './support.ts'

const STUDIO = 'studio-h8ybnd'

const TOKENS = { input: 1, output: 20, cacheRead: 300, cacheWrite: 4000 }
const NO_TOKENS = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
const NONE = {
  events: 0,
  tools: 0,
  failures: 0,
  responses: 0,
  prompts: 0,
  errors: 0,
  tokens: NO_TOKENS,
  models: [],
}

test('counts are by source, project, model, tool and assistant, sorted by name, each with its tokens by model', async () => {
  const log = new MemoryLog()
  const tokens = TOKENS
  log.append(prompt(), response({ model: 'b-model', tokens }), response({ model: 'a-model', tokens }))
  log.append(tool('Edit'), tool('Edit', { status: 'completed' }), tool('Bash', { status: 'failed' }))
  log.append(failure('auth', { project: 'kettle', assistant: 'codex' }), prompt({ at: -3 * 1440 }))
  const { index } = await openIndex(log)
  const rows = async (by: StatsBy, days = 1) => (await index.stats({ by, days })).rows
  const one = (model: string) => {
    return { ...NONE, key: model, events: 1, responses: 1, tokens, models: [{ model, tokens }] }
  }
  expect(await rows('model')).toEqual([one('a-model'), one('b-model')])
  expect(await rows('tool')).toEqual([
    { ...NONE, key: 'Bash', events: 1, failures: 1 },
    { ...NONE, key: 'Edit', events: 2, tools: 1 },
  ])
  const both = ['a-model', 'b-model'].map((model) => ({ model, tokens }))
  const twice = { input: 2, output: 40, cacheRead: 600, cacheWrite: 8000 }
  const mine = {
    ...NONE,
    events: 6,
    tools: 1,
    failures: 1,
    responses: 2,
    prompts: 1,
    tokens: twice,
    models: both,
  }
  expect(await rows('project')).toEqual([
    { ...NONE, key: 'kettle', events: 1, errors: 1 },
    { ...mine, key: 'vibetea' },
  ])
  expect((await rows('assistant')).map(({ key }) => key)).toEqual(['claude', 'codex'])
  expect(await rows('source')).toEqual([{ ...mine, key: 'macbook-k3f9xq', events: 7, errors: 1 }])
  expect((await rows('source', 4))[0]!.events).toBe(8)
  expect(await index.totals()).toEqual([{ source: 'macbook-k3f9xq', events: 8 }])
})

test('counts can be those of some sources, which need not be known', async () => {
  const log = new MemoryLog()
  log.append(prompt(), prompt({ source: STUDIO, session: OTHER_SESSION }), tool('Edit', { source: STUDIO }))
  const { index } = await openIndex(log)
  const of = async (by: StatsBy, source: string[]) => {
    const { rows, sessions } = await index.stats({ by, days: 1, source })
    return [sessions, ...rows.map(({ key, events }) => `${key} ${events}`)]
  }
  expect(await of('project', [STUDIO])).toEqual([2, 'vibetea 2'])
  expect(await of('tool', [STUDIO])).toEqual([2, 'Edit 1'])
  expect(await of('tool', ['macbook-k3f9xq'])).toEqual([1])
  expect(await of('source', [STUDIO, 'macbook-k3f9xq'])).toEqual([3, 'macbook-k3f9xq 1', `${STUDIO} 2`])
  expect(await of('project', ['nobody-k3f9xq'])).toEqual([0])
})

test('days begin where they do in a zone, to the quarter of an hour, and at the hour that a person says', async () => {
  const log = new MemoryLog()
  // 5:45 ahead of UTC midnight is 18:15; the day before yesterday, yesterday twice, today.
  for (const time of ['18T18:14:59.999', '18T18:15:00.000', '19T18:14:59.999', '19T18:15:00.000']) {
    log.append(prompt({ timestamp: `2026-11-${time}Z` }))
  }
  const { index } = await openIndex(log)
  const daily = async (days: number, timeZone: string, dayStart = 0) => {
    const { from, to, rows } = await index.stats({ by: 'day', days, timeZone, dayStart })
    return { from, to, days: rows.map(({ key, events }) => `${key}: ${events}`) }
  }
  expect(await daily(2, 'Asia/Kathmandu')).toEqual({
    from: '2026-11-18T18:15:00.000Z',
    to: '2026-11-20T18:15:00.000Z',
    days: ['2026-11-19: 2', '2026-11-20: 1'],
  })
  expect((await daily(30, 'Asia/Kathmandu')).days).toEqual([
    '2026-11-18: 1',
    '2026-11-19: 2',
    '2026-11-20: 1',
  ])
  expect(await daily(1, 'Asia/Kathmandu', 4)).toMatchObject({ from: '2026-11-19T22:15:00.000Z', days: [] })
  expect((await daily(2, 'Europe/Berlin')).days).toEqual(['2026-11-19: 2'])
  expect((await daily(3, 'UTC', 19)).days).toEqual(['2026-11-17: 2', '2026-11-18: 2'])
})

test('a day on which clocks change has its 23 or 25 hours', async () => {
  const test = await openIndex()
  const hours = async (now: string, dayStart: number) => {
    test.now = Date.parse(now)
    const { from, to } = await test.index.stats({
      by: 'day',
      days: 1,
      timeZone: 'America/New_York',
      dayStart,
    })
    return (Date.parse(to) - Date.parse(from)) / (60 * MINUTE)
  }
  expect(await hours('2026-11-01T18:00:00Z', 0)).toBe(25)
  expect(await hours('2026-03-08T18:00:00Z', 0)).toBe(23)
  expect(await hours('2026-11-01T18:00:00Z', 4)).toBe(24)
  expect(await hours('2026-11-01T06:00:00Z', 4)).toBe(25)
})

test('a long time is counted as exactly as the sum of its days', async () => {
  const log = new MemoryLog()
  const tokens = { output: 1 }
  for (let minutes = 0; minutes < 40 * 1440; minutes += 613) log.append(response({ at: -minutes, tokens }))
  const { index } = await openIndex(log)
  for (const timeZone of ['Asia/Kolkata', 'Pacific/Auckland', 'UTC']) {
    const options = { days: 30, timeZone }
    const days = (await index.stats({ by: 'day', ...options })).rows
    const [model] = (await index.stats({ by: 'model', ...options })).rows
    const { from, to } = await index.stats({ by: 'tool', ...options })
    const minutesBetween = Array.from({ length: 40 * 1440 }, (_, i) => NOW - i * MINUTE).filter(
      (at, i) => i % 613 === 0 && at >= Date.parse(from) && at < Date.parse(to),
    )
    expect(model!.tokens.output).toBe(minutesBetween.length)
    expect(days.reduce((sum, row) => sum + row.tokens.output, 0)).toBe(minutesBetween.length)
  }
})

test('an index of an older version is built anew', async () => {
  const log = new MemoryLog()
  log.append(prompt())
  const test = await openIndex(log)
  await test.index.close()
  const db = await Database.open(test.path)
  await db.exec('PRAGMA user_version = 1')
  await db.close()
  await test.open()
  expect(test.notices).toEqual([
    'warning: The index was made by an older version of VibeTea. It is being built anew.',
  ])
  test.index.follow(log)
  await test.index.caughtUp()
  expect((await test.index.stats({ by: 'source', days: 1 })).rows[0]!.events).toBe(1)
})
