import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import { codex } from '../../../node/sources/codex/adapter.ts'
import { acceptAdapter, collected, testRule } from './adapter-acceptance.ts'
import { told } from './told.ts'

const HOME = fileURLToPath(new URL('fixtures/codex', import.meta.url))
const KETTLE_ID = '019e2700-6d80-7a1c-9b2e-7e5e0c000000'
const TASTER_ID = '019e2701-5dbc-70d3-9f1a-7c4b5e000000'
const KETTLE = `${HOME}/sessions/2026/05/14/rollout-2026-05-14T17-00-00-${KETTLE_ID}.jsonl`
const TASTER = `${HOME}/sessions/2026/05/14/rollout-2026-05-14T17-01-01-${TASTER_ID}.jsonl`
const FORK = `${HOME}/sessions/2026/05/16/rollout-2026-05-16T11-00-00-019e3003-8e80-7f0b-9f02-e7c0de000000.jsonl`
const CUPS_NAME = 'rollout-2025-09-20T10-00-00-0c0ffee0-1dea-4d0e-8a5e-7ea0cafe0001.jsonl'
const CUPS = `${HOME}/archived_sessions/${CUPS_NAME}`
/** CUPS as `zstd -19` (1.5) compresses it: the real program's file, of an invented session. */
const PRESSED = `${HOME}/sessions/2025/09/20/${CUPS_NAME}.zst`
const AGAIN = `${HOME}/sessions/2025/09/20/rollout-2025-09-20T11-00-00-0c0ffee0-1dea-4d0e-8a5e-7ea0cafe0002.jsonl`
const BARE = `${HOME}/sessions/2025/06/01/rollout-2025-06-01T09-00-00-0c0ffee0-1dea-4d0e-8a5e-7ea0cafe0003.jsonl`

const T = '2026-05-14T15:00:00.000Z'
const line = (record: object) => Buffer.from(JSON.stringify(record))

acceptAdapter({
  adapter: codex,
  files: [KETTLE, TASTER, FORK, CUPS, AGAIN, BARE],
  documents: [PRESSED],
  foreign: [
    { type: 'user', sessionId: 's', uuid: 'u', timestamp: T, message: { role: 'user', content: 'x' } },
    { type: 'message', id: 'm', timestamp: T, message: { role: 'user', content: [] } },
    { type: 'session', version: 3, id: 's', timestamp: T, cwd: '/tmp' },
    { type: 'session.start', data: { sessionId: 's' }, id: 'e1', timestamp: T },
    { type: 'session_start', id: 's', title: 't', cwd: '/tmp' },
    { type: 'function_call', name: 'x', arguments: {} },
    { sessionId: 's', messages: [{ id: 'u1', type: 'user', content: 'x' }] },
    { id: 's', timestamp: T, title: 'no rollout' },
    { session_id: 's', ts: 1, text: 'a line of history' },
    { id: 's', thread_name: 'a line of the index', updated_at: T },
  ].map(line),
})

const projects = {
  peek: (cwd: string | null) => ({ name: cwd?.split('/').at(-1) ?? 'project' }),
  resolve: () => Promise.reject(new Error('not needed')),
}

async function eventsOf(...paths: string[]): Promise<Event[]> {
  const options = { adapters: [codex], projects, rule: testRule(), now: Date.parse('2026-06-01T00:00:00Z') }
  return collected(readBatch(paths, options))
}

describe('a Codex session', () => {
  const MAIN = [
    '1.3 started',
    '1.3 prompt',
    '4 exec_command started',
    '5 exec_command completed 250',
    '5.2 gpt-5.6-sol 400 84 600 0',
    '6 apply_patch started kettle.ts',
    '6.4 apply_patch completed kettle.ts',
    '6.6 gpt-5.6-sol 500 100 1000 0',
    '7 exec_command started',
    '15 exec_command failed 7500',
    '16 web_search_call started',
    '16 web_search_call completed',
    '17 request_user_input started',
    '17 waiting question',
    '57 request_user_input unknown',
    '61 spawn_agent started',
    '62 spawn_agent unknown',
    '61.5 agent started tea-taster',
    '95 brew started',
    '96 brew failed 640',
    '97 gpt-5.6-sol 200 80 2000 0',
    '99 waiting turn',
    '200 compaction',
    '300.2 prompt',
    '305 waiting turn',
    '310.2 prompt',
    '312 error rate-limit',
    '312 waiting turn',
    '312 ended',
    '312 summary',
  ]
  const TASTED = [
    '65 view_image started leaf.png',
    '66 view_image unknown leaf.png',
    '70 gpt-5.6-luna 200 60 100 0',
    '71 agent finished tea-taster',
  ]

  test('is told as what happened in it, once each, with its subagent', async () => {
    const events = await eventsOf(KETTLE, TASTER)
    expect(new Set(events.map(({ payload }) => payload.sessionId))).toEqual(new Set([KETTLE_ID]))
    expect(events.every(({ payload }) => payload.project === 'teahouse')).toBe(true)
    const start = '61.5 agent started tea-taster'
    const all = [...MAIN.filter((each) => each !== start), ...TASTED]
    const seen = told(events, T)
    expect(seen.filter((each) => !each.includes(' agent started')).sort()).toEqual(all.sort())
    // Either file may be the first to tell of the start.
    expect(seen.filter((each) => each.includes(' agent started'))).toHaveLength(1)
  })

  test('sums up to what was done', async () => {
    const events = await eventsOf(KETTLE, TASTER)
    const summary = events.find(({ eventType }) => eventType === 'summary')
    expect(summary?.payload).toMatchObject({
      totals: {
        prompts: 3,
        tools: 8,
        failures: 2,
        errors: 1,
        tokens: { input: 1300, output: 324, cacheRead: 3700, cacheWrite: 0 },
      },
    })
  })

  test('has its subagent under the same name in either file', async () => {
    const ids = async (...paths: string[]) =>
      (await eventsOf(...paths)).flatMap((event) =>
        event.eventType === 'agent' ? event.payload.agentId : [],
      )
    const [id] = await ids(KETTLE)
    expect(await ids(TASTER)).toEqual([id, id])
    expect(new Set(await ids(KETTLE, TASTER))).toEqual(new Set([id]))
  })

  test('of a subagent holds only what that did, as its parent’s session', async () => {
    const events = await eventsOf(TASTER)
    expect(told(events, T)).toEqual(expect.arrayContaining(TASTED))
    expect(told(events, T).filter((each) => /prompt|exec_command|gpt-5.6-sol|waiting/.test(each))).toEqual([])
    expect(events[0]?.payload.sessionId).toBe(KETTLE_ID)
  })
})

describe('a forked or resumed session', () => {
  test('begins with its own first prompt, as the ids of its turns tell', async () => {
    expect(told(await eventsOf(FORK), '2026-05-16T09:00:00.000Z')).toEqual(
      [
        '4.2 started',
        '4.2 prompt',
        '6 exec_command started',
        '7 exec_command completed 500',
        '8 gpt-5.6-sol 200 40 300 0',
        '9 waiting turn',
        '9 ended',
        '9 summary',
      ].sort(),
    )
  })

  test('begins after the pause that follows the copy, where turns have no ids', async () => {
    expect(told(await eventsOf(AGAIN), '2025-09-20T09:00:00.000Z')).toEqual(
      ['20 started', '20 prompt', '25 gpt-5-codex 100 10 900 0', '25 ended', '25 summary'].sort(),
    )
  })

  test('adds nothing to the other than its own, whichever is read first', async () => {
    const alone = [KETTLE, TASTER, FORK, CUPS, AGAIN]
    const one = (await Promise.all(alone.map((path) => eventsOf(path)))).flat()
    const work = (events: Event[]) =>
      new Set(
        events.filter(({ eventType }) => !['session', 'summary'].includes(eventType)).map(({ id }) => id),
      )
    expect(work(await eventsOf(...alone))).toEqual(work(one))
    expect(work(await eventsOf(...alone.toReversed()))).toEqual(work(one))
  })
})

describe('a session of 2025', () => {
  const CUPS_TOLD = [
    '2 started',
    '2 prompt',
    '5 shell started',
    '5 shell completed 1500',
    '6 gpt-5-codex 600 50 100 0',
    '8 shell started',
    '8 shell failed 0',
    '9 update_plan started',
    '9 update_plan unknown',
    '10 gpt-5-codex 100 40 800 0',
    '10 ended',
    '10 summary',
  ]

  test('tells of results in JSON behind an output of any length', async () => {
    expect(told(await eventsOf(CUPS), '2025-09-20T08:00:00.000Z')).toEqual(CUPS_TOLD.sort())
  })

  test('is the same archived, compressed and both', async () => {
    const plain = await eventsOf(CUPS)
    expect(await eventsOf(PRESSED)).toEqual(plain)
    expect(await eventsOf(PRESSED, CUPS)).toEqual(plain)
  })

  test('without envelopes still tells of its tools, at the time of its beginning', async () => {
    const events = await eventsOf(BARE)
    expect(told(events, '2025-06-01T07:00:00.000Z')).toEqual(
      expect.arrayContaining(['0 shell started', '0 shell completed 200']),
    )
    expect(events[0]?.payload.sessionId).toBe('0c0ffee0-1dea-4d0e-8a5e-7ea0cafe0003')
  })
})

describe('where Codex keeps its files', () => {
  const where = (env: Record<string, string>) =>
    codex
      .defaultDirectories({ env, homeDirectory: '/home/ada' })
      .flatMap((directory) => codex.watched(directory))

  test('is its home, or where its own setting says', () => {
    expect(where({})).toEqual(['/home/ada/.codex/sessions', '/home/ada/.codex/archived_sessions'])
    expect(where({ CODEX_HOME: '~/c' })).toEqual(['/home/ada/c/sessions', '/home/ada/c/archived_sessions'])
    expect(codex.watched('/x/sessions')).toEqual(['/x/sessions', '/x/archived_sessions'])
  })

  test.each([
    ['2026/05/14/rollout-2026-05-14T17-00-00-5e0c.jsonl', 'lines'],
    ['rollout-2026-05-14T17-00-00-5e0c.jsonl', 'lines'],
    ['2026/05/14/rollout-2026-05-14T17-00-00-5e0c.jsonl.zst', 'document'],
    ['2026/05/14/rollout-2026-05-14T17-00-00-5e0c.jsonl.zst.tmp', null],
    ['2026/05/14/notes.jsonl', null],
    ['rollout-2025-04-20.json', null],
  ])('holds sessions and other things: %s', (relative, form) => {
    expect(codex.formOf(relative)).toBe(form)
  })

  test('has its folders of years, months and days, and no deeper ones', () => {
    expect(codex.enters?.('2026/05/14')).toBe(true)
    expect(codex.enters?.('2026/05/14/x')).toBe(false)
  })
})
