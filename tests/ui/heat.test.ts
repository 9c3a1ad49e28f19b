import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Gap, HeatmapAnswer, HistoryStatus } from '../../core/api.ts'
import { localHours } from '../../core/buckets.ts'
import { calendarOf, gridOf, levelsOf } from '../../ui/lib/heat.ts'
import { Heat } from '../../ui/lib/heat.svelte.ts'
import { workingTogether } from '../../ui/lib/heat-together.ts'
import { rangesOf, whatWords, whenWords } from '../../ui/lib/heat-words.ts'
import { promptAt } from '../support/events.ts'
import { NO_HEAT, NOW, rowOf } from './support.ts'

const HOUR_MS = 3_600_000

function grid(
  counts: Record<string, number>,
  { zone = 'UTC', now = NOW, days = 7, dayStart = 0, gaps = [] as Gap[] } = {},
) {
  const calendar = calendarOf(localHours(zone), now, days, dayStart)
  return gridOf(new Map(Object.entries(counts)), gaps, calendar, now)
}

const cell = (of: ReturnType<typeof grid>, date: string, hour: number) =>
  of.days.find((day) => day.date === date)!.cells[of.hours.indexOf(hour)]!

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

  it('have as many hours each as can be, where some hours are alike', () => {
    const counts = [1, 1, 1, 1, 2, 3, 4, 5, 6, 90]
    expect(counts.map(levelsOf(counts))).toEqual([1, 1, 1, 1, 3, 3, 4, 4, 5, 5])
  })

  it('are written with the numbers that they stand for', () => {
    const counts = { '2026-11-19 9': 1, '2026-11-19 10': 1, '2026-11-19 11': 6, '2026-11-19 12': 1200 }
    expect(rangesOf(grid(counts))).toEqual([
      { level: 1, words: '1–5' },
      { level: 3, words: '6–1,199' },
      { level: 4, words: '1,200' },
    ])
    expect(rangesOf(grid({}))).toEqual([])
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

  it('says so of such hours', () => {
    const words = (of: ReturnType<typeof grid>, date: string, hour: number) => {
      const one = cell(of, date, hour)
      return `${whenWords(one)}: ${whatWords(one)}`
    }
    const spring = grid({}, { zone: 'Europe/London', now: Date.parse('2026-03-29T12:00:00Z') })
    expect(words(spring, '2026-03-29', 1)).toBe('29 Sun, 01:00–02:00: no such hour, clocks went forward')
    const autumn = grid(
      { '2026-10-25 1': 7 },
      { zone: 'Europe/London', now: Date.parse('2026-10-25T12:00:00Z') },
    )
    expect(words(autumn, '2026-10-25', 1)).toBe('25 Sun, 01:00–02:00: 7 events, clocks went back')
  })

  it('has whole days where clocks move by half an hour', () => {
    const back = grid({}, { zone: 'Australia/Lord_Howe', now: Date.parse('2026-04-05T12:00:00Z') })
    const { from, to } = cell(back, '2026-04-05', 1).span!
    expect(to - from).toBe(1.5 * HOUR_MS)
    const forward = grid({}, { zone: 'Australia/Lord_Howe', now: Date.parse('2026-10-04T12:00:00Z') })
    const short = cell(forward, '2026-10-04', 2).span!
    expect(short.to - short.from).toBe(HOUR_MS / 2)
  })

  it('has the night with the day before, where days begin at four', () => {
    const now = Date.parse('2026-11-20T02:10:00Z')
    const nights = grid({ '2026-11-20 1': 5, '2026-11-13 4': 2, '2026-11-13 3': 9 }, { now, dayStart: 4 })
    expect(nights.hours.slice(0, 2).concat(nights.hours.slice(-2))).toEqual([4, 5, 2, 3])
    expect([nights.days[0]!.date, nights.days.at(-1)!.date]).toEqual(['2026-11-13', '2026-11-19'])
    expect(cell(nights, '2026-11-19', 1)).toMatchObject({ date: '2026-11-20', count: 5, isFuture: false })
    expect(cell(nights, '2026-11-19', 3).isFuture).toBe(true)
    expect(nights.total).toBe(7)
  })

  it('has the hour that clocks skip in the night before, where days begin at four', () => {
    const now = Date.parse('2026-03-29T12:00:00Z')
    const spring = grid({}, { zone: 'Europe/London', now, dayStart: 4 })
    const [night, day] = spring.days.slice(-2)
    expect(night!.cells.filter(({ span }) => !span).map(({ date, hour }) => `${date} ${hour}`)).toEqual([
      '2026-03-29 1',
    ])
    expect(day!.cells.every(({ span }) => span)).toBe(true)
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
    const heat = new Heat({ fetch: () => Promise.resolve(answer) })
    expect(heat.grid('UTC', 7, NOW)).toBeNull()
    await heat.load('UTC')
    heat.add([rowOf(promptAt(NOW + 1000, { source: 'laptop-ybndrf' }))])
    expect(cell(heat.grid('UTC', 7, NOW)!, '2026-11-20', 8).count).toBe(8)
    expect(cell(heat.grid('UTC', 7, NOW, 'laptop-ybndrf')!, '2026-11-20', 8).count).toBe(6)
    heat.stop()
  })

  it('looks for what the archive knows until it is there, and then no more', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const loading = { state: 'loading' as const, fetchedAt: null, message: null }
    let history: HistoryStatus = loading
    const fetch = vi.fn(() => Promise.resolve({ ...answer, meta: { ...answer.meta, history } }))
    const heat = new Heat({ fetch })
    await heat.load('UTC')
    expect([heat.history?.state, heat.grid('UTC', 7, NOW)!.total]).toEqual(['loading', 7])
    await vi.advanceTimersByTimeAsync(4000)
    expect(fetch).toHaveBeenCalledTimes(4) // after 0.5 s, 1.5 s and 3.5 s
    fetch.mockImplementationOnce(() => Promise.reject(new Error('away')))
    await vi.advanceTimersByTimeAsync(4000)
    history = { ...loading, state: 'fresh' }
    await vi.advanceTimersByTimeAsync(60_000)
    expect(heat.history?.state).toBe('fresh')
    expect(fetch).toHaveBeenCalledTimes(6)
    heat.stop()
  })

  it('is the node’s again when it is loaded again', async () => {
    const heat = new Heat({ fetch: () => Promise.resolve(answer) })
    await heat.load('UTC')
    heat.add([rowOf(promptAt(NOW))])
    await heat.load()
    expect(heat.grid('UTC', 7, NOW)!.total).toBe(7)
    heat.stop()
  })
})

describe('the hours at which people usually work together', () => {
  const dates = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19']
  const worked = (hours: number[], days = dates) =>
    new Map(days.flatMap((date) => hours.map((hour) => [`${date} ${hour}`, 3] as const)))
  const hoursOf = (counts: [string, ReadonlyMap<string, number>][], dayStart = 0) => {
    const personOf = (source: string) => source.split('-')[0]!
    const together = workingTogether({ counts: new Map(counts), personOf, dates, dayStart })
    return together.flatMap((people, hour) => (people ? [`${hour}: ${people}`] : []))
  }

  it('are those that two or more have in common', () => {
    expect(
      hoursOf([
        ['ada-1', worked([9, 10, 11])],
        ['bruno-1', worked([10, 11, 12])],
        ['chandra-1', worked([11, 12, 20])],
      ]),
    ).toEqual(['10: 2', '11: 3', '12: 2'])
  })

  it('are none of one person with two machines', () => {
    expect(
      hoursOf([
        ['ada-1', worked([9])],
        ['ada-2', worked([9])],
      ]),
    ).toEqual([])
  })

  it('are those of at least half of somebody’s days, of which there must be three', () => {
    const ada = worked([9, 14])
    const half = new Map([
      ...worked([9]),
      ...worked([14], dates.slice(0, 2)),
      ...worked([20], dates.slice(0, 1)),
    ])
    expect(
      hoursOf([
        ['ada-1', new Map([...ada, ...worked([20])])],
        ['bruno-1', half],
      ]),
    ).toEqual(['9: 2', '14: 2'])
    expect(
      hoursOf([
        ['ada-1', ada],
        ['bruno-1', worked([9], dates.slice(0, 2))],
      ]),
    ).toEqual([])
  })

  it('count the night to the day before, where days begin at four', () => {
    const nights = worked([1], ['2026-11-17', '2026-11-18', '2026-11-20'])
    expect(
      hoursOf(
        [
          ['ada-1', nights],
          ['bruno-1', nights],
        ],
        4,
      ),
    ).toEqual(['1: 2'])
    expect(
      hoursOf([
        ['ada-1', nights],
        ['bruno-1', nights],
      ]),
    ).toEqual([])
  })
})
