import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import { copilot } from '../../../node/sources/copilot/adapter.ts'
import type { Reader } from '../../../node/sources/port.ts'
import { acceptAdapter, collected, testRule } from './adapter-acceptance.ts'
import { told } from './told.ts'

const SESSIONS = fileURLToPath(new URL('fixtures/copilot/session-state', import.meta.url))
const SESSION = '7c1d2e3f-4a5b-4c6d-8e7f-90a1b2c3d4e5'
const FORK = 'b2a19f3c-6d5e-4f70-9182-a3b4c5d6e7f8'
const OLD = '0f9e8d7c-6b5a-4948-8372-61504f3e2d1c'
const fileOf = (session: string) => `${SESSIONS}/${session}/events.jsonl`
const T = '2026-03-14T15:00:00.000Z'
const line = (record: object) => Buffer.from(JSON.stringify(record))

acceptAdapter({
  adapter: copilot,
  files: [fileOf(SESSION), fileOf(FORK), `${SESSIONS}/${OLD}.jsonl`],
  foreign: [
    { timestamp: T, type: 'session_meta', payload: { id: 'x', cwd: '/tmp' } },
    { uuid: 'u', sessionId: 's', timestamp: T, type: 'user', message: { role: 'user', content: 'x' } },
    { type: 'session', version: 3, id: 's', timestamp: T, cwd: '/tmp' },
    { type: 'message', id: 'm', timestamp: T, message: { role: 'user', content: [] } },
    { type: 'session_start', id: 's', title: 't', cwd: '/tmp' },
    { type: 'session.idle', properties: { sessionID: 's' } },
    { type: 'session.error', properties: { sessionID: 's', error: {} } },
    { sessionId: 's', messages: [{ id: 'u1', type: 'user', content: 'x' }] },
  ].map(line),
})

const projects = {
  peek: (cwd: string | null) => ({ name: cwd?.split('/').at(-1) ?? 'project' }),
  resolve: () => Promise.reject(new Error('not needed')),
}

async function eventsOf(...paths: string[]): Promise<Event[]> {
  const now = Date.parse('2026-04-01T00:00:00Z')
  return collected(readBatch(paths, { adapters: [copilot], projects, rule: testRule(), now }))
}

describe('a Copilot session', () => {
  test('is told as what happened in it, once each, with its subagent', async () => {
    const events = await eventsOf(fileOf(SESSION))
    expect(told(events, T)).toEqual(
      [
        '1 started',
        '1 prompt',
        '3 claude-sonnet-4.5 0 40 0 0',
        '3.1 view started kettle.ts',
        '4.1 view completed kettle.ts 1000',
        '4.2 edit started kettle.ts',
        '4.3 waiting permission',
        '24 waiting unknown',
        '24.2 edit failed kettle.ts 20000',
        '27 gpt-5.4 0 55 0 0',
        '27.1 bash started',
        '27.2 task started',
        '27.3 agent started tea-taster',
        '30 claude-haiku-4.5 0 12 0 0',
        '30.1 grep started',
        '30.5 grep completed 400',
        '31 claude-haiku-4.5 0 9 0 0',
        '33 bash completed 5900',
        '34 agent finished tea-taster',
        '34.1 task completed 6900',
        '36 gpt-5.4 0 7 0 0',
        '36.1 ask_user started',
        '36.1 waiting question',
        '66.1 ask_user completed 30000',
        '70 claude-sonnet-4.5 0 30 0 0',
        '70.1 waiting turn',
        '80 claude-sonnet-4.5 500 0 1000 3500',
        '80 gpt-5.4 800 0 8200 0',
        '80 waiting unknown',
        '605 compaction',
        '610 prompt',
        '611 error rate-limit',
        '611.1 waiting turn',
        '620 prompt',
        '622 gpt-5.4 0 21 0 0',
        '622.1 apply_patch started pot.ts',
        '622.2 web_fetch started',
        '623.1 apply_patch completed pot.ts 1000',
        '624 waiting turn',
        '630 gpt-5.4 500 0 9000 0',
        '630 waiting unknown',
        '630 ended',
        '630 summary',
      ].sort(),
    )
    expect(new Set(events.map(({ payload }) => payload.project))).toEqual(new Set(['teahouse']))
  })

  test('sums up to what was done', async () => {
    const summary = (await eventsOf(fileOf(SESSION))).find(({ eventType }) => eventType === 'summary')
    expect(summary?.payload).toMatchObject({
      sessionId: SESSION,
      totals: {
        prompts: 3,
        tools: 8,
        failures: 1,
        errors: 1,
        tokens: { input: 1800, output: 174, cacheRead: 18200, cacheWrite: 3500 },
        durationMs: 629_000,
      },
    })
  })

  test('that was forked counts what it began with once', async () => {
    const own = told(await eventsOf(fileOf(FORK)), T)
    expect(own.filter((each) => each.includes('prompt'))).toEqual(['3610 prompt'])
    expect(own).toContain('3620 gpt-5.4 200 0 100 0')
    const [session, fork, both] = await Promise.all([
      eventsOf(fileOf(SESSION)),
      eventsOf(fileOf(FORK)),
      eventsOf(fileOf(FORK), fileOf(SESSION)),
    ])
    expect(told(both, T)).toEqual(told([...session, ...fork], T))
  })

  test('of an early version is read as far as it tells', async () => {
    const events = await eventsOf(`${SESSIONS}/${OLD}.jsonl`)
    expect(told(events, '2026-03-14T17:00:00.000Z')).toEqual(
      [
        '2 started',
        '2 prompt',
        '3 gpt-5 0 0 0 0',
        '4 str_replace_editor completed menu.md',
        '5 other unknown',
        '6 gpt-5 0 0 0 0',
        '7 error network',
        '7 ended',
        '7 summary',
      ].sort(),
    )
    expect(new Set(events.map(({ payload }) => payload.sessionId))).toEqual(new Set([OLD]))
  })
})

describe('reading a Copilot file', () => {
  let count = 0
  const record = (type: string, data: object, more: object = {}) => ({
    type,
    data,
    id: `0000${count++}-7a4c-4e1b-9c2d-5f6e7d8c9b0a`,
    timestamp: T,
    ...more,
  })
  const open = (path = '/s/the-session/events.jsonl'): Reader => copilot.open({ path, sessionId: 'events' })
  const facts = (reader: Reader, ...records: object[]) =>
    records.flatMap((each) => reader.read(line(each), 0)).map(({ fact }) => fact)
  const start = record('session.start', {
    sessionId: 's',
    context: { cwd: '/home/ada/teahouse', branch: 'oolong' },
  })
  const prompt = (more: object = {}) => record('user.message', { content: 'hello', ...more })
  const message = (...tools: string[]) =>
    record('assistant.message', {
      messageId: `m${count}`,
      toolRequests: tools.map((name) => ({ toolCallId: `call_${name}`, name })),
    })
  const turnEnd = () => record('assistant.turn_end', { turnId: '0' })
  const waits = (reader: Reader, ...records: object[]) =>
    facts(reader, ...records).flatMap((fact) => (fact.type === 'waiting' ? fact.reason : []))

  test.each([
    ['a skill wrote', { source: 'skill-pdf' }],
    ['another agent wrote', { source: 'agent-7' }],
    ['autopilot wrote', { isAutopilotContinuation: true }],
    ['has nothing in it', { content: ' \n' }],
  ])('takes what %s for no prompt', (_, more) => {
    expect(facts(open(), start, prompt(more))).toEqual([])
  })

  test('takes nothing for a prompt in a session that Copilot began by itself, whose work is the other’s', () => {
    const reader = open()
    const own = record('session.start', { sessionId: 's', detachedFromSpawningParentSessionId: 'the-parent' })
    expect(facts(reader, own, prompt())).toEqual([])
    expect(reader.read(line(message()), 0)).toMatchObject([{ sessionId: 'the-parent' }])
  })

  test('knows a prompt again however long the line is on which it stands', () => {
    const typed = prompt({ content: 'Why does it whistle? '.repeat(400) })
    const padded = { ...typed, data: { ...typed.data, transformedContent: 'tea '.repeat(4000) } }
    expect(facts(open(), padded)).toEqual(facts(open(), typed))
    expect(facts(open(), typed)).toEqual([{ type: 'prompt', text: typed.id }])
  })

  test('takes the end of a turn for the end of the work only where the model asks for nothing more', () => {
    const reader = open()
    expect(waits(reader, start, prompt(), message('view'), turnEnd())).toEqual([])
    expect(waits(reader, message(), turnEnd())).toEqual(['turn'])
    expect(waits(reader, turnEnd())).toEqual([])
  })

  test('waits for an answer until it is given, and for nothing once the process is gone', () => {
    const reader = open()
    const request = record('permission.requested', {
      requestId: 'r1',
      permissionRequest: { toolCallId: 'call_1' },
    })
    expect(waits(reader, start, prompt(), message('bash'), request)).toEqual(['permission'])
    expect(waits(reader, record('permission.completed', { requestId: 'r1' }))).toEqual(['unknown'])
    expect(waits(reader, record('user_input.requested', { requestId: 'r2' }))).toEqual(['question'])
    expect(waits(reader, record('abort', { reason: 'user_initiated' }))).toEqual(['turn'])
    expect(waits(reader, record('session.shutdown', {}), record('session.shutdown', {}))).toEqual(['unknown'])
  })

  test('does not wait where a hook has decided already', () => {
    const request = record('permission.requested', { requestId: 'r1', resolvedByHook: true })
    expect(waits(open(), start, request, record('permission.completed', { requestId: 'r1' }))).toEqual([])
  })

  test('counts on from one shutdown of a process to the next, and anew after a resumption', () => {
    const reader = open()
    const shutdown = (inputTokens: number, cacheReadTokens: number) =>
      record('session.shutdown', { modelMetrics: { 'gpt-5.4': { usage: { inputTokens, cacheReadTokens } } } })
    const counted = (each: object) =>
      facts(reader, each).map((fact) =>
        fact.type === 'response' ? [fact.tokens.input, fact.tokens.cacheRead] : [],
      )
    expect(counted(shutdown(100, 60))).toEqual([[40, 60]])
    expect(counted(shutdown(150, 80))).toEqual([[30, 20]])
    expect(counted(shutdown(150, 80))).toEqual([])
    expect(counted(record('session.resume', {}))).toEqual([])
    expect(counted(shutdown(150, 80))).toEqual([[70, 80]])
  })

  test('places what has no time of its own after the record before', () => {
    const reader = open()
    facts(reader, start)
    const undated = { ...prompt(), timestamp: 'teatime' }
    expect(reader.read(line(undated), 0)).toMatchObject([{ at: Date.parse(T), fact: { type: 'prompt' } }])
    const compaction = record('session.compaction_complete', { success: true }, { timestamp: null })
    expect(facts(reader, compaction)).toEqual([])
  })

  test('shows no file for a patch of several', () => {
    const patch = (...paths: string[]) =>
      record('tool.execution_start', {
        toolCallId: 'call_1',
        toolName: 'apply_patch',
        arguments: paths.map((path) => `*** Update File: ${path}\n${'+steam\n'.repeat(900)}`).join(''),
      })
    expect(facts(open(), patch('src/pot.ts'))).toMatchObject([{ path: 'src/pot.ts' }])
    expect(facts(open(), patch('src/pot.ts', 'src/cup.ts'))[0]).not.toHaveProperty('path')
  })

  test('keeps the directory in which the session began, and tells the owner the branch', () => {
    const reader = open()
    facts(reader, start, record('session.context_changed', { cwd: '/tmp', branch: 'sencha' }))
    expect(reader.read(line(prompt()), 0)).toMatchObject([{ sessionId: 's', cwd: '/home/ada/teahouse' }])
    expect(reader.local).toEqual({ branch: 'sencha' })
  })

  test('takes the folder’s name for the session where the file does not tell', () => {
    expect(open().sessionId).toBe('the-session')
    expect(copilot.open({ path: '/s/old.jsonl', sessionId: 'old' }).sessionId).toBe('old')
  })

  test.each([
    [{ errorType: 'authentication' }, 'auth'],
    [{ errorType: 'quota' }, 'rate-limit'],
    [{ errorType: 'query', statusCode: 400 }, 'api'],
    [{ errorType: 'query', statusCode: 529 }, 'overloaded'],
    [{ errorType: 'query', message: 'Request timed out' }, 'network'],
    [{ errorType: 'execution', message: 'no tea' }, 'other'],
  ])('tells the kind of an error: %o', (data, category) => {
    expect(facts(open(), record('session.error', data))).toMatchObject([{ type: 'error', category }])
  })
})

describe('where Copilot keeps its files', () => {
  test('is its home, or where its own setting says', () => {
    const where = (env: Record<string, string>) =>
      copilot.defaultDirectories({ env, homeDirectory: '/home/ada' }).flatMap((each) => copilot.watched(each))
    expect(where({})).toEqual(['/home/ada/.copilot/session-state'])
    expect(where({ COPILOT_HOME: '~/pilot' })).toEqual(['/home/ada/pilot/session-state'])
    expect(copilot.watched('/pilot/session-state')).toEqual(['/pilot/session-state'])
  })

  test.each([
    [`${SESSION}/events.jsonl`, true],
    [`${OLD}.jsonl`, true],
    [`${SESSION}/workspace.yaml`, false],
    [`${SESSION}/rewind-snapshots/events.jsonl`, false],
    [`${SESSION}/files/data.jsonl`, false],
    ['index.json', false],
  ])('holds sessions and other things: %s', (relative, expected) => {
    expect(copilot.formOf(relative)).toBe(expected ? 'lines' : null)
  })

  test('enters the sessions’ folders and none in them', () => {
    expect(copilot.enters!(SESSION)).toBe(true)
    expect(copilot.enters!(`${SESSION}/rewind-snapshots`)).toBe(false)
  })
})
