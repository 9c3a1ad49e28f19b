import { expect, test } from 'vitest'
import type { SessionRow } from '../../core/api.ts'
import { Holdings } from '../../node/holdings.ts'
import { type RosterRow, unnamedSource } from '../../node/people-rows.ts'

const AT = Date.parse('2026-11-20T08:00:00Z')
const DEVICE = 'ybndrfg8ejkmcpqxot1uwisza345h769ybndrfg8ejkmcpqxot1u'

test('a member whose profile has not come has the name of the machine in its events, once there are some', async () => {
  let tell: (rows: readonly SessionRow[]) => void = () => undefined
  const holdings = new Holdings({
    totals: () => Promise.resolve([{ source: 'laptop-ybndrf', events: 7 }]),
    lastSessions: () => Promise.resolve([]),
    onSessions: (listener) => {
      tell = listener
      return () => undefined
    },
  })
  const source = unnamedSource(DEVICE)
  const stranger = { device: DEVICE, source, name: source } as RosterRow
  expect(holdings.with([stranger])).toMatchObject([{ source, name: source, eventsHeld: 0 }])
  await holdings.refresh()
  const lastEventAt = new Date(AT).toISOString()
  tell([
    { source: 'laptop-ybndrf', lastEventAt },
    { source: 'desk-rfybnd', lastEventAt },
  ] as SessionRow[])
  expect(holdings.with([stranger])).toMatchObject([
    { source: 'laptop-ybndrf', name: 'laptop-ybndrf', eventsHeld: 7, lastSessionAt: lastEventAt },
  ])
  const named = { ...stranger, source: 'tower-ybndrf', name: 'Dana' }
  expect(holdings.with([named])).toMatchObject([{ source: 'tower-ybndrf', name: 'Dana' }])
})
