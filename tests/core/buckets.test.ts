import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BucketCount } from '../../core/buckets.ts'
import {
  BUCKET_MS,
  bucketOf,
  byLocalHour,
  compare,
  dayOf,
  daysBefore,
  localHours,
  withArchived,
} from '../../core/buckets.ts'
import { SEED } from './support.ts'

const time = (text: string) => Date.parse(text)
const local = (zone: string, text: string) => {
  const { date, hour } = localHours(zone)(time(text))
  return `${date} ${hour}`
}
const bucket = (text: string, count = 1, source = 'a'): BucketCount => ({
  source,
  bucket: bucketOf(time(text)),
  count,
})
const cells = (zone: string, now: string, days: number, buckets: BucketCount[]) =>
  byLocalHour(buckets, localHours(zone), time(now), days).map(
    ({ date, hour, eventCount }) => `${date} ${hour}: ${eventCount}`,
  )

/** Every quarter of an hour from one time to another, one event in each. */
function quarters(from: string, to: string): BucketCount[] {
  const out: BucketCount[] = []
  for (let ms = time(from); ms < time(to); ms += BUCKET_MS) {
    out.push({ source: 'a', bucket: bucketOf(ms), count: 1 })
  }
  return out
}

describe('the local hour', () => {
  test.each([
    ['UTC', '2026-11-20T00:00:00Z', '2026-11-20 0'],
    ['UTC', '2026-11-20T23:59:59.999Z', '2026-11-20 23'],
    ['Asia/Kolkata', '2026-11-20T18:29:59Z', '2026-11-20 23'],
    ['Asia/Kolkata', '2026-11-20T18:30:00Z', '2026-11-21 0'],
    ['Asia/Kathmandu', '2026-11-20T18:14:59Z', '2026-11-20 23'],
    ['Asia/Kathmandu', '2026-11-20T18:15:00Z', '2026-11-21 0'],
    ['Australia/Lord_Howe', '2026-07-01T13:29:59Z', '2026-07-01 23'],
    ['Australia/Lord_Howe', '2026-07-01T13:30:00Z', '2026-07-02 0'],
    ['Australia/Lord_Howe', '2026-01-01T13:00:00Z', '2026-01-02 0'],
    ['America/New_York', '2026-11-20T04:59:59Z', '2026-11-19 23'],
    ['America/New_York', '2026-11-20T05:00:00Z', '2026-11-20 0'],
    ['Pacific/Kiritimati', '2026-12-31T10:00:00Z', '2027-01-01 0'],
    ['Europe/London', '2026-03-29T00:59:59Z', '2026-03-29 0'],
    ['Europe/London', '2026-03-29T01:00:00Z', '2026-03-29 2'],
    ['Europe/London', '2026-10-25T00:30:00Z', '2026-10-25 1'],
    ['Europe/London', '2026-10-25T01:30:00Z', '2026-10-25 1'],
  ])('in %s at %s is %s', (zone, text, expected) => expect(local(zone, text)).toBe(expected))

  test.each(['Mars/Olympus', '', 'Europe/Londom', '../etc'])('of the zone %j is not known', (zone) =>
    expect(() => localHours(zone)).toThrow(RangeError),
  )

  const ZONES = [
    'UTC',
    'Asia/Kolkata',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
    'America/St_Johns',
    'Asia/Tehran',
  ]
  test(`is what the system says of every time in the quarter, in any order asked [seed ${SEED}]`, () => {
    const times = fc.oneof(
      fc.integer({ min: time('2015-01-01'), max: time('2035-01-01') }),
      fc.integer({ min: time('2026-10-24T12:00Z'), max: time('2026-10-25T12:00Z') }),
      fc.integer({ min: time('2026-04-04T12:00Z'), max: time('2026-04-05T12:00Z') }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), fc.array(times, { maxLength: 20 }), (zone, list) => {
        const ask = new Intl.DateTimeFormat('sv-SE', {
          timeZone: zone,
          dateStyle: 'short',
          timeStyle: 'short',
        })
        const toLocal = localHours(zone)
        for (const ms of list) {
          const { date, hour } = toLocal(ms)
          const said = `${date} ${String(hour).padStart(2, '0')}`
          const start = bucketOf(ms) * BUCKET_MS
          for (const other of [ms, start, start + BUCKET_MS - 1]) {
            expect(ask.format(other).slice(0, 13)).toBe(said)
          }
        }
      }),
    )
  })
})

describe('on the days when clocks change', () => {
  const hoursOf = (zone: string, day: string, buckets: BucketCount[]) =>
    byLocalHour(buckets, localHours(zone), time(`${day}T20:00:00Z`), 1).map(
      ({ hour, eventCount }) => [hour, eventCount] as const,
    )
  const usual = Array.from({ length: 24 }, (_, hour) => [hour, 4] as const)

  test.each([
    ['Europe/London', '2026-03-29', '2026-03-29T00:00:00Z', '2026-03-29T23:00:00Z', 1],
    ['America/New_York', '2026-03-08', '2026-03-08T05:00:00Z', '2026-03-09T04:00:00Z', 2],
  ])('forward, %s has no hour on %s', (zone, day, from, to, missing) =>
    expect(hoursOf(zone, day, quarters(from, to))).toEqual(usual.filter(([hour]) => hour !== missing)),
  )
  test.each([
    ['Europe/London', '2026-10-25', '2026-10-24T23:00:00Z', '2026-10-26T00:00:00Z', 1, 8],
    ['America/New_York', '2026-11-01', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z', 1, 8],
  ])('back, %s has one hour twice on %s', (zone, day, from, to, doubled, count) =>
    expect(hoursOf(zone, day, quarters(from, to))).toEqual(
      usual.map(([hour, n]) => [hour, hour === doubled ? count : n]),
    ),
  )
  test('Lord Howe moves by half an hour', () => {
    const back = byLocalHour(
      quarters('2026-04-04T13:00:00Z', '2026-04-05T13:30:00Z'),
      localHours('Australia/Lord_Howe'),
      time('2026-04-05T05:00:00Z'),
      1,
    )
    expect(back.map(({ hour, eventCount }) => [hour, eventCount])).toEqual(
      usual.map(([hour, n]) => [hour, hour === 1 ? 6 : n]),
    )
  })
})

describe('the days that end with today', () => {
  test.each([7, 30])('are %i in the zone of whoever looks', (days) => {
    const now = '2026-11-20T20:00:00Z' // 21 November in Kolkata
    const first = daysBefore('2026-11-21', days - 1)
    const beginning = time(`${first}T00:00:00+05:30`)
    const at = (ms: number): BucketCount => ({ source: 'a', bucket: bucketOf(ms), count: 1 })
    const all = [at(beginning - 1), at(beginning), at(time(now))]
    expect(cells('Asia/Kolkata', now, days, all)).toEqual([`${first} 0: 1`, '2026-11-21 1: 1'])
  })
  test('do not reach into tomorrow', () =>
    expect(cells('UTC', '2026-11-20T23:59:00Z', 7, [bucket('2026-11-21T00:00:00Z')])).toEqual([]))
  test('count back over months, leap days and years', () => {
    expect(daysBefore('2026-03-01', 1)).toBe('2026-02-28')
    expect(daysBefore('2024-03-01', 1)).toBe('2024-02-29')
    expect(daysBefore('2027-01-05', 6)).toBe('2026-12-30')
    expect(daysBefore('2026-11-20', 0)).toBe('2026-11-20')
  })
})

describe('days that begin at four in the morning', () => {
  test('have the night before with them', () => {
    expect(dayOf({ date: '2026-11-20', hour: 3 }, 4)).toBe('2026-11-19')
    expect(dayOf({ date: '2026-11-20', hour: 4 }, 4)).toBe('2026-11-20')
    expect(dayOf({ date: '2026-11-20', hour: 0 }, 0)).toBe('2026-11-20')
  })
  test('end with today, which at two in the night is still yesterday', () => {
    const all = quarters('2026-11-12T00:00:00Z', '2026-11-20T02:00:00Z')
    const shown = byLocalHour(all, localHours('UTC'), time('2026-11-20T01:59:00Z'), 7, 4)
    const hours = shown.map(({ date, hour }) => `${date} ${hour}`)
    expect([hours[0], hours.at(-1)]).toEqual(['2026-11-13 4', '2026-11-20 1'])
  })
})

describe('with an archive', () => {
  const hour = (text: string, count: number, source = 'a') => bucket(text, count, source)
  const merged = (zone: string, local: BucketCount[], archived: BucketCount[]) =>
    cells(zone, '2026-11-20T20:00:00Z', 7, [...withArchived(local, archived)])

  test('an hour counts as the one that knows more of it, never both', () => {
    const local = [
      bucket('2026-11-20T10:00:00Z', 3),
      bucket('2026-11-20T10:45:00Z', 4),
      bucket('2026-11-20T12:00:00Z', 5),
    ]
    const archived = [
      hour('2026-11-20T10:00:00Z', 9),
      hour('2026-11-20T11:00:00Z', 2),
      hour('2026-11-20T12:00:00Z', 1),
    ]
    expect(merged('UTC', local, archived)).toEqual([
      '2026-11-20 10: 9',
      '2026-11-20 11: 2',
      '2026-11-20 12: 5',
    ])
  })
  test('one person’s hour says nothing of another’s', () => {
    const archived = [hour('2026-11-20T10:00:00Z', 2, 'b')]
    expect(merged('UTC', [bucket('2026-11-20T10:00:00Z', 3, 'a')], archived)).toEqual([
      '2026-11-20 10: 3',
      '2026-11-20 10: 2',
    ])
  })
  test('which hour knows more is decided by UTC, before a zone of half hours divides it', () => {
    // 15:30 to 16:30 in Kolkata; both know the same six events, and the archive two more.
    const local = [bucket('2026-11-20T10:15:00Z', 5), bucket('2026-11-20T10:30:00Z', 1)]
    const archived = [hour('2026-11-20T10:00:00Z', 8)]
    expect(merged('Asia/Kolkata', local, archived)).toEqual(['2026-11-20 15: 7', '2026-11-20 16: 1'])
  })
  test(`no hour is less than either knows, and none more than the larger [seed ${SEED}]`, () => {
    const first = bucketOf(time('2026-11-19T00:00:00Z'))
    const counts = fc.array(
      fc.record({
        source: fc.constantFrom('a', 'b'),
        bucket: fc.integer({ min: 0, max: 47 }),
        count: fc.nat(50),
      }),
    )
    const sums = (list: readonly BucketCount[]) => {
      const hours = new Map<string, number>()
      for (const { source, bucket, count } of list) {
        const key = `${source} ${Math.floor(bucket / 4)}`
        hours.set(key, (hours.get(key) ?? 0) + count)
      }
      return hours
    }
    fc.assert(
      fc.property(counts, counts, (some, others) => {
        const local = some.map((one) => ({ ...one, bucket: first + one.bucket }))
        const whole = [...sums(others.map((one) => ({ ...one, bucket: first + one.bucket })))]
        const archived = whole.map(([key, count]): BucketCount => {
          const [source = '', number] = key.split(' ')
          return { source, bucket: Number(number) * 4, count }
        })
        const [mine, theirs, both] = [sums(local), sums(archived), sums(withArchived(local, archived))]
        for (const key of new Set([...mine.keys(), ...theirs.keys()])) {
          expect(both.get(key) ?? 0).toBe(Math.max(mine.get(key) ?? 0, theirs.get(key) ?? 0))
        }
      }),
    )
  })
})

test('an hour of a source is one number, sorted by source and time', () => {
  const buckets = [
    bucket('2026-11-20T10:45:00Z', 4, 'b'),
    bucket('2026-11-20T09:00:00Z', 2, 'a'),
    bucket('2026-11-20T10:00:00Z', 3, 'b'),
    bucket('2026-11-19T23:00:00Z', 1, 'a'),
    bucket('2026-11-20T11:00:00Z', 5, 'b'),
  ]
  expect(byLocalHour(buckets, localHours('UTC'), time('2026-11-20T12:00:00Z'), 7)).toEqual([
    { source: 'a', date: '2026-11-19', hour: 23, eventCount: 1 },
    { source: 'a', date: '2026-11-20', hour: 9, eventCount: 2 },
    { source: 'b', date: '2026-11-20', hour: 10, eventCount: 7 },
    { source: 'b', date: '2026-11-20', hour: 11, eventCount: 5 },
  ])
})

test('no event is lost between the buckets of a month and its hours', () => {
  const buckets = ['a', 'b'].flatMap((source) =>
    quarters('2026-10-21T18:30:00Z', '2026-11-20T18:30:00Z').map((one) => ({ ...one, source, count: 3 })),
  )
  const hours = byLocalHour(buckets, localHours('Asia/Kolkata'), time('2026-11-20T18:00:00Z'), 30)
  expect(hours.reduce((sum, { eventCount }) => sum + eventCount, 0)).toBe(2 * 2880 * 3)
  expect(hours.length).toBe(2 * 30 * 24)
})

test('text is compared by its code units, the same on every machine', () => {
  expect(['b', 'a', 'B', 'ä', 'a-1', 'a'].sort(compare)).toEqual(['B', 'a', 'a', 'a-1', 'b', 'ä'])
})
