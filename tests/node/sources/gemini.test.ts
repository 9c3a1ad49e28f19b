import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import type { Fact } from '../../../core/rule.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import { gemini } from '../../../node/sources/gemini/adapter.ts'
import type { Reader } from '../../../node/sources/port.ts'
import { acceptAdapter, collected, testRule } from './adapter-acceptance.ts'
import { told } from './told.ts'

const HOME = fileURLToPath(new URL('fixtures/gemini', import.meta.url))
const SESSION = '5e0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e55'
const AGENT = 'c0ffee00-7ea5-4c0b-8a1d-0a1b2c3d4e5f'
const TEAHOUSE = `${HOME}/tmp/teahouse`
const CHATS = `${TEAHOUSE}/chats`
const KETTLE = `${CHATS}/session-2026-06-14T15-00-5e0c7a94.jsonl`
const TASTER = `${CHATS}/${SESSION}/${AGENT}.jsonl`
const KETTLES_HASH = createHash('sha256').update('/home/ada/kettles').digest('hex')
const EARLY = `${HOME}/tmp/${KETTLES_HASH}/chats/session-2025-11-02T09-30-0b1e55ed.json`
const T = '2026-06-14T15:00:00.000Z'

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value))

acceptAdapter({
  adapter: gemini,
  files: [KETTLE, TASTER],
  documents: [EARLY],
  foreign: [
    { timestamp: T, type: 'session_meta', payload: { id: 'x', cwd: '/tmp' } },
    { uuid: 'u', sessionId: 's', timestamp: T, type: 'user', message: { role: 'user', content: 'x' } },
    {
      uuid: 'u',
      sessionId: 's',
      timestamp: T,
      type: 'user',
      message: { role: 'user', parts: [{ text: 'x' }] },
    },
    { type: 'session', version: 3, id: 's', timestamp: T, cwd: '/tmp' },
    { type: 'session.start', data: { sessionId: 's' }, id: 'e1', timestamp: T },
    { type: 'message', id: 'm', timestamp: T, message: { role: 'user', content: [] } },
    { type: 'session_start', id: 's', title: 't', cwd: '/tmp' },
    { id: 'ses_1', projectID: 'p', directory: '/tmp', title: 't', time: { created: 1, updated: 2 } },
    { v: 1, id: 'T-1', messages: [{ role: 'user', content: [] }] },
    [{ sessionId: 's', messageId: 0, type: 'user', message: 'x', timestamp: T }],
    { history: [{ role: 'user', parts: [{ text: 'x' }] }], summary: 'x' },
  ].map(bytesOf),
})

const projects = {
  peek: (cwd: string | null) => ({ name: cwd?.split('/').at(-1) ?? 'project' }),
  resolve: () => Promise.reject(new Error('not needed')),
}

async function eventsOf(...paths: string[]): Promise<Event[]> {
  const now = Date.parse('2026-07-01T00:00:00Z')
  return collected(readBatch(paths, { adapters: [gemini], projects, rule: testRule(), now }))
}

describe('a Gemini session', () => {
  test('is told as what happened in it, once each, with its subagent', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vibetea-gemini-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    cpSync(TEAHOUSE, folder, { recursive: true })
    // Of what both files tell, the one that began first is told.
    utimesSync(KETTLE.replace(TEAHOUSE, folder), new Date(T), new Date(T))
    const events = await eventsOf(join(folder, 'chats'))
    expect(told(events, T)).toEqual(
      [
        '1 started',
        '1 prompt',
        '3 gemini-3-pro-preview 4000 80 0 0',
        '3 read_file started kettle.ts',
        '3 replace started kettle.ts',
        '4 read_file completed kettle.ts',
        '4 replace failed kettle.ts',
        '7 gemini-3-pro-preview 200 40 4000 0',
        '7 run_shell_command started',
        '12 run_shell_command completed',
        '15 gemini-3-pro-preview 300 40 4200 0',
        '15 waiting turn',
        // Stopped and rewound, and has happened all the same.
        '60 prompt',
        '62 gemini-3-pro-preview 100 15 4500 0',
        '62 write_file started kettle.md',
        '70 write_file unknown kettle.md',
        '70 waiting turn',
        '90 prompt',
        '92 gemini-3-pro-preview 100 25 4500 0',
        '92 invoke_agent started',
        '92 agent started tea-taster',
        '96 gemini-3-pro-preview 1200 30 0 0',
        '96 glob started',
        '97 glob completed',
        '120 gemini-3-pro-preview 100 40 1200 0',
        '130 invoke_agent completed',
        '130 agent finished tea-taster',
        '133 gemini-3-pro-preview 300 33 4600 0',
        '133 waiting turn',
        '141 error other',
        '141 waiting turn',
        // The compaction writes everything again under other ids, and so does the hiding of old results.
        '200 compaction',
        '201 prompt',
        '205 error rate-limit',
        '205 waiting turn',
        '230 prompt',
        '233 waiting turn',
        '301 prompt',
        '304 gemini-3-pro-preview 900 15 0 0',
        '304 waiting turn',
        '304 ended',
        '304 summary',
      ].sort(),
    )
    expect(new Set(events.map(({ payload }) => payload.sessionId))).toEqual(new Set([SESSION]))
    expect(new Set(events.map(({ payload }) => payload.project))).toEqual(new Set(['teahouse']))
  })

  test('of an early version is one document', async () => {
    const events = await eventsOf(EARLY)
    expect(told(events, '2025-11-02T09:30:00Z')).toEqual(
      [
        '1 started',
        '1 prompt',
        '4 gemini-2.5-flash 2000 100 1000 0',
        '4 read_file started Steeping-times.md',
        '4 search_file_content started',
        '5 read_file completed Steeping-times.md',
        '5 search_file_content completed',
        '9 gemini-2.5-flash 200 20 3000 0',
        '9 write_file started steep.ts',
        '20 write_file unknown steep.ts',
        '20 waiting turn',
        '30 prompt',
        '33 error overloaded',
        '33 waiting turn',
        '40 prompt',
        '44 compaction',
        '50 gemini-2.5-flash 500 20 0 0',
        '50 waiting turn',
        '50 ended',
        '50 summary',
      ].sort(),
    )
    expect(new Set(events.map(({ payload }) => payload.project))).toEqual(new Set(['kettles']))
  })

  test('that was written anew as lines is the same', async () => {
    const { messages, ...first } = JSON.parse(readFileSync(EARLY, 'utf8')) as { messages: object[] }
    const folder = mkdtempSync(join(tmpdir(), 'vibetea-gemini-'))
    const chats = join(folder, 'tmp', KETTLES_HASH, 'chats')
    mkdirSync(chats, { recursive: true })
    const lines = [first, ...messages, { $set: { sessionId: '0b1e55ed-0000-4000-8000-00000000beef' } }]
    const path = join(chats, 'session-2025-11-02T09-30-0b1e55ed.jsonl')
    writeFileSync(path, lines.map((each) => JSON.stringify(each) + '\n').join(''))
    writeFileSync(
      join(folder, 'projects.json'),
      JSON.stringify({ projects: { '/home/ada/kettles': 'kettles' } }),
    )
    try {
      const early = await eventsOf(EARLY)
      expect(await eventsOf(path)).toEqual(early)
      expect(await eventsOf(path, EARLY)).toEqual(early)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

const ids = { sessionId: SESSION, projectHash: 'none', startTime: T }
const user = (id: string, content: unknown, more = {}) => ({
  id,
  timestamp: T,
  type: 'user',
  content,
  ...more,
})
const model = (id: string, more = {}) => ({
  id,
  timestamp: T,
  type: 'gemini',
  content: '',
  model: 'gemini-3-flash',
  tokens: { input: 10, output: 5, cached: 4, thoughts: 2, tool: 0, total: 17 },
  ...more,
})

const open = (path = '/nowhere/session.jsonl') => gemini.open({ path, sessionId: 'the-file' })
function facts(reader: Reader, ...records: object[]): Fact[] {
  return records.flatMap((record, i) => reader.read(bytesOf(record), i * 100)).map(({ fact }) => fact)
}
const kinds = (found: readonly Fact[]) => found.map(({ type }) => type)

describe('in a line of a Gemini session', () => {
  test.each([
    ['Why does it whistle?', true],
    [[{ text: 'Why does it whistle?' }], true],
    [{ text: 'Why does it whistle?' }, true],
    [[{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }], true],
    [[{ text: 'Why?' }, { text: '<hook_context>SECRET</hook_context>' }], true],
    ['/home/ada/kettle.ts is broken', true],
    ['?', false],
    ['/help', false],
    ['/chat save tea', false],
    ['', false],
    [[{ functionResponse: { id: 'c', name: 'glob', response: {} } }], false],
    ['<session_context>\nThis is the Gemini CLI.', false],
    ['<hook_context>x</hook_context>', false],
    ['<state_snapshot>x</state_snapshot>', false],
    ['I ran the following shell command:\n```sh\nls\n```', false],
    ['User has manually exited Plan Mode. Switching to Default mode.', false],
  ])('a prompt is what a person said: %j', (content, isPrompt) => {
    expect(kinds(facts(open(), ids, user('u1', content))).includes('prompt')).toBe(isPrompt)
  })

  test('a prompt is one, however often and with whatever text it is written', () => {
    const reader = open()
    const found = facts(reader, ids, user('u1', 'tea?'), user('u1', [{ text: 'tea? [hidden]' }]))
    expect(found).toEqual([{ type: 'prompt', text: 'u1' }])
  })

  test('the same words twice are two prompts, but not where a conversation is written again', () => {
    const reader = open()
    expect(kinds(facts(reader, ids, user('u1', 'go on'), user('u2', 'go on')))).toEqual(['prompt', 'prompt'])
    const checkpoint = { $set: { messages: [user('u3', 'go on'), user('u4', 'and then?')] } }
    expect(facts(reader, checkpoint)).toEqual([{ type: 'prompt', text: 'u4' }])
    const begun = { $set: { messages: [user('u5', 'go on'), model('m1'), user('u6', 'go on')] } }
    expect(kinds(facts(open(), ids, begun))).toEqual(['prompt', 'response', 'prompt'])
  })

  test('a response is held until another message comes, with the tokens that it has then', () => {
    const reader = open()
    const grown = { input: 30, output: 9, cached: 4, thoughts: 2, tool: 7, total: 48 }
    expect(facts(reader, ids, model('m1', { tokens: null }))).toEqual([])
    expect(reader.heldFrom).toBe(100)
    expect(facts(reader, model('m1', { tokens: grown }), { $set: { lastUpdated: T } })).toEqual([])
    expect(reader.heldFrom).toBe(100)
    expect(facts(reader, model('m2'))).toEqual([
      {
        type: 'response',
        messageId: 'm1',
        model: 'gemini-3-flash',
        tokens: { input: 26, output: 11, cacheRead: 4, cacheWrite: 0 },
      },
    ])
  })

  test('a response that has grown where a conversation is written again counts with what it has then', () => {
    const tokens = { input: 10, output: 50, cached: 4, thoughts: 2, tool: 0, total: 62 }
    const again = { $set: { messages: [model('m1', { tokens }), model('m2', { tokens })] } }
    const reader = open()
    const found = facts(reader, ids, model('m1'), model('m2'), again)
    const last = reader.flush().map(({ fact }) => fact)
    const outputs = [...found, ...last].map(
      (fact) => fact.type === 'response' && [fact.messageId, fact.tokens.output],
    )
    expect(outputs).toEqual([['m1', 7], ['m1', 52], ['m2', 52]]) // prettier-ignore
  })

  test('what Gemini CLI says for the model is no response', () => {
    const said = { id: 'm1', timestamp: T, type: 'gemini', content: 'Got it. Thanks for the context!' }
    const reader = open()
    expect([...facts(reader, ids, said), ...reader.flush()]).toEqual([])
  })

  test.each([
    ['success', ['started', 'completed']],
    ['error', ['started', 'failed']],
    ['cancelled', ['started', 'unknown']],
    ['a word of tomorrow', ['started', 'unknown']],
    [undefined, ['started', 'unknown']],
    ['executing', ['started']],
  ])('a call whose status is %s is %j', (status, expected) => {
    const call = { id: 'glob-1781449296000-5e7a9b1c3d', name: 'glob', args: {}, status, timestamp: T }
    const message = model('m1', { toolCalls: [call] })
    const found = facts(open(), ids, message, message)
    expect(found.map((fact) => fact.type === 'tool' && fact.status)).toEqual(expected)
  })

  test('a call began before it ended, also where its message was written after it', () => {
    const call = {
      id: 'c1',
      name: 'glob',
      args: {},
      status: 'success',
      timestamp: '2026-06-14T14:59:59.000Z',
    }
    const drafts = open().read(bytesOf(model('m1', { toolCalls: [call] })), 0)
    expect(drafts.map(({ at }) => at - Date.parse(T))).toEqual([-1000, -1000])
  })

  test('a call that asks for approval waits for an answer', () => {
    const call = { id: 'c1', name: 'write_file', args: {}, status: 'awaiting_approval', timestamp: T }
    const found = facts(open(), ids, model('m1', { toolCalls: [call] }))
    expect(found.at(-1)).toEqual({ type: 'waiting', reason: 'permission', after: 'c1' })
  })

  test('calls without an id are told apart by their place', () => {
    const calls = [{ name: 'glob', status: 'success' }, { name: 'glob', status: 'error' }] // prettier-ignore
    const found = facts(open(), ids, model('m1', { toolCalls: calls }))
    expect(new Set(found.map((fact) => fact.type === 'tool' && fact.callId)).size).toBe(2)
  })

  test('a call keeps its path whole, whatever else stands on the line', () => {
    const path = `/home/ada/${'tea/'.repeat(200)}kettle.ts`
    const call = { id: 'c1', name: 'read_file', args: { file_path: path }, status: 'success' }
    const long = model('m1', { toolCalls: [call], thoughts: Array(3000).fill('tea') })
    expect(facts(open(), ids, long)[0]).toMatchObject({ path })
  })

  test('the turn is over with an answer that asks for no call and is the last for a while', () => {
    const reader = open()
    facts(reader, ids, user('u1', 'tea?'), model('m1', { content: 'Yes.' }))
    expect(reader.flush().map(({ fact }) => fact)).toMatchObject([
      { type: 'response' },
      { type: 'waiting', reason: 'turn', after: 'm1' },
    ])
  })

  test('the turn is not over with an answer that has no words, or to which calls are added', () => {
    const silent = open()
    facts(silent, ids, user('u1', 'tea?'), model('m1'))
    expect(kinds(silent.flush().map(({ fact }) => fact))).toEqual(['response'])
    const calls = [{ id: 'c1', name: 'glob', args: {}, status: 'success', timestamp: T }]
    const busy = model('m1', { content: 'I look.', toolCalls: calls })
    const found = facts(
      open(),
      ids,
      user('u1', 'tea?'),
      model('m1', { content: 'I look.' }),
      busy,
      model('m2'),
    )
    expect(kinds(found)).toEqual(['prompt', 'tool', 'tool', 'response'])
  })

  test('the turn seems over while a call runs that was announced in words, and goes on with the call', () => {
    const reader = open()
    facts(reader, ids, user('u1', 'tea?'), model('m1', { content: 'I boil water.' }))
    expect(kinds(reader.flush().map(({ fact }) => fact))).toEqual(['response', 'waiting'])
    const toolCalls = [{ id: 'c1', name: 'glob', args: {}, status: 'success', timestamp: T }]
    const call = facts(reader, model('m1', { content: 'I boil water.', toolCalls }))
    expect(kinds(call)).toEqual(['tool', 'tool'])
    expect(reader.flush()).toEqual([])
  })

  test('the turn is over where a person stops it', () => {
    const notice = { id: 'i1', timestamp: T, type: 'info', content: 'Request cancelled.' }
    const found = facts(open(), ids, user('u1', 'tea?'), model('m1', { content: 'I look.' }), notice, notice)
    expect(found.slice(1)).toMatchObject([{ type: 'response' }, { type: 'waiting', after: 'i1' }])
  })

  test.each([
    ['error', '[API Error: quota (Status: RESOURCE_EXHAUSTED)]\nPlease wait', 'rate-limit'],
    ['error', '[API Error: The model is overloaded.]', 'overloaded'],
    ['error', '[API Error: API key not valid. (Status: INVALID_ARGUMENT)]', 'auth'],
    ['error', '[API Error: exception TypeError: fetch failed sending request]', 'network'],
    ['error', '[API Error: An internal error (Status: INTERNAL)]', 'api'],
    ['error', 'Unknown command: /tea', 'other'],
    ['warning', 'Too many requests, trying again', 'rate-limit'],
    ['warning', 'Hook(s) failed', null],
    ['info', 'Gemini CLI update available!', null],
  ])('a message tells the kind of an error: %s %s', (type, content, category) => {
    const found = facts(open(), ids, { id: 'e1', timestamp: T, type, content })
    expect(found).toEqual(category === null ? [] : [{ type: 'error', category, messageId: 'e1' }])
  })

  test('the owner is told the title of the session, and not of a subagent', () => {
    const reader = open()
    facts(reader, ids, { $set: { summary: 'Kettle in E flat' } })
    expect(reader.local).toEqual({ title: 'Kettle in E flat' })
    expect(reader.sessionId).toBe(SESSION)
    const agent = open(`/nowhere/chats/${SESSION}/${AGENT}.jsonl`)
    facts(agent, { ...ids, sessionId: AGENT, kind: 'subagent' }, { $set: { summary: 'Needs sugar' } })
    expect(agent.local).toEqual({})
    expect(agent.sessionId).toBe(SESSION)
  })
})

describe('the project of a Gemini session', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vibetea-gemini-'))
  const root = '/home/ada/teahouse'
  const projectHash = createHash('sha256').update(root).digest('hex')
  const chats = join(folder, 'tmp', 'tea', 'chats')
  const cwdOf = (first: object): string | null | undefined => {
    const reader = open(join(chats, 'session-1.jsonl'))
    reader.read(bytesOf({ ...ids, projectHash, ...first }), 0)
    return reader.read(bytesOf(user('u1', 'tea?')), 1)[0]?.cwd
  }
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

  beforeEach(() => void mkdirSync(chats, { recursive: true }))
  afterEach(() => rmSync(folder, { recursive: true }))

  test('is in the marker of its folder', () => {
    write('tmp/tea/.project_root', `${root}\n`)
    expect(cwdOf({})).toBe(root)
    expect(cwdOf({ projectHash: 'of another version' })).toBe(root)
  })

  test.each(['projects.json', 'trustedFolders.json'])('is in %s, told by its hash', (name) => {
    const known = { '/home/ada': 'ada', [root]: 'tea' }
    write(name, JSON.stringify(name === 'projects.json' ? { projects: known } : known))
    expect(cwdOf({})).toBe(root)
    expect(cwdOf({ projectHash: 'another' })).toBeNull()
  })

  test('is among its directories, told by its hash', () => {
    expect(cwdOf({ directories: ['/home/ada/cups', root] })).toBe(root)
    expect(cwdOf({ directories: ['/home/ada/cups'] })).toBeNull()
  })

  test.each(['', '{"projects": {"/home', '[]', '{"projects": 1}'])(
    'is unknown where %j tells nothing',
    (text) => {
      write('projects.json', text)
      write('tmp/tea/.project_root', 'tea')
      expect(cwdOf({})).toBeNull()
    },
  )
})

describe('where Gemini CLI keeps its files', () => {
  const where = (env: Record<string, string>) =>
    gemini.defaultDirectories({ env, homeDirectory: '/home/ada' }).flatMap((each) => gemini.watched(each))

  test('is its home, or where its own setting says', () => {
    expect(where({})).toEqual(['/home/ada/.gemini/tmp'])
    expect(where({ GEMINI_CLI_HOME: '/srv/ada' })).toEqual(['/srv/ada/.gemini/tmp'])
    expect(gemini.watched('/srv/tea/tmp')).toEqual(['/srv/tea/tmp'])
  })

  test.each([
    ['teahouse/chats/session-2026-06-14T15-00-5e0c7a94.jsonl', 'lines'],
    ['teahouse/chats/session-2025-11-02T09-30-0b1e55ed.json', 'document'],
    [`teahouse/chats/${SESSION}/${AGENT}.jsonl`, 'lines'],
    [`teahouse/chats/${SESSION}/${AGENT}.json`, 'document'],
    ['teahouse/chats/session-1.jsonl.unreadable-17', null],
    ['teahouse/chats/notes.json', null],
    ['teahouse/logs.json', null],
    ['teahouse/checkpoints/session-1.json', null],
    ['session-1.json', null],
  ])('holds sessions and other things: %s', (relative, form) => {
    expect(gemini.formOf(relative)).toBe(form)
  })

  test.each([
    ['teahouse', true],
    ['teahouse/chats', true],
    [`teahouse/chats/${SESSION}`, true],
    [`teahouse/chats/${SESSION}/more`, false],
    ['teahouse/tool-outputs', false],
    ['teahouse/checkpoints', false],
  ])('watches only folders with sessions: %s', (relative, expected) => {
    expect(gemini.enters!(relative)).toBe(expected)
  })
})
