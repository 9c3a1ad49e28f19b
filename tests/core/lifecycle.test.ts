import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Event, Tokens, Totals } from '../../core/events.ts'
import type { DatedFact } from '../../core/lifecycle.ts'
import { Lifecycle, SESSION_GAP_MS } from '../../core/lifecycle.ts'
import { anyEvent, eventAt, SEED } from './support.ts'

const MINUTE = 60_000
const START = Date.parse('2026-11-20T09:00:00Z')
const prompt = (minutes: number) => eventAt(START + minutes * MINUTE, 'activity', { kind: 'prompt' })
const wait = (minutes: number, reason: string) =>
  eventAt(START + minutes * MINUTE, 'activity', { kind: 'waiting', reason })

/** What is due, in short: `started 0`, `ended 12`, in minutes from the start. */
const short = (facts: readonly DatedFact[]): string[] =>
  facts.map(({ at, fact }) =>
    [fact.type === 'session' ? fact.action : 'summary', String((at - START) / MINUTE)].join(' '),
  )
function dueOf(events: readonly Event[], now?: number): DatedFact[] {
  const lifecycle = new Lifecycle()
  for (const event of events) lifecycle.add(event)
  return lifecycle.due(now)
}
const minutesLater = (minutes: number) => START + minutes * MINUTE
const minute = (events: readonly Event[], now?: number) =>
  short(dueOf(events, now === undefined ? undefined : minutesLater(now)))

describe('a session', () => {
  test('starts with its first event', () => expect(minute([prompt(0), prompt(1)])).toEqual(['started 0']))

  test('goes on after 30 minutes less a millisecond, and not after 30', () => {
    const at = (ms: number) => eventAt(START + ms, 'activity', { kind: 'prompt' })
    expect(minute([at(0), at(SESSION_GAP_MS - 1)])).toEqual(['started 0'])
    expect(minute([at(0), at(SESSION_GAP_MS)])).toEqual(['started 0', 'ended 0', 'summary 0', 'resumed 30'])
  })
  test('that is silent has ended after 30 minutes, at its last event', () => {
    const events = [prompt(0), prompt(5)]
    expect(short(dueOf(events, minutesLater(35) - 1))).toEqual(['started 0'])
    expect(short(dueOf(events, minutesLater(35)))).toEqual(['started 0', 'ended 5', 'summary 5'])
  })
  test.each(['permission', 'question'])('that waits for an answer to a %s goes on when it comes', (reason) =>
    expect(minute([prompt(0), wait(1, reason), prompt(500)], 501)).toEqual(['started 0']),
  )
  test.each(['turn', 'unknown'])('that waits for nothing but a next %s ends', (reason) =>
    expect(minute([prompt(0), wait(1, reason), prompt(500)], 501)).toEqual([
      'started 0',
      'ended 1',
      'summary 1',
      'resumed 500',
    ]),
  )
  test('that waits for an answer which never comes ends like any other', () =>
    expect(minute([prompt(0), wait(1, 'question')], 31)).toEqual(['started 0', 'ended 1', 'summary 1']))

  test('that waits for an answer stays open while its process lives', () => {
    const lifecycle = new Lifecycle()
    lifecycle.add(wait(0, 'permission'))
    expect(lifecycle.awaitsAnswer).toBe(true)
    expect(short(lifecycle.due(minutesLater(600), true))).toEqual(['started 0'])
    expect(lifecycle.isEnded).toBe(false)
    expect(short(lifecycle.due(minutesLater(600), false))).toEqual(['ended 0', 'summary 0'])
    expect(lifecycle.isEnded).toBe(true)
  })
  test('whose process lives and that waits for nothing ends', () => {
    const lifecycle = new Lifecycle()
    lifecycle.add(prompt(0))
    expect(short(lifecycle.due(minutesLater(30), true))).toEqual(['started 0', 'ended 0', 'summary 0'])
  })
  test('that was said to be over while it waited is resumed by the answer', () => {
    const lifecycle = new Lifecycle()
    lifecycle.add(wait(0, 'question'))
    lifecycle.due(minutesLater(40))
    lifecycle.add(prompt(60))
    expect(short(lifecycle.due())).toEqual(['resumed 60'])
  })
  test('that has ended and is known by that alone is resumed, not started', () => {
    const lifecycle = new Lifecycle()
    lifecycle.add(eventAt(START, 'session', { action: 'started' }))
    lifecycle.add(eventAt(START + MINUTE, 'session', { action: 'ended' }))
    lifecycle.add(prompt(60))
    expect(short(lifecycle.due())).toEqual(['resumed 60'])
  })
  test('whose question was taken back waits no longer', () => {
    for (const events of [
      [wait(0, 'question'), wait(0, 'unknown')],
      [wait(0, 'unknown'), wait(0, 'question')],
    ]) {
      const lifecycle = new Lifecycle()
      for (const event of events) lifecycle.add(event)
      expect(lifecycle.awaitsAnswer).toBe(false)
    }
  })
})

describe('a session that was left', () => {
  test('has ended at its last event, as silence would have it', () => {
    const lifecycle = new Lifecycle()
    for (const event of [prompt(0), prompt(5)]) lifecycle.add(event)
    const said = lifecycle.end(minutesLater(6))
    expect(said).toEqual(dueOf([prompt(0), prompt(5)], minutesLater(35)))
    expect(lifecycle.due(minutesLater(35))).toEqual([])
  })
  test('has ended also while it asked something', () => {
    const lifecycle = new Lifecycle()
    lifecycle.add(wait(0, 'permission'))
    lifecycle.due()
    expect(short(lifecycle.end(minutesLater(1)))).toEqual(['ended 0', 'summary 0'])
    expect(short(lifecycle.due(minutesLater(40), true))).toEqual([])
  })
  test('is resumed by what happens later, and its summary then counts as if it had not been left', () => {
    const lifecycle = new Lifecycle()
    for (const event of [prompt(0), prompt(5)]) lifecycle.add(event)
    lifecycle.end(minutesLater(6))
    lifecycle.forget()
    lifecycle.add(prompt(10))
    expect(short(lifecycle.due())).toEqual(['resumed 10'])
    lifecycle.add(prompt(11))
    const last = lifecycle.due(minutesLater(50))
    expect(last).toEqual(dueOf([prompt(0), prompt(5), prompt(10), prompt(11)], minutesLater(50)).slice(1))
  })
  test('ends later where what happened before is read late', () => {
    const lifecycle = new Lifecycle()
    lifecycle.add(prompt(0))
    lifecycle.end(minutesLater(6))
    lifecycle.add(prompt(5))
    expect(short(lifecycle.due())).toEqual(['ended 5', 'summary 5'])
  })
  test('is not resumed again when all that was said is read back', () => {
    const session = (minutes: number, action: string) =>
      eventAt(START + minutes * MINUTE, 'session', { action })
    const left = [session(0, 'started'), prompt(0), session(0, 'ended')]
    expect(minute([...left, session(10, 'resumed'), prompt(10)])).toEqual([])
    expect(minute([...left, prompt(5), session(5, 'ended')])).toEqual([])
    expect(minute([...left, prompt(10)])).toEqual(['resumed 10'])
  })
})

test('a summary counts what happened from the start, or the resumption, on', () => {
  const tokens = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }
  const tool = (minutes: number, status: string) =>
    eventAt(START + minutes * MINUTE, 'tool', { tool: 'Edit', callId: 'ybndrfg8ejkm', status })
  const response = (minutes: number) =>
    eventAt(START + minutes * MINUTE, 'activity', { kind: 'response', model: 'm', tokens })
  const events = [
    prompt(0),
    tool(1, 'started'),
    tool(2, 'failed'),
    tool(2, 'started'),
    tool(3, 'completed'),
    response(3),
    eventAt(START + 4 * MINUTE, 'error', { category: 'api' }),
    response(4),
    prompt(60),
  ]
  const summaries = dueOf(events, minutesLater(90)).filter(({ fact }) => fact.type === 'summary')
  const twice = { input: 2, output: 4, cacheRead: 6, cacheWrite: 8 }
  const none = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  const totals = { prompts: 1, tools: 2, failures: 1, errors: 1, tokens: twice, durationMs: 4 * MINUTE }
  expect(summaries).toEqual([
    { at: minutesLater(4), fact: { type: 'summary', totals } },
    {
      at: minutesLater(60),
      fact: {
        type: 'summary',
        totals: { prompts: 1, tools: 0, failures: 0, errors: 0, tokens: none, durationMs: 0 },
      },
    },
  ])
})

test('tokens that come again with more count once', () => {
  const response = (output: number) =>
    eventAt(START, 'activity', {
      kind: 'response',
      model: 'm',
      tokens: { input: 5, output, cacheRead: 0, cacheWrite: 0 },
    })
  const lifecycle = new Lifecycle()
  lifecycle.add(response(1))
  lifecycle.add(response(40), { input: 5, output: 1, cacheRead: 0, cacheWrite: 0 })
  const summary = lifecycle.due(minutesLater(30)).find(({ fact }) => fact.type === 'summary')
  expect(summary?.fact).toHaveProperty('totals.tokens', { input: 5, output: 40, cacheRead: 0, cacheWrite: 0 })
})

/** Times that make gaps of all kinds: on the boundary, at one time, near and far. */
const times = fc
  .tuple(
    fc.constantFrom(0, 1, 29, 30, 31, 59, 60, 61, 90, 200, 1000),
    fc.nat({ max: 12 }),
    fc.integer({ min: -1, max: 1 }),
  )
  .map(([minutes, blocks, ms]) => START + (minutes + blocks * 30) * MINUTE + ms)
const isFactual = (event: Event) => event.eventType !== 'session' && event.eventType !== 'summary'
const histories = fc.array(anyEvent(times).filter(isFactual), { minLength: 1, maxLength: 25 })

const sorted = (facts: readonly DatedFact[]) => facts.map((fact) => JSON.stringify(fact)).sort()
const inTime = (events: readonly Event[]) =>
  [...events].sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp))

/** The rule as DESIGN has it, in the plainest words: sort, and look at each gap. */
function reference(events: readonly Event[], now: number): DatedFact[] {
  const list = inTime(events)
  const timeOf = (event: Event) => Date.parse(event.timestamp)
  const asks = (at: number) => {
    const reasons = list.flatMap((event) =>
      timeOf(event) === at && event.eventType === 'activity' && event.payload.kind === 'waiting'
        ? [event.payload.reason]
        : [],
    )
    return !reasons.includes('unknown') && reasons.some((reason) => reason !== 'turn')
  }
  const runs: Event[][] = []
  for (const event of list) {
    const last = runs.at(-1)?.at(-1)
    const isNew = !last || (timeOf(event) - timeOf(last) >= SESSION_GAP_MS && !asks(timeOf(last)))
    if (isNew) runs.push([event])
    else runs.at(-1)!.push(event)
  }
  return runs.flatMap((run, i): DatedFact[] => {
    const from = timeOf(run[0]!)
    const to = timeOf(run.at(-1)!)
    const begin: DatedFact = {
      at: from,
      fact: { type: 'session', action: i === 0 ? 'started' : 'resumed' },
    }
    if (i === runs.length - 1 && now - to < SESSION_GAP_MS) return [begin]
    const sum = (of: (event: Event) => number) => run.reduce((total, event) => total + of(event), 0)
    const tokensOf = (name: keyof Tokens) =>
      sum((event) =>
        event.eventType === 'activity' && event.payload.kind === 'response' ? event.payload.tokens[name] : 0,
      )
    const ofStatus = (status: string) =>
      sum((event) => Number(event.eventType === 'tool' && event.payload.status === status))
    const totals: Totals = {
      prompts: sum((event) => Number(event.eventType === 'activity' && event.payload.kind === 'prompt')),
      tools: ofStatus('started'),
      failures: ofStatus('failed'),
      errors: sum((event) => Number(event.eventType === 'error')),
      tokens: {
        input: tokensOf('input'),
        output: tokensOf('output'),
        cacheRead: tokensOf('cacheRead'),
        cacheWrite: tokensOf('cacheWrite'),
      },
      durationMs: to - from,
    }
    return [
      begin,
      { at: to, fact: { type: 'session', action: 'ended' } },
      { at: to, fact: { type: 'summary', totals } },
    ]
  })
}

const NOW = fc.constantFrom(0, 29, 30, 31, 10_000).map(minutesLater)

describe(`for any history [seed ${SEED}]`, () => {
  test('what follows is what the rule says, in whatever order the events come', () => {
    fc.assert(
      fc.property(
        histories.chain((events) =>
          fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
        ),
        NOW,
        ([events, shuffled], now) => {
          const expected = sorted(reference(events, now))
          expect(sorted(dueOf(events, now))).toEqual(expected)
          expect(sorted(dueOf(shuffled, now))).toEqual(expected)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('asking after each event, and forgetting what is over, says the same as asking once', () => {
    fc.assert(
      fc.property(histories, NOW, (events, now) => {
        const lifecycle = new Lifecycle()
        const said = inTime(events).flatMap((event) => {
          lifecycle.add(event)
          const facts = lifecycle.due()
          lifecycle.forget()
          return facts
        })
        said.push(...lifecycle.due(now))
        expect(sorted(said)).toEqual(sorted(dueOf(events, now)))
      }),
      { numRuns: 1000 },
    )
  })

  test('a live clock that ticks between the events says the same, with a process that lives', () => {
    fc.assert(
      fc.property(histories, (events) => {
        const lifecycle = new Lifecycle()
        const list = inTime(events)
        const said = list.flatMap((event, i) => {
          lifecycle.add(event)
          const facts = lifecycle.due()
          const next = list[i + 1]
          if (next) facts.push(...lifecycle.due(Date.parse(next.timestamp), true))
          lifecycle.forget()
          return facts
        })
        expect(sorted(said)).toEqual(sorted(dueOf(events)))
      }),
      { numRuns: 1000 },
    )
  })

  test('what was said and is read back is not said again', () => {
    fc.assert(
      fc.property(histories, NOW, (events, now) => {
        const said = dueOf(events, now).flatMap(({ at, fact }) =>
          fact.type === 'session' ? [eventAt(at, 'session', { action: fact.action })] : [],
        )
        for (const restored of [
          [...events, ...said],
          [...said, ...events],
        ]) {
          const lifecycle = new Lifecycle()
          for (const event of restored) lifecycle.add(event)
          expect(lifecycle.due(now)).toEqual([])
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('asking twice says nothing twice', () => {
    fc.assert(
      fc.property(histories, NOW, (events, now) => {
        const lifecycle = new Lifecycle()
        for (const event of events) lifecycle.add(event)
        lifecycle.due(now)
        expect(lifecycle.due(now)).toEqual([])
      }),
    )
  })
})
