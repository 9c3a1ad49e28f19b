import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../core/events.ts'
import { SESSION_GAP_MS } from '../../core/lifecycle.ts'
import type { SessionClock } from '../../core/sessions.ts'
import { ACTIVE_MS, advance, NO_CLOCK, OVERVIEW_MS, statusAt } from '../../core/sessions.ts'
import { anyEvent, eventAt, SEED } from './support.ts'

const AT = Date.parse('2026-11-20T09:00:00Z')
const MINUTE = 60_000
const prompt = (at: number) => eventAt(at, 'activity', { kind: 'prompt' })
const wait = (at: number, reason: string) => eventAt(at, 'activity', { kind: 'waiting', reason })
const ended = (at: number) => eventAt(at, 'session', { action: 'ended' })

const clockOf = (events: readonly Event[]): SessionClock => events.reduce(advance, NO_CLOCK)
const after = (ms: number, ...events: Event[]) => statusAt(clockOf(events), AT + ms)

test('the times are those of the contract', () =>
  expect([ACTIVE_MS, SESSION_GAP_MS, OVERVIEW_MS]).toEqual([5 * MINUTE, 30 * MINUTE, 30 * MINUTE]))

describe('a session with an event is', () => {
  const nothing = { needs: null, needsSince: null }
  test.each([
    [-1, 'active'],
    [0, 'active'],
    [5 * MINUTE - 1, 'active'],
    [5 * MINUTE, 'inactive'],
    [30 * MINUTE - 1, 'inactive'],
  ])('%i ms later %s', (ms, state) =>
    expect(after(ms, prompt(AT))).toEqual({ state, ...nothing, endedAt: null }),
  )
  test.each([30 * MINUTE, 1e12])('%i ms later ended, at that event', (ms) =>
    expect(after(ms, prompt(AT))).toEqual({ state: 'ended', ...nothing, endedAt: AT }),
  )
})

describe('a session whose turn is over', () => {
  test.each([0, 5 * MINUTE, 30 * MINUTE - 1])('waits for a review %i ms later', (ms) =>
    expect(after(ms, wait(AT, 'turn'))).toEqual({
      state: 'waiting',
      needs: 'review',
      needsSince: AT,
      endedAt: null,
    }),
  )
  test('has ended after 30 minutes', () =>
    expect(after(30 * MINUTE, wait(AT, 'turn'))).toMatchObject({ state: 'ended', needs: null, endedAt: AT }))
})

describe.each(['permission', 'question'])('a session with an open %s', (reason) => {
  test.each([0, 5 * MINUTE, 30 * MINUTE, 1e11])('waits for an answer %i ms later', (ms) =>
    expect(after(ms, wait(AT, reason))).toEqual({
      state: 'waiting',
      needs: 'answer',
      needsSince: AT,
      endedAt: null,
    }),
  )
  test('waits no longer after the next event', () =>
    expect(after(MINUTE, wait(AT, reason), prompt(AT + 1))).toMatchObject({ state: 'active', needs: null }))
  test('has ended where that was said, as its process is gone', () =>
    expect(after(0, wait(AT, reason), ended(AT))).toEqual({
      state: 'ended',
      needs: null,
      needsSince: null,
      endedAt: AT,
    }))
  test('waits no longer where the wait was taken back', () =>
    expect(after(0, wait(AT, reason), wait(AT, 'unknown'))).toMatchObject({ state: 'active', needs: null }))
})

test('a session that waits for something unknown needs nothing', () => {
  expect(after(0, wait(AT, 'unknown')).state).toBe('active')
  expect(after(5 * MINUTE, wait(AT, 'unknown')).state).toBe('inactive')
  expect(after(30 * MINUTE, wait(AT, 'unknown')).state).toBe('ended')
})

test('a session that was said to have ended has, until its next event', () => {
  expect(after(0, prompt(AT), ended(AT)).state).toBe('ended')
  expect(after(2, prompt(AT), ended(AT), prompt(AT + 1))).toMatchObject({ state: 'active', endedAt: null })
  expect(after(2, prompt(AT), ended(AT + 1))).toMatchObject({ state: 'ended', endedAt: AT + 1 })
})

test('a summary, a start and a resumption are no signs of life', () => {
  const totals = {
    prompts: 0,
    tools: 0,
    failures: 0,
    errors: 0,
    tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
    durationMs: 0,
  }
  const late = AT + 60 * MINUTE
  for (const event of [
    eventAt(late, 'summary', { summary: 'Session ended', totals }),
    eventAt(late, 'session', { action: 'started' }),
    eventAt(late, 'session', { action: 'resumed' }),
  ]) {
    expect(clockOf([prompt(AT), event])).toEqual(clockOf([prompt(AT)]))
  }
})

test(`the order in which events come changes nothing [seed ${SEED}]`, () => {
  const times = fc.integer({ min: 0, max: 5 }).map((minutes) => AT + minutes * MINUTE)
  const waits = fc
    .tuple(times, fc.constantFrom('turn', 'permission', 'question', 'unknown'))
    .map(([at, reason]) => wait(at, reason))
  const histories = fc.array(fc.oneof(anyEvent(times), waits), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(
      histories.chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
      ),
      ([events, shuffled]) => {
        expect(clockOf(shuffled)).toEqual(clockOf(events))
      },
    ),
    { numRuns: 1000 },
  )
})
