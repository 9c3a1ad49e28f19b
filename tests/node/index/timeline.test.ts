import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TimelineAnswer } from '../../../core/api.ts'
import type { Event } from '../../../core/events.ts'
import {
  failure,
  MemoryLog,
  MINUTE,
  NOW,
  openIndex,
  OTHER_SESSION,
  prompt,
  SESSION,
  SOURCE,
} from './support.ts'

const BRUNO = 'studio-h8ybnd'
const FIVE = 5 * MINUTE

async function timelineOf(
  events: readonly Event[],
  from: number,
  to: number,
  stepMs = FIVE,
): Promise<Omit<TimelineAnswer, 'gaps'>> {
  const log = new MemoryLog()
  log.append(...events)
  const { index } = await openIndex(log)
  return index.timeline({ from: NOW + from * MINUTE, to: NOW + to * MINUTE, stepMs })
}

const iso = (minutes: number): string => new Date(NOW + minutes * MINUTE).toISOString()

describe('the timeline', () => {
  test('counts what a session did in that time alone, step by step', async () => {
    const at = [-300, -118, -117, -104, -3]
    const { sessions, more } = await timelineOf(
      at.map((minutes) => prompt({ at: minutes })),
      -120,
      -60,
    )
    expect(more).toBe(0)
    expect(sessions).toMatchObject([
      {
        sessionId: SESSION,
        source: SOURCE,
        startedAt: iso(-300),
        lastEventAt: iso(-3),
        density: { from: iso(-120), stepMs: FIVE, counts: [2, 0, 0, 1] },
        errors: [],
      },
    ])
  })

  test('reaches as far back as is asked, however long a session went on', async () => {
    const hours = Array.from({ length: 24 }, (_, i) => prompt({ at: -24 * 60 + i * 60 }))
    const { sessions } = await timelineOf(hours, -24 * 60, 0, 60 * MINUTE)
    expect(sessions[0]!.density.counts).toEqual(Array(24).fill(1))
  })

  test('has steps of a minute where that is asked for', async () => {
    const { sessions } = await timelineOf([prompt({ at: -9 }), prompt({ at: -7 })], -60, 0, MINUTE)
    expect(sessions[0]!.density).toEqual({ from: iso(-9), stepMs: MINUTE, counts: [1, 0, 1] })
  })

  test('tells when errors were, and counts them as events', async () => {
    const events = [
      prompt({ at: -20 }),
      failure('api', { at: -10 }),
      failure('network', { at: -19 }),
      failure('api', { at: -90 }),
    ]
    const { sessions } = await timelineOf(events, -60, 0)
    expect(sessions[0]).toMatchObject({ errors: [iso(-19), iso(-10)], density: { counts: [2, 0, 1] } })
  })

  test('leaves out a session that did nothing in that time, though it went on before and after', async () => {
    expect(await timelineOf([prompt({ at: -90 }), prompt({ at: -10 })], -60, -30)).toEqual({
      sessions: [],
      more: 0,
    })
  })

  test('counts a session that moved to another project as one', async () => {
    const { sessions } = await timelineOf(
      [
        prompt({ at: -20 }),
        prompt({ at: -20, project: 'elsewhere' }),
        prompt({ at: -10, project: 'elsewhere' }),
      ],
      -60,
      0,
    )
    expect(sessions).toMatchObject([{ project: 'elsewhere', density: { counts: [2, 0, 1] } }])
  })

  test('tells one session on two devices apart', async () => {
    const { sessions } = await timelineOf([prompt({ at: -20 }), prompt({ at: -10, source: BRUNO })], -60, 0)
    expect(sessions.map(({ source }) => source)).toEqual([SOURCE, BRUNO])
  })

  test('ends with the 500 sessions that went on last, and says how many more there are', async () => {
    const id = (n: number) => `4f0c1a52-7b1e-4d0a-9c55-${String(n).padStart(12, '0')}`
    const events = Array.from({ length: 503 }, (_, n) => prompt({ at: -1 - n, session: id(n) }))
    const { sessions, more } = await timelineOf(events, -24 * 60, 0)
    expect(more).toBe(3)
    expect(sessions).toHaveLength(500)
    expect(sessions.some(({ sessionId }) => sessionId === id(502))).toBe(false)
  })

  test('is the same as counting the events one by one', async () => {
    const event = fc.record({
      at: fc.integer({ min: -90, max: -1 }),
      session: fc.constantFrom(SESSION, OTHER_SESSION),
      isError: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 30 }), async (all) => {
        const { sessions } = await timelineOf(
          all.map(({ isError, ...head }) => (isError ? failure('api', head) : prompt(head))),
          -60,
          -10,
        )
        const within = all.filter(({ at }) => at >= -60 && at < -10)
        const sum = sessions.flatMap(({ density }) => density.counts).reduce((a, b) => a + b, 0)
        expect(sum).toBe(within.length)
        expect(sessions.flatMap(({ errors }) => errors)).toHaveLength(
          within.filter(({ isError }) => isError).length,
        )
        for (const { density } of sessions) {
          expect(density.counts[0]).toBeGreaterThan(0)
          expect(density.counts.at(-1)).toBeGreaterThan(0)
        }
      }),
      { numRuns: 15 },
    )
  })
})
