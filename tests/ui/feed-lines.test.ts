import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import fc from 'fast-check'
import type { EventRow } from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import { describeBurst } from '../../ui/lib/describe-burst.ts'
import { BURST_MS, isBurst, isFold, rowsOf } from '../../ui/lib/feed-lines.ts'
import { Feed } from '../../ui/lib/feed.svelte.ts'
import { NO_FILTERS } from '../../ui/lib/filters.ts'
import { linkOf } from '../../ui/lib/line-link.ts'
import { eventId, promptAt, responseAt, SESSION, SOURCE, toolAt, waitingAt } from '../support/events.ts'
import { NOW, rowOf } from './support.ts'

beforeEach(() => vi.useFakeTimers({ now: NOW }))
afterEach(() => vi.useRealTimers())

type Call = { tool?: string; status?: 'started' | 'completed' | 'failed'; file?: string; session?: string }

/** A call's nth row, at ms after the start. */
function call(
  n: number,
  at: number,
  { tool = 'Edit', status = 'completed', file, session }: Call = {},
): EventRow {
  const place = { id: n, tool, ...(session && { sessionId: session }), context: file ?? 'kettle.ts' }
  const row = rowOf(toolAt(NOW + at, status, place), n)
  Object.assign(row.payload, { callId: String(n).padStart(12, 'y') })
  return row
}
/** The same call's outcome. */
const outcome = (of: EventRow, n: number, at: number, status: 'completed' | 'failed'): EventRow => {
  const row = call(n, at, { tool: (of.payload as { tool: string }).tool, status })
  Object.assign(row.payload, { callId: (of.payload as { callId: string }).callId })
  return row
}
const live = (...rows: EventRow[]): Feed => {
  const feed = new Feed({ bursts: true })
  feed.append(rows)
  return feed
}
/** The ids of each line, the oldest first. */
const lines = (feed: Feed) =>
  Array.from({ length: feed.size }, (_, i) => rowsOf(feed.at(feed.base + i)!).map(({ id }) => id))
const idsOf = (...lines: number[][]) => lines.map((line) => line.map(eventId))
const said = (feed: Feed, line = 0) => {
  const { main, detail, after, times } = describeBurst(rowsOf(feed.at(feed.base + line)!))
  return [main, detail, after, times]
}

describe('a burst', () => {
  it('is what one session does with one tool within ten seconds, whatever others do meanwhile', () => {
    const other = '0b241101-e2bb-4255-8caf-4136c566a962'
    const feed = live(
      call(1, 0),
      call(2, 100, { session: other }),
      call(3, 200, { tool: 'Read' }),
      call(4, 9000),
      call(5, BURST_MS),
      call(6, BURST_MS + 1),
      call(7, BURST_MS + 2),
    )
    expect(lines(feed)).toEqual(idsOf([1, 4, 5], [2], [3], [6, 7]))
  })

  it('says files, failures and what still runs, a call and its outcome once', () => {
    const started = call(1, 0, { status: 'started', file: 'invite.ts' })
    const feed = live(started)
    expect(said(feed)).toEqual(['Edit', 'invite.ts', 'started', 1])
    feed.append([outcome(started, 2, 300, 'completed')])
    expect(said(feed)).toEqual(['Edit', 'kettle.ts', 'completed', 1])
    feed.append([call(3, 400, { file: 'a.ts', status: 'failed' }), call(4, 500, { file: 'b.ts' })])
    expect(said(feed)).toEqual(['Edit', 'b.ts, a.ts and 1 more', '1 failed', 3])
    feed.append([call(5, 600, { file: 'a.ts', status: 'started' })])
    expect(said(feed)).toEqual(['Edit', 'a.ts, b.ts and 1 more', '1 failed, 1 running', 4])
  })

  it('keeps a call’s outcome where that is known before its start', () => {
    const started = call(1, 0, { status: 'started' })
    const feed = live(outcome(started, 2, 300, 'failed'), started)
    expect(said(feed)).toEqual(['Edit', 'kettle.ts', 'failed', 1])
  })

  it('sums up the tokens of its responses, and the larger count where one comes again', () => {
    const response = (id: number, output: number) =>
      rowOf(responseAt(NOW + id, { output, input: 0 }, { id }), id)
    const feed = live(response(1, 100), response(2, 50))
    expect(said(feed)).toEqual(['150 tokens', 'claude-opus-4-5', undefined, 2])
    feed.append([response(1, 1000)])
    expect(said(feed)).toEqual(['1,050 tokens', 'claude-opus-4-5', undefined, 2])
    expect(feed.size).toBe(1)
  })

  it('never hides what a person did or has to do', () => {
    const alone = [
      ...[1, 2].map((id) => promptAt(NOW + id, { id })),
      ...[3, 4].map((id) => waitingAt(NOW + id, 'permission', { id })),
    ]
    const feed = live(...alone.map((event) => rowOf(event)))
    expect(lines(feed)).toEqual(idsOf([1], [2], [3], [4]))
  })

  it('leads to each of its rows; a single call to its session', () => {
    const started = call(1, 0, { status: 'started' })
    const feed = live(started, outcome(started, 2, 300, 'completed'))
    const item = () => feed.at(feed.base)!
    expect(linkOf(item(), NO_FILTERS)).toBe(`#/session/${SESSION}`)
    feed.append([call(3, 500)])
    const time = 'from=2026-11-20T08:00:00.000Z&to=2026-11-20T08:00:00.501Z'
    expect(linkOf(item(), NO_FILTERS)).toBe(`#/history?type=tool&source=${SOURCE}&session=${SESSION}&${time}`)
  })

  it('is found in pages of the past as well, and only where it is asked for', () => {
    const rows = [call(1, 0), call(2, 100), call(3, 60_000), call(4, 60_100)]
    const feed = live()
    feed.reset(rows.slice(2).reverse())
    feed.prepend(rows.slice(0, 2).reverse())
    expect(lines(feed)).toEqual(idsOf([1, 2], [3, 4]))
    // What is known already is not taken for another, in whichever line it is.
    feed.append([...rows, call(5, 60_200)])
    expect(lines(feed)).toEqual(idsOf([1, 2], [3, 4, 5]))
    const plain = new Feed()
    plain.append(rows)
    expect(lines(plain)).toEqual(idsOf([1], [2], [3], [4]))
  })

  it('counts by its rows against what a page may hold', () => {
    const feed = new Feed({ bursts: true, capacity: 100, chunk: 20 })
    feed.append(Array.from({ length: 101 }, (_, n) => call(n, n * 2000)))
    expect([...feed.rows()]).toHaveLength(77)
    expect(feed.base).toBe(4)
    expect(feed.isFull).toBe(true)
    // What has gone may come again, in a line of its own.
    feed.append([call(0, 0)])
    expect(lines(feed).at(-1)).toEqual([eventId(0)])
  })
})

describe('what is caught up on', () => {
  const late = (n: number, source: string, receivedMs = 0): EventRow => ({
    ...rowOf(promptAt(NOW - 86_400_000 + n * 1000, { id: n, source }), n),
    receivedAt: new Date(NOW + receivedMs).toISOString(),
  })

  it('is one line that tells whose it is, though others go on meanwhile', () => {
    const feed = live(late(1, 'emi-ybndrf'), late(2, 'emi-ybndrf'))
    feed.append([call(1, 0)])
    feed.append([late(3, 'ada-ybndrf', 5000)])
    expect(feed.size).toBe(2)
    const fold = feed.at(feed.base)!
    expect(isFold(fold) && [fold.arrivals.length, [...fold.bySource]]).toEqual([
      3,
      [
        ['emi-ybndrf', 2],
        ['ada-ybndrf', 1],
      ],
    ])
    expect(linkOf(fold, NO_FILTERS)).toBe(
      '#/history?source=emi-ybndrf,ada-ybndrf&from=2026-11-19T08:00:01.000Z&to=2026-11-19T08:00:03.001Z',
    )
  })

  const counted = (feed: Feed) =>
    Array.from({ length: feed.size }, (_, i) => {
      const item = feed.at(feed.base + i)!
      return isFold(item) ? item.arrivals.length : 0
    }).reduce((sum, count) => sum + count, 0)

  it('is counted once, however often, whenever and in whichever line it comes again', () => {
    const feed = live(late(1, 'emi-ybndrf'), late(2, 'emi-ybndrf'), late(2, 'emi-ybndrf'))
    feed.append([late(1, 'emi-ybndrf', 3_600_000), call(9, 3_600_000), late(2, 'emi-ybndrf', 3_601_000)])
    expect([counted(feed), feed.arrived, feed.size]).toEqual([2, 3, 2])
    // Whose clock turns out to be wrong has nothing late any more, and what was counted stays so.
    feed.append([{ ...late(1, 'emi-ybndrf'), receivedAt: late(1, 'emi-ybndrf').timestamp }])
    expect(feed.size).toBe(2)
    feed.append([late(1, 'ada-ybndrf', 3_601_000)])
    expect(counted(feed)).toBe(3)
    feed.reset([])
    feed.append([late(1, 'emi-ybndrf')])
    expect(counted(feed)).toBe(1)
  })

  it('is not counted where it stands as a row already, and stands as one where it is read back to', () => {
    const row = call(1, 0)
    const feed = live(row, call(2, 100))
    feed.append([{ ...row, receivedAt: new Date(NOW + 86_400_000).toISOString() }, late(7, 'emi-ybndrf')])
    feed.prepend([late(7, 'emi-ybndrf')])
    feed.append([late(7, 'emi-ybndrf', 1000)])
    expect(lines(feed)).toEqual(idsOf([7], [1, 2], []))
    expect(counted(feed)).toBe(1)
  })

  it('has come since one was here as far as it came after that, in whichever line it stands', () => {
    const received = (row: EventRow, ms: number): EventRow => {
      return { ...row, receivedAt: new Date(NOW + ms).toISOString() }
    }
    const [other, third] = [1, 2].map((n) => `0b241101-e2bb-4255-8caf-4136c566a96${n}`)
    const feed = live(
      late(1, 'emi-ybndrf', 0),
      received(call(2, 0), 0),
      received(call(3, 100, { session: other! }), 1000),
    )
    const mark = feed.receivedAt!
    expect(feed.since(mark)).toEqual({ index: feed.end, events: 0 })
    feed.append([
      late(4, 'emi-ybndrf', 2000),
      received(call(5, 2000), 2000),
      received(call(6, 2000, { session: third! }), 2000),
      late(7, 'emi-ybndrf', 3000),
    ])
    // What had begun stays below the mark, and counts with what came to it.
    expect(feed.size).toBe(4)
    expect(feed.since(mark)).toEqual({ index: feed.end - 1, events: 4 })
  })

  it('is remembered to as many events as a page holds, half of them at least', () => {
    const feed = new Feed({ capacity: 100 })
    const all = Array.from({ length: 1000 }, (_, n) => late(n, 'emi-ybndrf'))
    feed.append(all)
    feed.append(all.slice(-50))
    expect(counted(feed)).toBe(1000)
    feed.append(all.slice(0, 1))
    expect(counted(feed)).toBe(1001)
  })

  it('is another line where it is another time that somebody comes back', () => {
    const feed = live(late(1, 'emi-ybndrf'), late(2, 'emi-ybndrf', 3_600_000))
    expect(feed.size).toBe(2)
  })
})

describe('any feed', () => {
  const SESSIONS = [SESSION, '0b241101-e2bb-4255-8caf-4136c566a962']
  const event = (id: number): fc.Arbitrary<Event> =>
    fc
      .record({
        at: fc.integer({ min: 0, max: 60_000 }),
        session: fc.constantFrom(...SESSIONS),
        tool: fc.constantFrom('Edit', 'Read'),
        kind: fc.constantFrom('tool', 'response', 'prompt'),
      })
      .map(({ at, session: sessionId, tool, kind }) => {
        const place = { id, sessionId }
        if (kind === 'prompt') return promptAt(NOW + at, place)
        return kind === 'response'
          ? responseAt(NOW + at, {}, place)
          : toolAt(NOW + at, 'completed', { ...place, tool })
      })
  const events = fc
    .integer({ min: 1, max: 40 })
    .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => event(i))))
  const byTime = (rows: readonly EventRow[]) => [...rows].sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1))

  it('holds each event in one line, whether it came in a page, live, again, or was loaded later', () => {
    fc.assert(
      fc.property(events, fc.nat(40), fc.nat(40), (all, a, b) => {
        const rows = byTime(all.map((event, n) => rowOf(event, n)))
        const [first, second] = [Math.min(a, b), Math.max(a, b)]
        const feed = new Feed({ bursts: true })
        feed.reset(rows.slice(first, second).reverse())
        feed.append(rows.slice(second))
        feed.prepend(rows.slice(0, first).reverse())
        feed.append(rows)
        const held = lines(feed).flat()
        expect([...held].sort()).toEqual(rows.map(({ id }) => id).sort())
        for (let index = feed.base; index < feed.end; index++) {
          const item = feed.at(index)!
          const times = rowsOf(item).map(({ timestamp }) => Date.parse(timestamp))
          expect(isBurst(item)).toBe(times.length > 1)
          expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(2 * BURST_MS)
        }
        feed.stop()
      }),
    )
  })
})
