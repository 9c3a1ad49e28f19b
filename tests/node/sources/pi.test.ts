import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import { pi } from '../../../node/sources/pi/adapter.ts'
import type { Reader } from '../../../node/sources/port.ts'
import { acceptAdapter, collected, testRule } from './adapter-acceptance.ts'
import { told } from './told.ts'

const SESSIONS = fileURLToPath(new URL('fixtures/pi/sessions', import.meta.url))
const FOLDER = `${SESSIONS}/--home-ada-teahouse--`
const CUPS = '9a0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e01'
const FORK = '9a0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e02'
const OLD = '9a0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e03'
const CUPS_FILE = `${FOLDER}/2026-03-14T15-00-00-000Z_${CUPS}.jsonl`
const FORK_FILE = `${FOLDER}/2026-03-14T15-01-40-000Z_${FORK}.jsonl`
const OLD_FILE = `${FOLDER}/2026-03-14T15-03-20-000Z_${OLD}.jsonl`

const line = (record: object) => Buffer.from(JSON.stringify(record))
const T = '2026-03-14T15:00:00.000Z'

acceptAdapter({
  adapter: pi,
  files: [CUPS_FILE, FORK_FILE, OLD_FILE],
  foreign: [
    { type: 'user', sessionId: 's', uuid: 'u', timestamp: T, message: { role: 'user', content: 'x' } },
    { type: 'message', id: 'm', timestamp: T, message: { role: 'user', content: [] } },
    { type: 'message', id: 'm', timestamp: T, message: { role: 'assistant', content: [] } },
    { type: 'session_start', id: 's', title: 't', cwd: '/tmp' },
    { timestamp: T, type: 'session_meta', payload: { id: 'x', cwd: '/tmp' } },
    { type: 'session.start', data: { sessionId: 's' }, id: 'e1', timestamp: T },
    { sessionId: 's', projectHash: 'h', startTime: T, lastUpdated: T, kind: 'main' },
    { role: 'user', message: { content: [{ type: 'text', text: 'x' }] } },
    { id: 'ses_1', type: 'session', time: { created: 1 } },
  ].map(line),
})

const projects = {
  peek: (cwd: string | null) => ({ name: cwd?.split('/').at(-1) ?? 'project' }),
  resolve: () => Promise.reject(new Error('not needed')),
}

async function eventsOf(...paths: string[]): Promise<Event[]> {
  const options = { adapters: [pi], projects, rule: testRule(), now: Date.parse('2026-04-01T00:00:00Z') }
  return collected(readBatch(paths, options))
}

const of = (session: string, events: readonly Event[]) =>
  events.filter(({ payload }) => payload.sessionId === session)

describe('a pi session', () => {
  test('is told as what happened in it, once each', async () => {
    const own = of(CUPS, await eventsOf(CUPS_FILE))
    expect(told(own, T)).toEqual(
      [
        '0.998 started',
        '0.998 prompt',
        '5 claude-sonnet-4-5 12 80 0 4000',
        '5 read started cups.ts',
        '5 bash started',
        '5.248 read completed cups.ts 248',
        '6.998 bash failed 1998',
        '11 claude-sonnet-4-5 3 60 4000 120',
        '11 edit started cups.ts',
        '11.498 edit completed cups.ts 498',
        '12 claude-sonnet-4-5 0 0 0 0',
        '12 error overloaded',
        '20 claude-sonnet-4-5 4 30 4120 50',
        '20 waiting turn',
        '40 compaction',
        '59.998 prompt',
        '63 claude-sonnet-4-5 5 7 200 0',
        '63 grep started',
        '63 waiting turn',
        '63 ended',
        '63 summary',
      ].sort(),
    )
    expect(own.every(({ payload }) => payload.project === 'teahouse')).toBe(true)
  })

  test('that was forked has what is its own, and what it repeats counts once', async () => {
    const all = await eventsOf(SESSIONS)
    expect(told(of(FORK, all), T)).toEqual(
      [
        '109.998 started',
        '109.998 prompt',
        '112 claude-sonnet-4-5 6 9 300 0',
        '112 waiting turn',
        '112 ended',
        '112 summary',
      ].sort(),
    )
    expect(of(CUPS, all)).toEqual(await eventsOf(CUPS_FILE))
  })

  test('that the first releases branched repeats nothing either, though its copies have another time', async () => {
    const all = await eventsOf(CUPS_FILE, OLD_FILE)
    expect(told(of(OLD, all), T)).toEqual(
      [
        '209.998 started',
        '209.998 prompt',
        '215 claude-sonnet-4-5 2 5 0 0',
        '215 write started menu.md',
        '215.498 write completed menu.md 498',
        '215.498 ended',
        '215.498 summary',
      ].sort(),
    )
    expect(of(OLD, await eventsOf(OLD_FILE))).toEqual(of(OLD, all))
    expect(of(CUPS, all)).toEqual(await eventsOf(CUPS_FILE))
  })

  test('says as much of what it repeats where the other file is gone', async () => {
    const alone = await eventsOf(FORK_FILE)
    const prompts = alone.filter(({ payload }) => 'kind' in payload && payload.kind === 'prompt')
    expect(prompts).toHaveLength(2)
    const ids = new Set((await eventsOf(CUPS_FILE)).map(({ id }) => id))
    const repeated = of(CUPS, alone).filter(({ eventType }) => !['session', 'summary'].includes(eventType))
    expect(repeated).toHaveLength(13)
    expect(repeated.every(({ id }) => ids.has(id))).toBe(true)
  })
})

describe('reading a pi file', () => {
  const header = { type: 'session', version: 3, id: CUPS, timestamp: T, cwd: '/home/ada/teahouse' }
  const message = (role: string, more: object) => ({
    type: 'message',
    id: 'beef0001',
    parentId: null,
    timestamp: T,
    message: { role, timestamp: Date.parse(T), ...more },
  })
  const usage = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }
  const answer = (more: object = {}) =>
    message('assistant', { content: [], model: 'gpt-5.1-codex', usage, stopReason: 'toolUse', ...more })
  const open = (path = '/x.jsonl'): Reader => pi.open({ path, sessionId: 'x' })
  const facts = (reader: Reader, ...records: object[]) =>
    [header, ...records].flatMap((record, i) => reader.read(line(record), i * 1000)).map(({ fact }) => fact)
  const kinds = (...records: object[]) => facts(open(), ...records).map(({ type }) => type)

  test('gives an answer the same id when a later version has given its entry one', () => {
    const first = { ...answer(), id: undefined, parentId: undefined }
    const ids = facts(open(), first, answer(), { ...answer(), id: 'beef0002' }).map((fact) =>
      fact.type === 'response' ? fact.messageId : null,
    )
    expect(new Set(ids).size).toBe(1)
  })

  test('tells answers apart that began at other times or used other tokens', () => {
    const later = answer({ timestamp: Date.parse(T) + 1 })
    const larger = answer({ usage: { ...usage, cacheRead: 5 } })
    const ids = facts(open(), answer(), later, larger).map((fact) =>
      fact.type === 'response' ? fact.messageId : null,
    )
    expect(new Set(ids).size).toBe(3)
  })

  test.each([
    ['stop', ['response', 'waiting']],
    ['length', ['response', 'waiting']],
    ['aborted', ['response', 'waiting']],
    ['error', ['response', 'error']],
    ['toolUse', ['response']],
    ['toString', ['response']],
    [null, ['response']],
  ])('tells whose turn it is after an answer that ends with %s', (stopReason, expected) => {
    expect(kinds(answer({ stopReason }))).toEqual(expected)
  })

  test.each([
    [true, 'failed'],
    [false, 'completed'],
    [undefined, 'unknown'],
    ['no', 'unknown'],
  ])('tells how a call ended by what the record says: %s', (isError, status) => {
    const result = message('toolResult', { toolCallId: 'call_0', toolName: 'read', content: [], isError })
    expect(facts(open(), result)).toEqual([{ type: 'tool', tool: 'read', callId: 'call_0', status }])
  })

  test.each([
    ['a text', 'x'],
    ['blocks of text', [{ type: 'text', text: 'x' }]],
    ['an image', [{ type: 'image', data: '', mimeType: 'image/png' }]],
  ])('takes %s for a prompt', (_, content) => {
    expect(kinds(message('user', { content }))).toEqual(['prompt'])
  })

  test.each([
    ['a command that a person ran', message('bashExecution', { command: 'ls', output: 'x' })],
    ['what an extension says', message('custom', { customType: 'x', content: 'x' })],
    ['what an older extension says', message('hookMessage', { customType: 'x', content: 'x' })],
    ['nothing', message('user', { content: ' ' })],
    ['a number', message('user', { content: 5 })],
    ['the summary of a branch', { type: 'branch_summary', id: 'b', timestamp: T, summary: 'x' }],
  ])('takes %s for no prompt', (_, record) => {
    expect(kinds(record)).toEqual([])
  })

  test('knows a prompt again by its text, whatever else stands on its line', () => {
    const text = 'How many cups? '.repeat(50)
    const padded = { ...message('user', { content: text }), padding: Array(3000).fill('tea') }
    expect(facts(open(), padded)).toEqual([{ type: 'prompt', text }])
  })

  test('leaves out what has neither a time nor an id', () => {
    const untimed = { ...message('user', { content: 'x', timestamp: null }), timestamp: 'teatime' }
    expect(kinds(untimed)).toEqual([])
    expect(kinds(answer(), untimed)).toEqual(['response'])
  })

  test('takes the session from the file’s name where its first line is lost', () => {
    const reader = open(`/s/2026-03-14T15-00-00-000Z_${CUPS}.jsonl`)
    const [draft] = reader.read(line(message('user', { content: 'x' })), 0)
    expect(draft).toMatchObject({ sessionId: CUPS, cwd: null })
    expect(reader.sessionId).toBe(CUPS)
  })

  test('takes a session that another one began, without a copy of it, for its own', () => {
    const parentSession = '/s/2026-03-14T14-00-00-000Z_9a0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e09.jsonl'
    const reader = open()
    reader.read(line({ ...header, parentSession }), 0)
    expect(reader.read(line(message('user', { content: 'x' })), 1)).toMatchObject([{ sessionId: CUPS }])
  })

  test('is quick to see that a long text is no name of a file', () => {
    const reader = open()
    reader.read(line({ ...header, parentSession: '2026-03-14T1Z_'.repeat(500_000) }), 0)
    expect(reader.read(line(message('user', { content: 'x' })), 1)).toMatchObject([{ sessionId: CUPS }])
  })

  test.each([
    ['429 {"type":"error"}', 'rate-limit'],
    ['529 {"type":"error","error":{"type":"overloaded_error"}}', 'overloaded'],
    ['got status: 503 {"error":{"message":"The model is overloaded"}}', 'overloaded'],
    ['401 invalid x-api-key', 'auth'],
    ['400 {"type":"error","error":{"message":"the connection of tea and milk"}}', 'api'],
    ['Error (502): bad gateway', 'api'],
    ['Connection error.', 'network'],
    ['fetch failed', 'network'],
    ['terminated', 'network'],
    ['An API key is needed', 'auth'],
    ['invalid_request_error: tea', 'api'],
    ['no more tea', 'other'],
    [undefined, 'other'],
  ])('tells the kind of an error: %s', (errorMessage, category) => {
    expect(facts(open(), answer({ stopReason: 'error', errorMessage }))).toContainEqual(
      expect.objectContaining({ type: 'error', category }),
    )
  })

  test('tells the owner the title, the last that was given', () => {
    const reader = open()
    facts(reader, { type: 'session_info', id: 'i', name: 'Cups' }, { type: 'session_info', name: 'Saucers' })
    expect(reader.local).toEqual({ title: 'Saucers' })
  })
})

describe('where pi keeps its files', () => {
  const where = (env: Record<string, string>) =>
    pi.defaultDirectories({ env, homeDirectory: '/home/ada' }).flatMap((directory) => pi.watched(directory))

  test('is its home, or where its own settings say', () => {
    expect(where({})).toEqual(['/home/ada/.pi/agent/sessions', '/home/ada/.pi/agent'])
    expect(where({ PI_CODING_AGENT_DIR: '~/p' })).toEqual(['/home/ada/p/sessions', '/home/ada/p'])
    expect(where({ PI_CODING_AGENT_DIR: '~/p', PI_CODING_AGENT_SESSION_DIR: '/s/sessions' })).toEqual([
      '/s/sessions',
    ])
  })

  test.each([
    [`--home-ada--/2026-03-14T15-00-00-000Z_${CUPS}.jsonl`, true],
    [`2026-03-14T15-00-00-000Z_${CUPS}.jsonl`, true],
    ['extensions/notes.jsonl', false],
    ['--home-ada--/deep/x.jsonl', false],
    ['--home-ada--/x.json', false],
    ['auth.json', false],
  ])('holds sessions and other things: %s', (relative, expected) => {
    expect(pi.formOf(relative)).toBe(expected ? 'lines' : null)
  })

  test('enters the folders of sessions and no others', () => {
    expect(pi.enters!('--home-ada--')).toBe(true)
    expect(['extensions', 'sessions', '--home-ada--/deep'].some((each) => pi.enters!(each))).toBe(false)
  })
})
