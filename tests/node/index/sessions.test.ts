import { expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { handleOf } from '../../../core/handle.ts'
import {
  failure,
  MemoryLog,
  MINUTE,
  NOW,
  openIndex,
  OTHER_SESSION,
  prompt,
  response,
  SESSION,
  session,
  SOURCE,
  tool,
  waiting,
} from './support.ts'

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

async function withEvents(...events: Event[]) {
  const log = new MemoryLog()
  log.append(...events)
  return { log, test: await openIndex(log) }
}

test('a session shows its whole work, whatever the time asked for', async () => {
  const { test } = await withEvents(
    session('started', { at: -20 }),
    prompt({ at: -20 }),
    response({ at: -19, tokens: { input: 10, output: 200, cacheRead: 3000, cacheWrite: 40 } }),
    tool('Bash', { at: -18 }),
    tool('Bash', { at: -17, status: 'failed' }),
    failure('overloaded', { at: -16 }),
    tool('Edit', { at: -4, context: 'invite.ts', projectTag: 'ybndrfg8ejkm' }),
  )
  expect(await test.index.sessions()).toEqual([
    {
      sessionId: SESSION,
      source: SOURCE,
      handle: expect.stringMatching(/^[a-z]+-[a-z]+$/) as string,
      project: 'vibetea',
      projectTag: 'ybndrfg8ejkm',
      assistant: 'claude',
      state: 'active',
      needs: null,
      needsSince: null,
      startedAt: '2026-11-20T09:40:00.000Z',
      lastEventAt: '2026-11-20T09:56:00.000Z',
      endedAt: null,
      totals: {
        prompts: 1,
        tools: 2,
        failures: 1,
        errors: 1,
        tokens: { input: 10, output: 200, cacheRead: 3000, cacheWrite: 40 },
        durationMs: 16 * MINUTE,
      },
      last: { eventType: 'tool', tool: 'Edit', context: 'invite.ts' },
      density: { from: '2026-11-20T09:40:00.000Z', stepMs: 5 * MINUTE, counts: [6, 0, 0, 1] },
    },
  ])
})

test('who waits for an answer comes first, the longest waiting on top; then review, active, inactive, ended', async () => {
  const at = (n: number, minute: number) => ({ session: uuid(n), at: minute })
  const { test } = await withEvents(
    prompt(at(1, -1)),
    prompt(at(2, -7)),
    session('ended', at(3, -2)),
    prompt(at(3, -2)),
    waiting('turn', at(4, -9)),
    waiting('permission', at(5, -4)),
    waiting('question', at(6, -300)),
    waiting('unknown', at(7, -3)),
    waiting('turn', at(8, -40)),
    prompt(at(9, -31)),
  )
  const shown = (await test.index.sessions()).map(({ sessionId, state, needs }) => [
    sessionId,
    needs ?? state,
  ])
  expect(shown).toEqual([
    [uuid(6), 'answer'],
    [uuid(5), 'answer'],
    [uuid(4), 'review'],
    [uuid(1), 'active'],
    [uuid(7), 'active'],
    [uuid(2), 'inactive'],
    [uuid(3), 'ended'],
  ])
})

test('a session leaves the overview half an hour after its end, and is still found by time', async () => {
  const { test } = await withEvents(prompt({ at: -30 }), session('ended', { at: -20 }))
  test.now += 10 * MINUTE
  expect(await test.index.sessions()).toHaveLength(1)
  test.now += 1
  expect(await test.index.sessions()).toHaveLength(0)
  const begin = test.now - 40 * MINUTE
  expect(await test.index.sessions({ from: begin - 1, to: begin })).toHaveLength(1)
  expect(await test.index.sessions({ from: begin + 11 * MINUTE })).toHaveLength(0)
  expect(await test.index.sessions({ to: begin - 1 })).toHaveLength(0)
})

test('sessions can be asked for by state', async () => {
  const { test } = await withEvents(prompt(), waiting('permission', { session: OTHER_SESSION }))
  expect((await test.index.sessions({ state: ['waiting'] })).map(({ sessionId }) => sessionId)).toEqual([
    OTHER_SESSION,
  ])
})

test('two machines may know one session id', async () => {
  const { test } = await withEvents(prompt(), prompt({ source: 'studio-h8ybnd' }))
  expect((await test.index.sessions()).map(({ source }) => source)).toEqual([SOURCE, 'studio-h8ybnd'])
})

test('a response that grows counts once, with its larger tokens', async () => {
  const id = 'evt_growing0000000000000'
  const { log, test } = await withEvents(response({ id, tokens: { output: 10 } }))
  log.append(response({ id, tokens: { output: 90 } }))
  log.append(response({ id, tokens: { output: 50 } }))
  await test.index.caughtUp()
  const [row] = await test.index.sessions()
  expect(row!.totals.tokens.output).toBe(90)
  expect(row!.density.counts).toEqual([1])
  expect((await test.index.stats({ by: 'model', days: 1 })).rows).toMatchObject([
    { events: 1, responses: 1, tokens: { output: 90 } },
  ])
  const { events } = await test.index.events({ limit: 10, order: 'arrival' })
  expect(events.map(({ payload }) => payload)).toMatchObject([{ tokens: { output: 90 } }])
})

test('density is that of the last four hours', async () => {
  const { test } = await withEvents(
    prompt({ at: -600 }),
    prompt({ at: -236 }),
    prompt({ at: -1 }),
    prompt({ at: -1 }),
  )
  const [row] = await test.index.sessions()
  expect(row!.startedAt).toBe('2026-11-20T00:00:00.000Z')
  expect(row!.density.from).toBe('2026-11-20T06:00:00.000Z')
  expect(row!.density.counts).toHaveLength(48)
  expect([row!.density.counts[0], row!.density.counts[47]]).toEqual([1, 2])
})

test('intake is told what is known: ids with tokens, and the events of open and of named sessions', async () => {
  const [first, grown, other] = [
    prompt({ at: -9 }),
    response({ at: -8, tokens: { input: 3 } }),
    prompt({ session: OTHER_SESSION }),
  ]
  const { test } = await withEvents(grown, first, other, session('ended', { session: OTHER_SESSION }))
  const { known } = test.index
  const tokens = { input: 3, output: 0, cacheRead: 0, cacheWrite: 0 }
  expect(await known.known(SOURCE, [first.id, grown.id, 'evt_00000000000000unseen'])).toEqual(
    new Map([
      [first.id, null],
      [grown.id, tokens],
    ]),
  )
  expect(await known.known('studio-h8ybnd', [first.id])).toEqual(new Map())
  expect(await known.openSessions(SOURCE)).toEqual(new Map([[SESSION, [first, grown]]]))
  expect((await known.sessionEvents(SOURCE, [OTHER_SESSION])).get(OTHER_SESSION)).toHaveLength(2)
})

test('sessions are found by handle, project, machine and assistant, however long ago they ended', async () => {
  const DAY = 24 * 60
  const { test } = await withEvents(
    prompt({ at: -9 * DAY, session: uuid(1), project: 'kettle' }),
    prompt({ at: -8 * DAY, session: uuid(1), project: 'kettle-docs' }),
    prompt({ at: -3, session: uuid(2), project: 'kettle', assistant: 'gemini' }),
    prompt({ at: -2, session: uuid(3), project: 'infra', source: SOURCE }),
  )
  const found = async (q: string, more: { limit?: number; from?: number } = {}) =>
    (await test.index.sessions({ q, ...more })).map(({ sessionId }) => Number(sessionId.slice(-12)))
  expect(await found('kettle')).toEqual([2, 1])
  expect(await found('KETTLE', { limit: 1 })).toEqual([2])
  expect(await found('kettle', { from: NOW - MINUTE * DAY })).toEqual([2])
  expect(await found('kettle-d')).toEqual([1])
  expect(await found(handleOf(uuid(1)))).toEqual([1])
  expect(await found(handleOf(uuid(3)).split('-')[1]!)).toEqual([3])
  expect(await found('macbook')).toEqual([3, 2, 1])
  expect(await found('gem kettle')).toEqual([2])
  for (const q of ['prompt', 'чай', '=', '"', 'kettle nowhere']) expect(await found(q)).toEqual([])
})
