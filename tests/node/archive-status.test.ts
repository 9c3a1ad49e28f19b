import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { ArchiveStatus, StatusAnswer } from '../../core/api.ts'
import { Archiving } from '../../node/archiving.ts'
import { archiveProblems, archiveRows } from '../../node/cli/archive-status.ts'
import { createLogger } from '../../node/home/logger.ts'
import { State } from '../../node/home/state.ts'
import { prometheus } from '../../node/metrics.ts'
import { Notices } from '../../node/notices.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { FakeIngest } from '../support/fake-ingest.ts'
import { TestClock } from './api/support.ts'
import { eventsOf, member, open, until } from './log/team.ts'

const NOW = Date.parse('2026-11-20T10:00:00Z')
const STATUS: ArchiveStatus = {
  state: 'idle',
  url: 'https://abc.supabase.co/functions/v1',
  behind: 0,
  sent: 0,
  inserted: 0,
  rejected: {},
  lastSuccessAt: null,
  retryAt: null,
  problem: null,
  held: [],
}
const lines = (more: Partial<ArchiveStatus>) =>
  archiveRows({ ...STATUS, ...more }, NOW).map(([, line]) => line)

describe('What vibetea status says of the archive', () => {
  test('is nothing where the node archives nothing', () => {
    expect(archiveRows(null, NOW)).toEqual([])
    expect(archiveProblems(null)).toEqual([])
  })

  test('is where it is, how it stands and what it took', () => {
    expect(archiveRows(STATUS, NOW)).toEqual([
      ['archive', 'https://abc.supabase.co/functions/v1'],
      ['', 'up to date, 0 blocks behind, has taken nothing yet'],
      ['', '0 events sent since the start, 0 of them new there'],
    ])
    const busy: Partial<ArchiveStatus> = {
      behind: 1200,
      sent: 12_345,
      inserted: 12_000,
      rejected: { too_old: 1500, invalid_event: 2 },
      lastSuccessAt: '2026-11-20T09:57:00.000Z',
    }
    expect(lines(busy).slice(1)).toEqual([
      'waiting for its turn, 1,200 blocks behind, last took events 3 min ago',
      '12,345 events sent since the start, 12,000 of them new there',
      'left out there: 1,500 too_old, 2 invalid_event',
    ])
    expect(lines({ ...busy, state: 'sending' })[1]).toMatch(/^sending, /)
  })

  test('is when it is tried again, and why it fails', () => {
    const failing: Partial<ArchiveStatus> = {
      state: 'retrying',
      retryAt: '2026-11-20T10:00:40.000Z',
      problem: 'The archive does not answer.',
      held: [{ source: 'box-k3f9xq', problem: 'The archive does not take the log of box-k3f9xq. Why.' }],
    }
    expect(lines(failing)[1]).toMatch(/^failing, tried again in 40 s, /)
    expect(lines({ ...failing, state: 'refused' })[1]).toMatch(/^refusing, tried again in 40 s, /)
    expect(lines({ ...failing, retryAt: null })[1]).toMatch(/^failing, tried again now, /)
    expect(archiveProblems({ ...STATUS, ...failing })).toEqual([
      'problem: The archive does not answer.',
      'problem: The archive does not take the log of box-k3f9xq. Why.',
    ])
  })
})

describe('What Prometheus is told of the archive', () => {
  const node = { version: '1.0.0', source: 'mac-k3f9xq' }
  const metrics = (archive: ArchiveStatus | null) =>
    prometheus({ node, logs: [], sources: [], archive, refused: {} } as unknown as StatusAnswer, [])
      .split('\n')
      .filter((line) => line.startsWith('vibetea_archive'))

  test('is nothing where the node archives nothing', () => {
    expect(metrics(null)).toEqual([])
  })

  test('is what was sent, what was left out and whether it fails', () => {
    expect(metrics({ ...STATUS, behind: 7, rejected: { too_old: 3, 'o"dd': 1 } })).toEqual([
      'vibetea_archive_sent_total 0',
      'vibetea_archive_inserted_total 0',
      'vibetea_archive_rejected_total{error="too_old"} 3',
      'vibetea_archive_rejected_total{error="o\\"dd"} 1',
      'vibetea_archive_behind_blocks 7',
      'vibetea_archive_failing 0',
      'vibetea_archive_held_logs 0',
    ])
    const failing = metrics({ ...STATUS, state: 'refused', lastSuccessAt: '2026-11-20T10:00:00.900Z' })
    expect(failing).toContain('vibetea_archive_failing 1')
    expect(failing).toContain(`vibetea_archive_last_success_timestamp_seconds ${NOW / 1000}`)
  })
})

test('a node is degraded once its archive has taken nothing for five minutes, and well again when it does', async () => {
  const clock = new TestClock()
  const archive = await FakeIngest.start()
  archive.instead = (response) => {
    response.writeHead(503).end()
    return true
  }
  const ada = member(1)
  const store = await open(ada)
  await store.events!.append([eventsOf(ada, 3)])
  const home = temporaryDirectory()
  const state = await State.open({ home, now: Date.now, random: randomBytes })
  const notices = new Notices(createLogger('silent'), Date.now)
  const archiving = new Archiving(
    archive.url,
    { store, roster: { certificateOf: () => new Uint8Array(8), records: () => [new Uint8Array(8)] } },
    {
      file: { role: 'member' },
      settings: {
        supabaseUrl: archive.url,
        supabaseKey: null,
        supabaseBatchIntervalSecs: 60,
        supabaseRetryLimit: 3,
      },
      state,
      notices,
      timers: clock,
      random: randomBytes,
      onError: (error) => {
        throw error
      },
    },
  )
  expect(archiving.isDegraded).toBe(false)
  await archiving.start()
  await until(() => archiving.status().retryAt !== null)
  expect(archiving.status().state).toBe('retrying')
  expect(archiving.isDegraded).toBe(false)
  for (let minute = 0; minute < 5; minute++) {
    const tried = archive.calls.length
    clock.pass(60_000)
    await until(() => archive.calls.length > tried && archiving.status().retryAt !== null)
  }
  expect(archiving.isDegraded).toBe(true)
  expect(notices.last().filter(({ level }) => level === 'warning')).toHaveLength(1)
  archive.instead = null
  clock.pass(3_600_000)
  await until(() => archiving.status().sent === 3)
  expect(archiving.isDegraded).toBe(false)
  await archiving.close()
  await state.close()
})
