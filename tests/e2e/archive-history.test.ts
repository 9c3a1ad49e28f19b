import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { HeatmapAnswer } from '../../core/api.ts'
import { ClaudeSession } from '../support/claude-session.ts'
import type { RunningNode } from '../support/cli.ts'
import { startNode, until } from '../support/cli.ts'
import { FakeArchive } from '../support/fake-archive.ts'
import { eventsIn } from '../support/events.ts'
import { emptyMachine } from '../support/machine.ts'

const HOUR = 3_600_000
const GONE = 'gone-h8ybnd'

const heat = (node: RunningNode, more = '') => node.get<HeatmapAnswer>(`/api/heatmap?tz=UTC${more}`)
const hourOf = (ms: number) => ({
  date: new Date(ms).toISOString().slice(0, 10),
  hour: new Date(ms).getUTCHours(),
})

describe('a node that may read the team’s archive', () => {
  test('counts in what it has no longer, and goes on with what it has when the archive is away', async () => {
    const { directory, variables } = emptyMachine()
    const startedAt = Date.now() - 30 * HOUR
    new ClaudeSession(join(directory, 'claude'), randomUUID(), '/code/web-app', startedAt).prompt('Brew')
    const archive = await FakeArchive.start()
    const settings = {
      ...variables,
      VIBETEA_SUPABASE_URL: archive.url,
      VIBETEA_SUPABASE_KEY: 'sb_publishable_1',
      VIBETEA_SUBSCRIBER_TOKEN: 'subscriber-token',
    }
    archive.instead = () => undefined
    const first = await startNode(settings)
    const local = await until(
      () => heat(first),
      ({ aggregates }) => aggregates.length > 0,
    )
    expect(local.meta.history).toEqual({ state: 'loading', fetchedAt: null, message: null })
    await first.end('SIGTERM')

    const [own] = local.aggregates
    archive.instead = null
    archive.aggregates = [
      { ...own!, eventCount: own!.eventCount + 5 },
      { source: GONE, ...hourOf(Date.now() - 50 * HOUR), eventCount: 7 },
    ]
    const second = await startNode(settings)
    const merged = await until(
      () => heat(second),
      ({ meta, aggregates }) => meta.history?.state === 'fresh' && eventsIn(aggregates) > 12,
    )
    expect(eventsIn(merged.aggregates)).toBe(eventsIn(local.aggregates) + 5 + 7)
    expect((await heat(second, `&source=${GONE}`)).aggregates).toEqual([archive.aggregates[1]])
    expect(archive.asked.at(-1)!.headers.apikey).toBe('sb_publishable_1')

    await archive.stop()
    expect((await heat(second, '&retry=1')).aggregates).toEqual(merged.aggregates)
    const away = await until(
      () => heat(second),
      ({ meta }) => meta.history?.state === 'failed',
    )
    expect(away.meta.history!.message).toContain('The archive does not answer.')
    expect(away.aggregates).toEqual(merged.aggregates)
  })

  test('asks nobody where none is set', async () => {
    const { variables } = emptyMachine()
    const archive = await FakeArchive.start()
    const node = await startNode({ ...variables, VIBETEA_SUPABASE_URL: archive.url })
    expect((await heat(node, '&retry=1')).meta.history).toBeNull()
    expect(archive.asked).toEqual([])
  })
})
