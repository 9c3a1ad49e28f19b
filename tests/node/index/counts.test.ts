import { expect, test } from 'vitest'
import { failure, MemoryLog, openIndex, prompt, response, tool } from './support.ts'

const STUDIO = 'studio-h8ybnd'
const FILE = 'ybndrfg8ejkm'

test('the heatmap counts by source and local hour, in zones of every offset', async () => {
  const log = new MemoryLog()
  // 09:50, 09:10 and 08:50 UTC; a week less an hour ago; nine days ago.
  for (const at of [-10, -50, -70, -7 * 1440 + 61, -9 * 1440]) log.append(prompt({ at }))
  log.append(prompt({ at: -10, source: STUDIO }))
  const { index } = await openIndex(log)
  const cells = async (timeZone: string, source?: string[]) => {
    const { aggregates } = await index.heatmap({ days: 7, timeZone, ...(source && { source }) })
    return aggregates.map(({ source, date, hour, eventCount }) => `${source} ${date} ${hour}: ${eventCount}`)
  }
  expect(await cells('UTC')).toEqual([
    'macbook-k3f9xq 2026-11-20 8: 1',
    'macbook-k3f9xq 2026-11-20 9: 2',
    'studio-h8ybnd 2026-11-20 9: 1',
  ])
  expect(await cells('Asia/Kathmandu', [STUDIO])).toEqual(['studio-h8ybnd 2026-11-20 15: 1'])
  // 5:45 ahead: 08:50, 09:10 and 09:50 UTC are 14:35, 14:55 and 15:35.
  expect(await cells('Asia/Kathmandu', ['macbook-k3f9xq'])).toEqual([
    'macbook-k3f9xq 2026-11-20 14: 2',
    'macbook-k3f9xq 2026-11-20 15: 1',
  ])
  // At UTC+14 today is the 21st, and the window begins at 10:00 UTC on the 14th.
  expect(await cells('Pacific/Kiritimati', ['macbook-k3f9xq'])).toEqual([
    'macbook-k3f9xq 2026-11-20 22: 1',
    'macbook-k3f9xq 2026-11-20 23: 2',
  ])
  const month = await index.heatmap({ days: 30, timeZone: 'UTC' })
  expect(month.meta).toEqual({
    totalCount: 6,
    daysRequested: 30,
    fetchedAt: '2026-11-20T10:00:00.000Z',
    timeZone: 'UTC',
  })
})

test('the heatmap passes on the gaps that reach into its time', async () => {
  const { index } = await openIndex()
  const gap = (source: string, from: string, to: string) => ({ source, from, to, reason: 'paused' as const })
  const recent = gap(STUDIO, '2026-11-19T10:00:00.000Z', '2026-11-19T11:00:00.000Z')
  const gaps = [recent, gap(STUDIO, '2026-10-01T10:00:00.000Z', '2026-10-01T11:00:00.000Z')]
  expect((await index.heatmap({ days: 7, timeZone: 'UTC' }, gaps)).gaps).toEqual([recent])
  expect((await index.heatmap({ days: 7, timeZone: 'UTC', source: ['other-k3f9xq'] }, gaps)).gaps).toEqual([])
})

test('stats count by source, project, model, tool and assistant, sorted by name', async () => {
  const log = new MemoryLog()
  const tokens = { input: 1, output: 20, cacheRead: 300, cacheWrite: 4000 }
  log.append(prompt(), response({ model: 'b-model', tokens }), response({ model: 'a-model', tokens }))
  log.append(tool('Edit'), tool('Edit', { status: 'completed' }), tool('Bash', { status: 'failed' }))
  log.append(failure('auth', { project: 'kettle', assistant: 'codex' }), prompt({ at: -3 * 1440 }))
  const { index } = await openIndex(log)
  const none = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  const zero = { events: 0, tools: 0, failures: 0, responses: 0, prompts: 0, errors: 0, tokens: none }
  const one = { ...zero, events: 1, responses: 1, tokens }
  expect(await index.stats('model', 1)).toEqual({
    by: 'model',
    days: 1,
    rows: [
      { key: 'a-model', ...one },
      { key: 'b-model', ...one },
    ],
  })
  expect((await index.stats('tool', 1)).rows).toEqual([
    { ...zero, key: 'Bash', events: 1, failures: 1 },
    { ...zero, key: 'Edit', events: 2, tools: 1 },
  ])
  const twice = { input: 2, output: 40, cacheRead: 600, cacheWrite: 8000 }
  const mine = { events: 6, tools: 1, failures: 1, responses: 2, prompts: 1, errors: 0, tokens: twice }
  expect((await index.stats('project', 1)).rows).toEqual([
    { ...zero, key: 'kettle', events: 1, errors: 1 },
    { key: 'vibetea', ...mine },
  ])
  expect((await index.stats('assistant', 1)).rows.map(({ key }) => key)).toEqual(['claude', 'codex'])
  expect((await index.stats('source', 1)).rows).toEqual([
    { key: 'macbook-k3f9xq', ...mine, events: 7, errors: 1 },
  ])
  expect((await index.stats('source', 4)).rows[0]!.events).toBe(8)
  expect(await index.totals()).toEqual([{ source: 'macbook-k3f9xq', events: 8 }])
})

test('projects of a source are told apart by their tags', async () => {
  const log = new MemoryLog()
  log.append(prompt(), prompt({ projectTag: FILE }), prompt({ source: STUDIO, project: 'kettle' }))
  const { index } = await openIndex(log)
  expect(await index.projects('macbook-k3f9xq')).toEqual([
    { project: 'vibetea' },
    { project: 'vibetea', projectTag: FILE },
  ])
})
