import { describe, expect, test } from 'vitest'
import { EVENTS_LOG_BOUNDS, excess, grown } from '../../../node/log/growth.ts'

const DAY = 86_400_000
const NONE = { day: 0, bytes: 0, events: 0 }
const MIB = 1024 * 1024
const bounded = (growth: typeof NONE, now: number) => excess(growth, EVENTS_LOG_BOUNDS, now)

describe('What a log may grow in a day', () => {
  test('is 64 MiB', () => {
    const almost = grown(NONE, { bytes: 64 * MIB - 1 }, 5 * DAY)
    expect(bounded(almost, 5 * DAY)).toBeNull()
    expect(bounded(grown(almost, { bytes: 1 }, 5 * DAY + 7), 5 * DAY + 7)).toEqual({
      what: '64 MiB',
      until: 6 * DAY,
    })
  })

  test('is 200,000 events', () => {
    const much = grown(grown(NONE, { events: 199_999 }, DAY), { events: 1 }, DAY + 1)
    expect(bounded(much, DAY + 1)).toEqual({ what: '200,000 events', until: 2 * DAY })
  })

  test('begins anew at midnight UTC, and not because a clock is set back', () => {
    const full = grown(NONE, { bytes: 64 * MIB }, 3 * DAY - 1)
    expect(bounded(full, 3 * DAY - 1)).not.toBeNull()
    expect(bounded(full, 3 * DAY)).toBeNull()
    expect(bounded(full, DAY)).not.toBeNull()
    expect(grown(full, { bytes: 1 }, DAY).bytes).toBe(64 * MIB + 1)
    expect(grown(full, { bytes: 1, events: 2 }, 3 * DAY)).toEqual({ day: 3, bytes: 1, events: 2 })
  })
})
