import { describe, expect, it } from 'vitest'
import type { Gap, HeatmapAnswer } from '../../core/api.ts'
import { localHours } from '../../core/buckets.ts'
import { calendarOf, gridOf, levelsOf } from '../../ui/lib/heat.ts'
import { Heat } from '../../ui/lib/heat.svelte.ts'
import { promptAt } from '../support/events.ts'
import { NO_HEAT, NOW, rowOf } from './support.ts'

const HOUR_MS = 3_600_000

function grid(
  counts: Record<string, number>,
  { zone = 'UTC', now = NOW, days = 7, gaps = [] as Gap[] } = {},
) {
  return gridOf(new Map(Object.entries(counts)), gaps, calendarOf(localHours(zone), now, days), now)
}

const cell = (of: ReturnType<typeof grid>, date: string, hour: number) =>
  of.days.find((day) => day.date === date)!.cells[hour]!

describe('levels', () => {
  it('are fifths of the hours that have any, so that a quiet week shows as many shades as a busy one', () => {
    for (const scale of [1, 1000]) {
      const level = levelsOf([1, 2, 3, 4, 5].map((count) => count * scale))
      expect([0, 1, 2, 3, 4, 5].map((count) => level(count * scale))).toEqual([0, 1, 2, 3, 4, 5])
    }
  })

  it('do not fall where counts rise', () => {
    const counts = [1, 1, 1, 1, 7, 7, 9, 200]
    const levels = counts.map(levelsOf(counts))
    expect(levels).toEqual([...levels].sort((a, b) => a - b))
    expect(levels[0]).toBe(1)
  })

  it('of an empty week are nothing', () => {
    expect(levelsOf([])(0)).toBe(0)
  })
})

describe('the grid', () => {
  it('has the days that end with today, and dashes what is to come', () => {
    const now = grid({ '2026-11-20 7': 3, '2026-11-14 0': 1 })
    expect(now.days.map(({ date }) => date)).toEqual(
      [14, 15, 16, 17, 18, 19, 20].map((day) => `2026-11-${day}`),
    )
    expect(now.total).toBe(4)
    expect(cell(now, '2026-11-20', 8).isFuture).toBe(false)
    expect(cell(now, '2026-11-20', 9).isFuture).toBe(true)
  })

  it('knows when an hour of a zone 5 h 45 min ahead begins', () => {
    const kathmandu = grid({}, { zone: 'Asia/Kathmandu' })
    expect(cell(kathmandu, '2026-11-20', 13).span).toEqual({
      from: Date.parse('2026-11-20T07:15:00Z'),
      to: Date.parse('2026-11-20T08:15:00Z'),
    })
  })

  it('has no hour where clocks went forward, and a double one where they went back', () => {
    const spring = grid({}, { zone: 'Europe/London', now: Date.parse('2026-03-29T12:00:00Z') })
    expect(cell(spring, '2026-03-29', 1).span).toBeNull()
    const autumn = grid({}, { zone: 'Europe/London', now: Date.parse('2026-10-25T12:00:00Z') })
    const { from, to } = cell(autumn, '2026-10-25', 1).span!
    expect(to - from).toBe(2 * HOUR_MS)
  })

  it('marks hours for which not everything is known', () => {
    const gaps: Gap[] = [
      { source: 'laptop-ybndrf', from: '2026-11-19T10:30:00Z', to: '2026-11-19T11:30:00Z', reason: 'paused' },
    ]
    const marked = grid({}, { gaps })
    expect([9, 10, 11, 12].map((hour) => cell(marked, '2026-11-19', hour).gap)).toEqual([
      null,
      'paused',
      'paused',
      null,
    ])
  })
})

describe('the heat of a page', () => {
  const answer: HeatmapAnswer = {
    ...NO_HEAT,
    aggregates: [
      { source: 'laptop-ybndrf', date: '2026-11-20', hour: 8, eventCount: 5 },
      { source: 'desk-ybndrf', date: '2026-11-20', hour: 8, eventCount: 2 },
    ],
  }

  it('is what the node counted and what has come since', async () => {
    const heat = new Heat(() => Promise.resolve(answer))
    expect(heat.grid('UTC', 7, NOW)).toBeNull()
    await heat.load('UTC')
    heat.add([rowOf(promptAt(NOW + 1000, { source: 'laptop-ybndrf' }))])
    expect(cell(heat.grid('UTC', 7, NOW)!, '2026-11-20', 8).count).toBe(8)
    expect(cell(heat.grid('UTC', 7, NOW, 'laptop-ybndrf')!, '2026-11-20', 8).count).toBe(6)
    heat.stop()
  })

  it('is the node’s again when it is loaded again', async () => {
    const heat = new Heat(() => Promise.resolve(answer))
    await heat.load('UTC')
    heat.add([rowOf(promptAt(NOW))])
    await heat.load()
    expect(heat.grid('UTC', 7, NOW)!.total).toBe(7)
    heat.stop()
  })
})
