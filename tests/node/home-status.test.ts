import { expect, test } from 'vitest'
import { ignoredStatus, settingsStatus } from '../../node/home-status.ts'
import { Notices } from '../../node/notices.ts'

test('what ignore files keep out is told by directory, with the times of which something is known', () => {
  const from = Date.parse('2026-11-01T08:00:00Z')
  const status = ignoredStatus(
    new Map([
      ['/home/ada/work', [{ from, to: Infinity, patterns: 'acme*\n*.key' }]],
      ['/home/ada/diary', [{ from: -Infinity, to: from, patterns: '' }]],
    ]),
  )
  expect(status).toEqual([
    { directory: '/home/ada/diary', patterns: [], from: null, to: '2026-11-01T08:00:00.000Z' },
    { directory: '/home/ada/work', patterns: ['acme*', '*.key'], from: '2026-11-01T08:00:00.000Z', to: null },
  ])
})

test('settings are told without what is nobody’s business', () => {
  const settings = { retentionDays: 30, historyDays: 365, basenameAllowlist: new Set(['ts', 'rs']) }
  expect(settingsStatus({ ...settings, ...{ privateKey: 'SECRET' } })).toEqual({
    retentionDays: 30,
    historyDays: 365,
    basenameAllowlist: ['rs', 'ts'],
  })
  expect(settingsStatus({ ...settings, basenameAllowlist: null }).basenameAllowlist).toBeNull()
})

test('what was said is told to who looks later: the last twenty, without what cannot be seen', () => {
  const said: string[] = []
  const log = (text: string) => void said.push(text)
  const notices = new Notices({ info: log, warn: log, error: log } as never, () => 0)
  for (let i = 1; i <= 25; i++) notices.say('warning', `kettle ${i}\u202E`)
  expect(notices.last()).toHaveLength(20)
  expect(notices.last()[0]).toEqual({ level: 'warning', message: 'kettle 6', at: '1970-01-01T00:00:00.000Z' })
  expect(said).toHaveLength(25)
})
