import { describe, expect, test } from 'vitest'
import { keyText } from '../../core/secrets.ts'
import type { Writer } from '../../core/writer.ts'
import { membersOf, peersOf, type TeamView } from '../../node/people-rows.ts'

const NOW = Date.parse('2026-11-20T10:00:00Z')
const key = (n: number) => new Uint8Array(32).fill(n)
const writer = (n: number, more: Partial<Writer> = {}): Writer => ({
  device: key(n),
  incarnation: new Uint8Array(8).fill(n),
  noise: key(100 + n),
  role: 'member',
  issuedAt: NOW,
  cut: null,
  floor: 0,
  hasLeft: false,
  ...more,
})

const view = (more: Partial<TeamView> = {}): TeamView => ({
  self: {
    device: keyText(key(1)),
    source: 'mac-aaaaaa',
    name: 'Ada',
    role: 'member',
    version: '1.0.0',
    presence: 'active',
    isArchiver: false,
    utcOffsetMinutes: 60,
  },
  writers: [writer(1), writer(3), writer(2)],
  profileOf: (device) =>
    device[0] === 2 ? { name: 'Bruno', source: 'studio-bbbbbb' } : device[0] === 3 ? { name: 'Chiyo' } : null,
  connectionOf: (noise) => (noise[0] === 102 ? 'direct' : 'offline'),
  pathOf: () => 'local',
  presenceOf: (device) => (device[0] === 2 ? 'waiting' : null),
  versionOf: (device) => (device[0] === 2 ? '1.3.0' : null),
  clockAheadOf: () => 0,
  logs: [
    { device: key(2), behind: 3, problem: null },
    { device: key(2), behind: 4, problem: 'It grew too fast.' },
  ],
  lastSeen: new Map([[keyText(key(3)), NOW - 60_000]]),
  now: NOW,
  ...more,
})

describe('the people of a team', () => {
  test('are oneself first and then the others by name, whatever they did', () => {
    const all = view()
    expect(membersOf(all, peersOf(all))).toMatchObject([
      { name: 'Ada', isSelf: true, presence: 'active', connection: null },
      { name: 'Bruno', source: 'studio-bbbbbb', presence: 'waiting', connection: 'direct', version: '1.3.0' },
      { name: 'Chiyo', presence: 'offline', connection: 'offline', lastSeen: '2026-11-20T09:59:00.000Z' },
    ])
  })

  test('are known for archiving by what they say, oneself by what one does', () => {
    const archivers = (isSelf: boolean, isOther: boolean) => {
      const profileOf = () => (isOther ? { isArchiver: true as const } : {})
      const all = view({ self: { ...view().self, isArchiver: isSelf }, profileOf })
      return membersOf(all, peersOf(all)).map(({ isArchiver }) => isArchiver)
    }
    expect(archivers(true, false)).toEqual([true, false, false])
    expect(archivers(false, true)).toEqual([false, true, true])
  })

  test('are behind by what all logs of their devices lack, and say what is wrong with one', () => {
    expect(peersOf(view())[0]).toMatchObject({ behind: 7, problem: 'It grew too fast.' })
    expect(peersOf(view()).map(({ path }) => path)).toEqual(['local', null])
  })

  test('without a profile have the name of their device', () => {
    const device = keyText(key(4)).slice(0, 6)
    const peers = peersOf(view({ writers: [writer(1), writer(4, { role: 'reader' })] }))
    expect(peers).toMatchObject([{ name: `unknown-${device}`, role: 'reader', lastSeen: null }])
  })

  test('say how far their clocks are ahead, which is no problem of their logs', () => {
    const peers = peersOf(view({ logs: [], clockAheadOf: () => 2 * 3_600_000 }))
    expect(peers.map(({ problem, clockAheadMs }) => [problem, clockAheadMs])).toEqual([
      [null, 7_200_000],
      [null, 7_200_000],
    ])
  })

  test('say where the clock on their wall stands, where they do', () => {
    const told = view({ profileOf: (device) => (device[0] === 2 ? { utcOffsetMinutes: -180 } : {}) })
    const offsets = membersOf(told, peersOf(told)).map((row) => [row.device, row.utcOffsetMinutes])
    expect(Object.fromEntries(offsets)).toEqual({
      [keyText(key(1))]: 60,
      [keyText(key(2))]: -180,
      [keyText(key(3))]: null,
    })
  })

  test('are one row a device, of its latest certificate, and none who left', () => {
    const again = writer(2, { incarnation: new Uint8Array(8).fill(9), issuedAt: NOW + 1, role: 'reader' })
    const peers = peersOf(view({ writers: [again, writer(2), writer(3, { hasLeft: true })] }))
    expect(peers).toMatchObject([{ name: 'Bruno', role: 'reader' }])
  })
})
