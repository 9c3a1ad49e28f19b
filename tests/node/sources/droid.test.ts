import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import type { Event, Tokens } from '../../../core/events.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import { droid } from '../../../node/sources/droid/adapter.ts'
import type { Reader } from '../../../node/sources/port.ts'
import { acceptAdapter, collected, testRule } from './adapter-acceptance.ts'
import { told } from './told.ts'

const FIXTURES = fileURLToPath(new URL('fixtures/droid', import.meta.url))
const FOLDER = `${FIXTURES}/sessions/-home-ada-teahouse`
const SESSION = '3c9f0b1e-5d2a-4e7b-8a61-c0ffee00d01d'
const FORK = '91e4d7a2-0c3b-4f58-b6d9-c0ffee00d02d'
const COMPACTED = 'f2b8c6d4-1e3a-4957-8c70-c0ffee00d03d'
const SUBAGENT = 'a7d5e3f1-2b4c-4d6e-9f80-c0ffee00d04d'
const OLD = '0badc0de-7f6e-4d5c-8b4a-c0ffee00d05d'
const fileOf = (session: string) => `${FOLDER}/${session}.jsonl`
const settingsOf = (session: string) => `${FOLDER}/${session}.settings.json`
const OLD_FILE = `${FIXTURES}/sessions/${OLD}.jsonl`
const RUN_FILE = `${FIXTURES}/exec/run.jsonl`
const T = '2026-05-20T09:00:00.000Z'
const line = (record: object) => Buffer.from(JSON.stringify(record))

/** A settings file as it is written again and again while its session goes on. */
async function growing(session: string) {
  const path = settingsOf(session)
  const last = JSON.parse(await readFile(path, 'utf8')) as { tokenUsage: Record<string, number> }
  const snapshots = [0, 0.25, 0.5, 1].map((part) => {
    const counts = Object.entries(last.tokenUsage)
    const tokenUsage = new Map(counts.map(([name, count]) => [name, Math.floor(count * part)]))
    return Buffer.from(JSON.stringify({ ...last, tokenUsage: Object.fromEntries(tokenUsage) }, null, 2))
  })
  return { path, snapshots }
}

acceptAdapter({
  adapter: droid,
  files: [fileOf(SESSION), fileOf(FORK), fileOf(COMPACTED), fileOf(SUBAGENT), OLD_FILE, RUN_FILE],
  documents: await Promise.all([SESSION, FORK, SUBAGENT].map(growing)),
  foreign: [
    { timestamp: T, type: 'session_meta', payload: { id: 'x', cwd: '/tmp' } },
    { uuid: 'u', sessionId: 's', timestamp: T, type: 'user', message: { role: 'user', content: 'x' } },
    { type: 'system', subtype: 'init', session_id: 's', cwd: '/tmp', tools: [] },
    { type: 'session', version: 3, id: 's', timestamp: T, cwd: '/tmp' },
    { type: 'message', id: 'm', parentId: 'p', timestamp: T, message: { role: 'user', content: [] } },
    { type: 'session.start', data: { sessionId: 's' }, id: 'e1', timestamp: T },
    { sessionId: 's', messages: [{ id: 'u1', type: 'user', content: 'x' }] },
    { model: 'opus', permissions: {}, hooks: {} },
    { model: 'gpt', tokenUsage: { total: 3 } },
  ].map(line),
})

const projects = {
  peek: (cwd: string | null) => ({ name: cwd?.split('/').at(-1) ?? 'project' }),
  resolve: () => Promise.reject(new Error('not needed')),
}

async function eventsOf(...paths: string[]): Promise<Event[]> {
  const now = Date.parse('2026-06-01T00:00:00Z')
  return collected(readBatch(paths, { adapters: [droid], projects, rule: testRule(), now }))
}

function tokensOf(events: readonly Event[]): Tokens {
  const sum = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  for (const { eventType, payload } of events) {
    if (eventType !== 'activity' || payload.kind !== 'response') continue
    for (const key of ['input', 'output', 'cacheRead', 'cacheWrite'] as const) sum[key] += payload.tokens[key]
  }
  return sum
}

describe('a Droid session', () => {
  test('is told as what happened in it, once each', async () => {
    const events = await eventsOf(fileOf(SESSION), settingsOf(SESSION))
    expect(told(events, T)).toEqual(
      [
        '2 started',
        '2 gpt-5.4 900 400 52000 3100',
        '2 prompt',
        '5 claude-opus-4-7 0 0 0 0',
        '5 Read started kettle.ts',
        '5 Edit started kettle.ts',
        '6 Read completed kettle.ts 1000',
        '7.5 Edit failed kettle.ts 2500',
        '9 claude-opus-4-7 0 0 0 0',
        '9 Execute started',
        '9 Task started',
        '9 agent started tea-taster',
        '11 Execute completed 2000',
        '40 Task completed 31000',
        '40 agent finished tea-taster',
        '42 gpt-5.4 0 0 0 0',
        '42 AskUser started',
        '42 waiting question',
        '72 AskUser completed 30000',
        '75 gpt-5.4 0 0 0 0',
        '75 waiting turn',
        '300 compaction',
        '310 prompt',
        '312 error rate-limit',
        '312 waiting turn',
        '320 prompt',
        '322 gpt-5.4 0 0 0 0',
        '322 ApplyPatch started pot.ts',
        '322 Execute started',
        '322 Read started menu.md',
        '324 ApplyPatch unknown pot.ts 2000',
        '324 Execute failed 2000',
        '330 prompt',
        '330 waiting turn',
        '330 ended',
        '330 summary',
      ].sort(),
    )
    expect(new Set(events.map(({ payload }) => payload.project))).toEqual(new Set(['teahouse']))
    expect(new Set(events.map(({ payload }) => payload.sessionId))).toEqual(new Set([SESSION]))
  })

  test('has the work of its subagent, whose task is no prompt', async () => {
    const events = await eventsOf(fileOf(SUBAGENT), settingsOf(SUBAGENT))
    expect(told(events, T)).toEqual(
      [
        '12 started',
        '12 claude-haiku-4-5 100 30 8000 100',
        '12 claude-haiku-4-5 0 0 0 0',
        '12 Grep started',
        '13 Grep completed 1000',
        '39 claude-haiku-4-5 0 0 0 0',
        '39 agent finished ?',
        '39 ended',
        '39 summary',
      ].sort(),
    )
    expect(new Set(events.map(({ payload }) => payload.sessionId))).toEqual(new Set([SESSION]))
    const both = told(await eventsOf(fileOf(SESSION), fileOf(SUBAGENT)), T)
    expect(both.filter((each) => each.includes('agent'))).toHaveLength(2)
  })

  test('that was forked counts what it began with once', async () => {
    expect(told(await eventsOf(fileOf(FORK), settingsOf(FORK)), T)).toEqual(
      [
        '1000 started',
        '1000 prompt',
        '1000 gpt-5.4 50 20 4000 0',
        '1003 gpt-5.4 0 0 0 0',
        '1003 waiting turn',
        '1003 ended',
        '1003 summary',
      ].sort(),
    )
  })

  test('into which another was compacted counts on from it', async () => {
    expect(told(await eventsOf(fileOf(COMPACTED), settingsOf(COMPACTED)), T)).toEqual(
      [
        '2000 started',
        '2000 compaction',
        '2000 gpt-5.4 60 25 6000 0',
        '2010 prompt',
        '2012 gpt-5.4 0 0 0 0',
        '2012 waiting turn',
        '2012 ended',
        '2012 summary',
      ].sort(),
    )
  })

  test('adds up with all that belong to it, whatever order they are read in', async () => {
    const events = await eventsOf(FOLDER)
    expect(tokensOf(events)).toEqual({ input: 1110, output: 475, cacheRead: 70000, cacheWrite: 3200 })
    const prompts = events.filter(({ payload }) => 'kind' in payload && payload.kind === 'prompt')
    expect(prompts).toHaveLength(6)
    const files = [COMPACTED, SUBAGENT, FORK, SESSION].flatMap((each) => [settingsOf(each), fileOf(each)])
    expect(await eventsOf(...files)).toEqual(events)
  })

  test('of an early version does not say how its calls went', async () => {
    const events = await eventsOf(OLD_FILE)
    expect(told(events, T)).toEqual(
      [
        '5000 started',
        '5000 prompt',
        '5002 other 0 0 0 0',
        '5002 Create started cup.ts',
        '5003 Create unknown cup.ts 1000',
        '5003 ended',
        '5003 summary',
      ].sort(),
    )
    expect(new Set(events.map(({ payload }) => payload.sessionId))).toEqual(new Set([OLD]))
  })
})

test('what `droid exec` has put out is read where it was kept', async () => {
  expect(told(await eventsOf(RUN_FILE), T)).toEqual(
    [
      '6001 started',
      '6001 prompt',
      '6002 claude-opus-4-7 0 0 0 0',
      '6003 Execute started',
      '6005 Execute failed 2000',
      '6006 Read started kettle.ts',
      '6007 Read completed kettle.ts 1000',
      '6010 claude-opus-4-7 10 5 70 3',
      '6010 waiting turn',
      '6011 error auth',
      '6012 prompt',
      '6012 ended',
      '6012 summary',
    ].sort(),
  )
})

describe('reading Droid’s settings', () => {
  test('a session does not begin earlier with them, as they come after its beginning was told', async () => {
    const startOf = async (...paths: string[]) =>
      told(await eventsOf(...paths), T).filter((each) => each.endsWith(' started'))
    for (const each of [SESSION, FORK, COMPACTED, SUBAGENT])
      expect(await startOf(fileOf(each), settingsOf(each))).toEqual(await startOf(fileOf(each)))
  })

  let directory = ''
  afterEach(() => rm(directory, { recursive: true, force: true }))

  test('says nothing of a fork that has no more yet than what it was made of', async () => {
    directory = await mkdtemp(join(tmpdir(), 'vibetea-droid-'))
    for (const path of [fileOf(SESSION), settingsOf(FORK)])
      await copyFile(path, join(directory, path.split('/').at(-1)!))
    const copied = (await readFile(fileOf(FORK), 'utf8')).split('\n').slice(0, 13).join('\n')
    await writeFile(join(directory, `${FORK}.jsonl`), `${copied}\n`)
    expect(
      await eventsOf(join(directory, `${FORK}.jsonl`), join(directory, `${FORK}.settings.json`)),
    ).toEqual([])
  })

  test('goes on where another process kept a copy, or the session’s file is gone', async () => {
    directory = await mkdtemp(join(tmpdir(), 'vibetea-droid-'))
    const path = join(directory, `${SESSION}.settings.json`)
    await copyFile(settingsOf(SESSION), path)
    await copyFile(settingsOf(SESSION), `${path}.bak`)
    const events = await eventsOf(directory)
    expect(told(events, T)).toContain('3 gpt-5.4 900 400 52000 3100')
    expect(tokensOf(events).output).toBe(400)
  })

  test('takes nothing off where the session did not count on from the other', async () => {
    directory = await mkdtemp(join(tmpdir(), 'vibetea-droid-'))
    for (const path of [fileOf(COMPACTED), settingsOf(SESSION)]) {
      await copyFile(path, join(directory, path.split('/').at(-1)!))
    }
    const own = {
      model: 'gpt-5.4',
      autonomyMode: 'normal',
      tokenUsage: { inputTokens: 100, outputTokens: 7 },
    }
    const path = join(directory, `${COMPACTED}.settings.json`)
    await writeFile(path, JSON.stringify(own))
    expect(tokensOf(await eventsOf(path))).toMatchObject({ input: 100, output: 7 })
  })
})

describe('reading a Droid file', () => {
  let count = 0
  const open = (): Reader => droid.open({ path: '/nowhere/the-session.jsonl', sessionId: 'the-session' })
  const start = { type: 'session_start', id: 's', cwd: '/home/ada/teahouse', sessionTitle: 'The D kettle' }
  const message = (role: string, content: unknown, more: object = {}) => ({
    type: 'message',
    id: `0000${count++}-7a4c-4e1b-9c2d-5f6e7d8c9b0a`,
    timestamp: T,
    message: { role, content, ...more },
  })
  const text = (words: string) => [{ type: 'text', text: words }]
  const facts = (reader: Reader, ...records: object[]) =>
    records.flatMap((each) => reader.read(line(each), 0)).map(({ fact }) => fact)
  const kinds = (...records: object[]) => facts(open(), start, ...records).map(({ type }) => type)

  test.each([
    ['Droid tells the model', text('hello'), { visibility: 'llm_only' }],
    ['Droid tells the person', text('hello'), { visibility: 'user_only' }],
    ['is a reminder', text('<system-reminder>drink</system-reminder>\n'), {}],
    ['is a long reminder', text(`<system-reminder>${'drink '.repeat(3000)}</system-reminder>`), {}],
    ['has nothing in it', text(' \n'), {}],
  ])('takes what %s for no prompt', (_, content, more) => {
    expect(kinds(message('user', content, more))).toEqual([])
  })

  test('finds the prompt behind a long reminder', () => {
    const long = `<system-reminder>${'drink '.repeat(3000)}</system-reminder>\n\nhello`
    expect(kinds(message('user', text(long)))).toEqual(['prompt'])
  })

  test.each([
    [{ is_error: true, content: 'x' }, 'failed'],
    [{ is_error: false, content: 'Error: Command failed (exit code: 1)' }, 'completed'],
    [{ content: 'Error: Command failed (exit code: 1)\nno tea' }, 'failed'],
    [{ content: `${'tea\n'.repeat(3000)}\n[Process exited with code 0]` }, 'completed'],
    [{ content: [{ type: 'text', text: 'tea\n[Process exited with code 3]' }] }, 'failed'],
    [{ content: 'Error: in a file that was read' }, 'unknown'],
    [{}, 'unknown'],
  ])('tells how a call went only where that is recorded: %o', (result, status) => {
    const found = facts(
      open(),
      start,
      message('user', [{ type: 'tool_result', tool_use_id: 'call_1', ...result }]),
    )
    expect(found).toEqual([{ type: 'tool', tool: '', callId: 'call_1', status }])
  })

  test('tells one wait where a last word and an outcome tell of the turn’s end', () => {
    const reader = open()
    const outcome = (reason: string) => ({ type: 'agent_turn_outcome', turnId: 'u1', reason })
    const waits = (...records: object[]) => facts(reader, ...records).filter(({ type }) => type === 'waiting')
    const last = message('assistant', text('done'))
    expect(waits(start, message('user', text('hello')), last, outcome('completed'))).toEqual([
      { type: 'waiting', reason: 'turn', after: last.id },
    ])
    expect(waits(message('user', text('more')), outcome('process_exit'))).toEqual([])
    expect(waits(message('user', text('more')), outcome('cancelled'))).toHaveLength(1)
  })

  test('knows the end of a subagent in the background only from the subagent', () => {
    const input = { subagent_type: 'tea-taster', run_in_background: true }
    const call = message('assistant', [{ type: 'tool_use', id: 'call_1', name: 'Task', input }])
    const result = message('user', [{ type: 'tool_result', tool_use_id: 'call_1', is_error: false }])
    const states = facts(open(), start, call, result).flatMap((fact) =>
      fact.type === 'agent' ? fact.state : [],
    )
    expect(states).toEqual(['started'])
    const own = { ...start, callingSessionId: 'the-caller', callingToolUseId: 'call_1' }
    const found = facts(open(), own, message('user', text('taste')), message('assistant', text('good')))
    expect(found.filter(({ type }) => type !== 'response')).toEqual([
      { type: 'agent', agentId: 'call_1', state: 'finished' },
    ])
  })

  test('counts a worker that no call started as a subagent too', () => {
    const own = { ...start, callingSessionId: 'the-orchestrator' }
    const reader = open()
    const found = facts(reader, own, message('user', text('brew')), message('assistant', text('done')))
    expect(found.flatMap((fact) => (fact.type === 'agent' ? [fact.agentId, fact.state] : []))).toEqual([
      's',
      'started',
      's',
      'finished',
    ])
    expect(reader.sessionId).toBe('the-orchestrator')
    expect(reader.local).toEqual({})
  })

  test('tells the owner the title, and keeps the directory in which the session began', () => {
    const reader = open()
    facts(reader, start)
    expect(reader.local).toEqual({ title: 'The D kettle' })
    expect(reader.read(line(message('user', text('hello'))), 0)).toMatchObject([
      { sessionId: 's', cwd: '/home/ada/teahouse' },
    ])
  })
})

describe('where Droid keeps its files', () => {
  test('is its home, or a folder of sessions', () => {
    const [directory] = droid.defaultDirectories({ env: {}, homeDirectory: '/home/ada' })
    expect(droid.watched(directory!)).toEqual(['/home/ada/.factory/sessions'])
    expect(droid.watched('/backup/sessions')).toEqual(['/backup/sessions'])
  })

  test.each([
    [`-home-ada-teahouse/${SESSION}.jsonl`, 'lines'],
    [`-home-ada-teahouse/${SESSION}.settings.json`, 'document'],
    [`-home-ada-teahouse/${SESSION}.settings.json.bak`, null],
    [`${OLD}.jsonl`, 'lines'],
    [`${OLD}.settings.json`, 'document'],
    [`btw/${SESSION}.jsonl`, null],
    [`${SESSION}/attachments/data.jsonl`, null],
    ['sessions-index.json', null],
  ])('holds sessions and other things: %s', (relative, form) => {
    expect(droid.formOf(relative)).toBe(form)
  })

  test('enters the folders of projects and no others', () => {
    expect(
      ['-home-ada-teahouse', 'btw', SESSION, '-home-ada/x'].filter((each) => droid.enters!(each)),
    ).toEqual(['-home-ada-teahouse'])
  })
})
