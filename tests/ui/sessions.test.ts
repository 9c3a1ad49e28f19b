import { describe, expect, it } from 'vitest'
import type { SessionRow } from '../../core/api.ts'
import { Clock } from '../../ui/lib/clock.svelte.ts'
import { rowAt, Sessions } from '../../ui/lib/sessions.svelte.ts'
import { NOW, sessionRow } from './support.ts'

const MINUTE = 60_000
const iso = (ms: number) => new Date(ms).toISOString()

function waiting(needs: 'answer' | 'review', minutesAgo: number, id = needs): SessionRow {
  const since = iso(NOW - minutesAgo * MINUTE)
  return sessionRow({ sessionId: id, state: 'waiting', needs, needsSince: since, lastEventAt: since })
}

describe('a session while the node is away', () => {
  const stateAfter = (row: SessionRow, minutes: number) => rowAt(row, NOW + minutes * MINUTE).state

  it('goes from active to inactive to ended by the page’s own clock', () => {
    const row = sessionRow()
    expect([0, 4.9, 5, 29.9, 30].map((minutes) => stateAfter(row, minutes))).toEqual([
      'active',
      'active',
      'inactive',
      'inactive',
      'ended',
    ])
    expect(rowAt(row, NOW + 40 * MINUTE).endedAt).toBe(row.lastEventAt)
  })

  it('waits for an answer however long it takes, and to be reviewed until it is over', () => {
    expect(stateAfter(waiting('answer', 0), 600)).toBe('waiting')
    expect(stateAfter(waiting('review', 0), 29)).toBe('waiting')
    expect(stateAfter(waiting('review', 0), 30)).toBe('ended')
  })

  it('that the node has said to be over stays over', () => {
    const row = sessionRow({ state: 'ended', endedAt: iso(NOW) })
    expect(stateAfter(row, 0)).toBe('ended')
  })
})

describe('the overview', () => {
  it('has who waits for an answer on top, the longest first', () => {
    const sessions = new Sessions(() => NOW)
    sessions.reset([
      sessionRow({ sessionId: 'a', handle: 'a-active' }),
      sessionRow({ sessionId: 'i', handle: 'b-idle', lastEventAt: iso(NOW - 10 * MINUTE) }),
      waiting('review', 20),
      waiting('answer', 2, 'answer'),
      { ...waiting('answer', 14), sessionId: 'longest' },
    ])
    expect(sessions.shown.map(({ sessionId }) => sessionId)).toEqual([
      'longest',
      'answer',
      'review',
      'a',
      'i',
    ])
    expect(sessions.answers).toBe(2)
  })

  it('leaves out what ended more than half an hour ago', () => {
    let now = NOW
    const sessions = new Sessions(() => now)
    sessions.reset([sessionRow({ state: 'ended', endedAt: iso(NOW) })])
    now = NOW + 29 * MINUTE
    sessions.update([])
    expect(sessions.get(sessionRow().sessionId)?.state).toBe('ended')
    now = NOW + 31 * MINUTE
    sessions.update([])
    expect(sessions.get(sessionRow().sessionId)).toBeUndefined()
  })

  it('takes a session’s newer row in place of the older', () => {
    const sessions = new Sessions(() => NOW)
    sessions.reset([waiting('answer', 1, 'answer')])
    sessions.update([sessionRow({ sessionId: 'answer' })])
    expect(sessions.answers).toBe(0)
    expect(sessions.shown).toHaveLength(1)
  })

  it('finds nothing anew where nothing has changed, and what time alone changes at its time', () => {
    const clock = new Clock(() => NOW)
    const sessions = new Sessions(() => clock.now)
    const rows = Array.from({ length: 10_000 }, (_, i) =>
      sessionRow({ sessionId: `s${i}`, handle: `h-${i % 90}`, lastEventAt: iso(NOW - (i % 4) * MINUTE) }),
    )
    sessions.reset(rows)
    const found = new Set<readonly SessionRow[]>()
    for (let seconds = 0; seconds < 190; seconds++) {
      clock.now = NOW + seconds * 1000
      found.add(sessions.shown)
    }
    const counts = [...found].map((shown) => shown.filter(({ state }) => state === 'active').length)
    expect(counts).toEqual([10_000, 7500, 5000])
  })

  it('has one again that went on after it had left', () => {
    let now = NOW
    const sessions = new Sessions(() => now)
    sessions.reset([sessionRow({ state: 'ended', endedAt: iso(NOW) })])
    now = NOW + 31 * MINUTE
    sessions.update([])
    expect(sessions.shown).toEqual([])
    sessions.update([sessionRow({ lastEventAt: iso(now) })])
    expect(sessions.shown).toHaveLength(1)
  })

  it('knows when somebody’s last session was, also when it is shown no more', () => {
    const sessions = new Sessions(() => NOW + 60 * MINUTE)
    sessions.reset([sessionRow({ state: 'ended', endedAt: iso(NOW) })])
    expect(sessions.shown).toEqual([])
    expect(sessions.lastAt('laptop-ybndrf')).toBe(NOW)
    expect(sessions.lastAt('desk-g5h8wu')).toBe(0)
  })

  it('has a session that went on on another device once for each', () => {
    const sessions = new Sessions(() => NOW)
    const there = sessionRow({ source: 'desk-g5h8wu', lastEventAt: iso(NOW - MINUTE) })
    const here = sessionRow()
    sessions.reset([here, there])
    expect(sessions.shown.map(({ source }) => source).sort()).toEqual(['desk-g5h8wu', 'laptop-ybndrf'])
    expect(sessions.get(here.sessionId)?.source).toBe(here.source)
    sessions.update([{ ...there, lastEventAt: iso(NOW), state: 'ended', endedAt: iso(NOW - 40 * MINUTE) }])
    expect(sessions.shown.map(({ source }) => source)).toEqual(['laptop-ybndrf'])
  })
})
