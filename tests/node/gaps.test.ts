import { describe, expect, test } from 'vitest'
import type { PeerStatus } from '../../core/api.ts'
import { gapsOf, type GapsOptions } from '../../node/gaps.ts'

const NOW = Date.parse('2026-11-20T08:00:00Z')
const HOUR = 3_600_000
const DAY = 24 * HOUR
const iso = (ms: number) => new Date(ms).toISOString()

type Peer = Pick<PeerStatus, 'source' | 'role' | 'behind' | 'connection'>
const bruno: Peer = { source: 'thinkpad-y7d1rt', role: 'member', behind: 0, connection: 'offline' }

const gaps = (change: Partial<GapsOptions> = {}, days = 30) =>
  gapsOf(days, {
    self: 'macbook-k3f9xq',
    pauses: [],
    peers: [],
    historyDays: 365,
    retentionDays: 30,
    lastAt: () => Promise.resolve(NOW - 5 * HOUR),
    now: NOW,
    ...change,
  })

describe('what is not known', () => {
  test('is nothing where everything is here, whoever is away', async () => {
    expect(await gaps({ peers: [bruno] })).toEqual([])
  })

  test('is what happened while recording was paused, up to now', async () => {
    const pauses = [{ from: NOW - 2 * HOUR, to: Infinity }]
    expect(await gaps({ pauses })).toEqual([
      { source: 'macbook-k3f9xq', from: iso(NOW - 2 * HOUR), to: iso(NOW), reason: 'paused' },
    ])
  })

  test('is what somebody did since their last event here, when there is more and they are away', async () => {
    const behind = { ...bruno, behind: 3 }
    const rest = { source: bruno.source, reason: 'missing' }
    expect(await gaps({ peers: [behind] })).toEqual([{ ...rest, from: iso(NOW - 5 * HOUR), to: iso(NOW) }])
    const nothing = { peers: [behind], lastAt: () => Promise.resolve(null) }
    expect(await gaps(nothing, 7)).toEqual([{ ...rest, from: iso(NOW - 8 * DAY), to: iso(NOW) }])
    expect(await gaps({ peers: [{ ...behind, connection: 'direct' }] })).toEqual([])
  })

  test('is what is kept no longer', async () => {
    const peers = [bruno, { ...bruno, source: 'server-g5h8wu', role: 'reader' as const }]
    const from = iso(NOW - 31 * DAY)
    expect(await gaps({ peers, historyDays: 20, retentionDays: 10 })).toEqual([
      { source: 'macbook-k3f9xq', from, to: iso(NOW - 20 * DAY), reason: 'missing' },
      { source: bruno.source, from, to: iso(NOW - 10 * DAY), reason: 'missing' },
    ])
    expect(await gaps({ peers, historyDays: 20, retentionDays: 10 }, 7)).toEqual([])
  })
})
