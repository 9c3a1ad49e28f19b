import { expect, test } from 'vitest'
import { eventsIn } from '../../support/events.ts'
import { MemoryLog, openIndex, prompt } from './support.ts'

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
  expect(eventsIn(month.aggregates)).toBe(6)
  expect(month.meta).toEqual({
    totalCount: month.aggregates.length,
    daysRequested: 30,
    fetchedAt: '2026-11-20T10:00:00.000Z',
    timeZone: 'UTC',
    history: null,
  })
})

test('the heatmap takes of each source and hour of UTC what the archive knows more', async () => {
  const log = new MemoryLog()
  for (const at of [-10, -50, -70]) log.append(prompt({ at }))
  const { index } = await openIndex(log)
  const archived = (source: string, time: string, count: number) => ({
    source,
    bucket: Date.parse(time) / 900_000,
    count,
  })
  const beside = {
    archived: [
      archived('macbook-k3f9xq', '2026-11-20T09:00:00Z', 1),
      archived('macbook-k3f9xq', '2026-11-20T08:00:00Z', 7),
      archived('gone-h8ybnd', '2026-11-16T08:00:00Z', 5),
    ],
  }
  const ask = async (options: object) =>
    (await index.heatmap({ days: 7, timeZone: 'UTC', ...options }, beside)).aggregates.map(
      ({ source, date, hour, eventCount }) => `${source} ${date} ${hour}: ${eventCount}`,
    )
  const mine = ['macbook-k3f9xq 2026-11-20 8: 7', 'macbook-k3f9xq 2026-11-20 9: 2']
  expect(await ask({})).toEqual(['gone-h8ybnd 2026-11-16 8: 5', ...mine])
  expect(await ask({ source: ['macbook-k3f9xq'] })).toEqual(mine)
  expect(await index.lastBucketAt('macbook-k3f9xq')).toBe(Date.parse('2026-11-20T09:45:00Z'))
  expect(await index.lastBucketAt('gone-h8ybnd')).toBeNull()
})

test('the heatmap passes on the gaps that reach into its time', async () => {
  const { index } = await openIndex()
  const gap = (source: string, from: string, to: string) => ({ source, from, to, reason: 'paused' as const })
  const recent = gap(STUDIO, '2026-11-19T10:00:00.000Z', '2026-11-19T11:00:00.000Z')
  const gaps = [recent, gap(STUDIO, '2026-10-01T10:00:00.000Z', '2026-10-01T11:00:00.000Z')]
  expect((await index.heatmap({ days: 7, timeZone: 'UTC' }, { gaps })).gaps).toEqual([recent])
  expect(
    (await index.heatmap({ days: 7, timeZone: 'UTC', source: ['other-k3f9xq'] }, { gaps })).gaps,
  ).toEqual([])
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
