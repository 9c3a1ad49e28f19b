import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Meeting, TimelineSession } from '../../core/api.ts'
import { localHours } from '../../core/buckets.ts'
import { lanesOf, stepFrom, unknownIn } from '../../ui/lib/timeline-lanes.ts'
import {
  askedFor,
  barOf,
  type Hours,
  moved,
  piecesOf,
  readView,
  spanOf,
  stripesOf,
  ticksOf,
  tracksOf,
  type View,
  writeView,
} from '../../ui/lib/timeline.ts'
import { NOW, overlap, sessionRow } from './support.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const FIVE = 5 * MINUTE
const iso = (minutes: number) => new Date(NOW + minutes * MINUTE).toISOString()
const SPAN = { from: NOW - 4 * HOUR, to: NOW }
const VIEW: View = { hours: 4, to: null, isUtc: false, asTable: false, hidesEmpty: false }

/** A session with events in steps of five minutes, minutes from now. */
function went(at: readonly number[], change: Partial<TimelineSession> = {}): TimelineSession {
  const first = Math.min(...at)
  const counts = Array.from({ length: (Math.max(...at) - first) / 5 + 1 }, () => 0)
  for (const minutes of at) counts[(minutes - first) / 5]!++
  return {
    ...sessionRow({ startedAt: iso(first), lastEventAt: iso(Math.max(...at) + 5), state: 'ended' }),
    density: { from: iso(first), stepMs: FIVE, counts },
    errors: [],
    ...change,
  }
}

const barAt = (row: TimelineSession, meetings: Meeting[] = [], span = SPAN) =>
  barOf(row, meetings, span, NOW)!
/** Minutes from now. */
const minutes = ({ from, to }: { from: number; to: number }) => [(from - NOW) / MINUTE, (to - NOW) / MINUTE]

describe('the address of a timeline', () => {
  it('holds what is shown, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.record({
          hours: fc.constantFrom<Hours>(1, 4, 12, 24),
          to: fc.option(fc.integer({ min: 2 * 24 * HOUR, max: NOW })),
          isUtc: fc.boolean(),
          asTable: fc.boolean(),
          hidesEmpty: fc.boolean(),
        }),
        (view) => {
          expect(readView(writeView(view))).toEqual(view)
        },
      ),
    )
  })

  it('shows the last four hours where it says nothing that makes sense', () => {
    expect(readView(new URLSearchParams('hours=5&to=yesterday&zone=mars&view=x'))).toEqual(VIEW)
    expect(readView(new URLSearchParams('to=-271821-04-20T00:00:00Z'))).toEqual(VIEW)
    expect(readView(new URLSearchParams('to=2026-11-20T08:00:01Z'), NOW)).toEqual(VIEW)
  })

  it('goes back by hours, and forward no further than now', () => {
    const back = moved(VIEW, -1, NOW)
    expect(back.to).toBe(NOW - HOUR)
    expect(moved(back, -1, NOW).to).toBe(NOW - 2 * HOUR)
    expect(moved(back, 1, NOW).to).toBeNull()
  })

  it('ends with now to the pixel, so that nothing is drawn anew each second', () => {
    expect(spanOf(VIEW, NOW + 11_999)).toEqual(SPAN)
    expect(spanOf(VIEW, NOW + 12_000).to).toBe(NOW + 12_000)
  })

  it('asks the node for whole steps, and only when one is over', () => {
    const asked = askedFor(VIEW, NOW + 1)
    expect(asked.from % FIVE).toBe(0)
    expect(asked.from).toBeLessThanOrEqual(NOW - 4.5 * HOUR)
    expect(asked.to).toBeGreaterThan(NOW + FIVE)
    expect(askedFor(VIEW, NOW + FIVE)).toEqual(asked)
    expect(askedFor({ hours: 1, to: NOW }, NOW)).toMatchObject({ to: NOW, stepMs: MINUTE })
  })
})

describe('the marks of time', () => {
  const marks = (zone: string, to: number, hours: Hours, dayStart = 0) => {
    const toLocal = localHours(zone)
    return ticksOf({ from: to - hours * HOUR, to }, hours, toLocal, dayStart).map(({ at, isDay }) => {
      const time = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' })
      return (isDay ? '*' : '') + time.format(at)
    })
  }

  it('stand at whole hours of zones that are off by half an hour or three quarters', () => {
    expect(marks('UTC', NOW, 4)).toEqual(['04:00', '05:00', '06:00', '07:00', '08:00'])
    expect(marks('Asia/Kolkata', NOW, 4)).toEqual(['10:00', '11:00', '12:00', '13:00'])
    expect(marks('Asia/Kathmandu', NOW, 4)).toEqual(['10:00', '11:00', '12:00', '13:00'])
  })

  it('stand at quarters where an hour is shown', () => {
    expect(marks('UTC', NOW, 1)).toEqual(['07:00', '07:15', '07:30', '07:45', '08:00'])
  })

  it('tell where a day begins, at midnight or at four', () => {
    expect(marks('UTC', NOW, 12)).toEqual(['20:00', '22:00', '*00:00', '02:00', '04:00', '06:00', '08:00'])
    expect(marks('UTC', NOW, 12, 4)).toEqual(['20:00', '22:00', '00:00', '02:00', '*04:00', '06:00', '08:00'])
  })

  it('follow the clocks on the days when they change', () => {
    const spring = Date.parse('2026-03-29T06:00:00Z')
    const six = ['18:00', '20:00', '22:00', '*00:00', '02:00', '04:00', '06:00']
    expect(marks('Europe/London', spring, 12)).toEqual(six)
    const autumn = Date.parse('2026-10-25T06:00:00Z')
    expect(marks('Europe/London', autumn, 12)).toEqual([
      '20:00',
      '22:00',
      '*00:00',
      '02:00',
      '04:00',
      '06:00',
    ])
  })
})

describe('a session’s bar', () => {
  it('goes on over silence that does not end a session, and not over one that does', () => {
    expect(piecesOf(went([-200, -170])).map(minutes)).toEqual([[-200, -165]])
    expect(piecesOf(went([-200, -160])).map(minutes)).toEqual([
      [-200, -195],
      [-160, -155],
    ])
  })

  it('begins and ends with its first and last event, not with their steps', () => {
    const row = went([-200, -195], { startedAt: iso(-198), lastEventAt: iso(-193) })
    expect(piecesOf(row).map(minutes)).toEqual([[-198, -193]])
  })

  it('is cut to the time that is shown', () => {
    const row = went([-260, -235, -230])
    expect(minutes(barAt(row))).toEqual([-240, -225])
    expect(barAt(row).events).toBe(2)
    expect(barOf(went([-260]), [], SPAN, NOW)).toBeNull()
  })

  it('reaches to now while it is active, and has a tail while it is idle', () => {
    expect(
      minutes(barAt(went([-100, -95, -75, -50, -25, -5], { state: 'active', lastEventAt: iso(-1) }))),
    ).toEqual([-100, 0])
    const idle = barAt(went([-40, -15], { state: 'inactive' }))
    expect(idle.pieces.map(minutes)).toEqual([[-40, -10]])
    expect(minutes(idle.tail!)).toEqual([-10, 0])
    expect(barAt(went([-40, -15], { state: 'ended' })).tail).toBeNull()
  })

  it('has no tail in a time that is over: what is idle now is not what was', () => {
    const past = { from: NOW - 5 * HOUR, to: NOW - HOUR }
    expect(barAt(went([-100, -75], { state: 'inactive', lastEventAt: iso(-6) }), [], past).tail).toBeNull()
  })

  it('is all tail for who has waited for an answer longer than is shown', () => {
    const asked = went([-400], { state: 'waiting', needs: 'answer', needsSince: iso(-400) })
    const bar = barAt({ ...asked, density: { ...asked.density, counts: [] } })
    expect([bar.pieces, minutes(bar.tail!)]).toEqual([[], [-240, 0]])
  })

  it('marks errors that stand close to each other once, and counts them', () => {
    const errors = [iso(-300), iso(-100), iso(-99), iso(-50)]
    expect(barAt(went([-300, -100, -50], { errors })).errors.map(({ count }) => count)).toEqual([2, 1])
  })

  it('has the meetings of its own session in that time', () => {
    const row = went([-100, -75], { source: 'ada-ybndrf', sessionId: 'session-1' })
    const met = (from: number, to: number): Meeting => ({ ...overlap(), from: iso(from), to: iso(to) })
    const meetings = [met(-80, -75), met(-100, -95), met(-300, -290)]
    expect(barAt(row, meetings).meetings).toEqual([meetings[1], meetings[0]])
    expect(barAt({ ...row, sessionId: 'another' }, meetings).meetings).toEqual([])
  })

  it('is brighter where the session was busier, and bright only where much was done', () => {
    const steps = (counts: number[]) =>
      stripesOf({ from: iso(0), stepMs: FIVE, counts }).map((path) => path.split('M').length - 1)
    expect(steps([1, 0, 2, 6, 20])).toEqual([1, 1, 1, 1])
    expect(steps([1, 1, 1])).toEqual([3, 0, 0, 0])
    expect(steps([200, 200])).toEqual([0, 0, 0, 2])
  })
})

describe('lanes', () => {
  const bar = (name: string, from: number, to: number, source = 'ada-ybndrf') => ({
    ...barAt(
      went([from, ...Array.from({ length: (to - from) / 25 }, (_, i) => from + 25 * (i + 1))], {
        source,
        sessionId: name,
      }),
    ),
    key: name,
  })
  const names = (tracks: { key: string }[][]) => tracks.map((track) => track.map(({ key }) => key).join(' '))

  it('put sessions of one time under each other, and those of another beside them', () => {
    const bars = [bar('c', -100, -50), bar('a', -200, -100), bar('b', -150, -100), bar('d', -40, -15)]
    expect(names(tracksOf(bars, MINUTE))).toEqual(['a d', 'b', 'c'])
  })

  it('keep what is too short to be hit apart', () => {
    const bars = [bar('a', -200, -200), bar('b', -190, -190)]
    expect(names(tracksOf(bars, 30 * MINUTE))).toEqual(['a', 'b'])
  })

  it('never overlap in a line, and lose none', () => {
    const sessions = fc.array(fc.tuple(fc.integer({ min: -40, max: -1 }), fc.integer({ min: 0, max: 6 })), {
      maxLength: 25,
    })
    fc.assert(
      fc.property(sessions, (all) => {
        const bars = all.map(([from, length], i) => bar(String(i), from * 5, from * 5 + length * 25))
        const tracks = tracksOf(bars, MINUTE)
        expect(tracks.flat()).toHaveLength(bars.length)
        for (const track of tracks) {
          for (const [i, { from }] of track.entries()) {
            expect(from).toBeGreaterThanOrEqual(i ? track[i - 1]!.to : -Infinity)
          }
        }
      }),
    )
  })

  const lanes = lanesOf(
    [{ key: 'emi-jkmcpq', name: 'Emi', colour: 0 }],
    [bar('c', -60, -35, 'bruno-cpqxot'), bar('a', -200, -150), bar('b', -100, -50), bar('d', -180, -130)],
    {
      span: SPAN,
      width: 1000,
      ownerOf: ({ row }) => ({ key: row.source, name: row.source.split('-')[0]!, colour: 0 }),
      nameOf: (source) => source,
      unknownOf: () => [],
    },
  )

  it('stand in the order of names, with those who did nothing', () => {
    expect(lanes.map(({ name, tracks }) => `${name} ${tracks.length}`)).toEqual(['ada 2', 'bruno 1', 'Emi 0'])
  })

  it('are walked through with the arrow keys', () => {
    const walk = (...keys: string[]) =>
      keys.reduce((key, pressed) => {
        const [name, isFar] = pressed.startsWith('^') ? [pressed.slice(1), true] : [pressed, false]
        return stepFrom(lanes, key, name, isFar)?.key ?? key
      }, 'a')
    expect(walk('ArrowRight')).toBe('d')
    expect(walk('ArrowRight', 'ArrowRight')).toBe('b')
    expect(walk('End')).toBe('b')
    expect(walk('End', 'Home')).toBe('a')
    expect(walk('ArrowDown')).toBe('d')
    expect(walk('ArrowDown', 'ArrowDown')).toBe('c')
    expect(walk('ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp')).toBe('d')
    expect(walk('^End')).toBe('c')
    expect(walk('^End', '^Home')).toBe('a')
    expect(stepFrom(lanes, 'a', 'Enter', false)).toBeNull()
  })
})

describe('what is not known', () => {
  const bruno = { name: 'Bruno', isSelf: false, connection: 'offline', lastSeen: iso(-30) } as const
  const reasons = (...args: Parameters<typeof unknownIn>) =>
    unknownIn(...args).map((unknown) => [...minutes(unknown), unknown.reason])

  it('is when recording was paused, what is not here, and what somebody did since they were last seen', () => {
    const gap = (from: number, to: number, reason: 'paused' | 'missing') => {
      return { source: 'desk-cpqxot', from: iso(from), to: iso(to), reason }
    }
    const gaps = [gap(-400, -200, 'paused'), gap(-100, -90, 'missing'), gap(-80, -79, 'paused')]
    expect(reasons(SPAN, gaps, bruno)).toEqual([
      [-240, -200, 'recording was paused'],
      [-100, -90, 'not all of it is here'],
      [-30, 0, 'Bruno is not connected, and what they do comes when they are back'],
    ])
  })

  it('is nothing of who is here, and of oneself', () => {
    expect(reasons(SPAN, [], { ...bruno, connection: 'relayed' })).toEqual([])
    expect(reasons(SPAN, [], { ...bruno, isSelf: true, connection: null })).toEqual([])
    expect(reasons(SPAN, [], undefined)).toEqual([])
  })
})
