import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { claude } from '../../../node/sources/claude/adapter.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import type { Reader } from '../../../node/sources/port.ts'
import { qwen } from '../../../node/sources/qwen/adapter.ts'
import { acceptAdapter, collected, testRule } from './adapter-acceptance.ts'
import { told } from './told.ts'

const PROJECTS = fileURLToPath(new URL('fixtures/qwen/projects', import.meta.url))
const FOLDER = `${PROJECTS}/-home-ada-teahouse`
const SESSION = '7e0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e01'
const BRANCH = '7e0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e02'
const KETTLE = `${FOLDER}/chats/${SESSION}.jsonl`
const BRANCHED = `${FOLDER}/chats/${BRANCH}.jsonl`
const TASTER = `${FOLDER}/subagents/${SESSION}/agent-tea-taster-7f3c.jsonl`

const line = (record: object) => Buffer.from(JSON.stringify(record))
const T = '2026-03-14T15:00:00.000Z'

acceptAdapter({
  adapter: qwen,
  files: [KETTLE, BRANCHED, TASTER],
  foreign: [
    { type: 'user', sessionId: 's', uuid: 'u', timestamp: T, message: { role: 'user', content: 'x' } },
    { type: 'system', subtype: 'turn_duration', isSidechain: false, sessionId: 's', uuid: 'u', timestamp: T },
    { type: 'session', version: 3, id: 's', timestamp: T, cwd: '/tmp' },
    { type: 'message', id: 'm', timestamp: T, message: { role: 'user', content: [] } },
    { sessionId: 's', projectHash: 'h', startTime: T, lastUpdated: T, kind: 'main' },
    { id: 'g', timestamp: T, type: 'gemini', content: 'x', tokens: {} },
    { timestamp: T, type: 'response_item', payload: { type: 'message', role: 'user', content: [] } },
    { type: 'user.message', data: { content: 'x' }, id: 'e1', timestamp: T },
    { sessionId: 's', messageId: 0, type: 'user', message: 'x', timestamp: T },
  ].map(line),
})

const projects = {
  peek: (cwd: string | null) => ({ name: cwd?.split('/').at(-1) ?? 'project' }),
  resolve: () => Promise.reject(new Error('not needed')),
}

async function eventsOf(...paths: string[]): Promise<Event[]> {
  const options = { adapters: [qwen], projects, rule: testRule(), now: Date.parse('2026-04-01T00:00:00Z') }
  return collected(readBatch(paths, options))
}

describe('a Qwen Code session', () => {
  test('is told as what happened in it, once each, with its subagents', async () => {
    const events = await eventsOf(PROJECTS)
    const own = events.filter(({ payload }) => payload.sessionId === SESSION)
    expect(told(own, T)).toEqual(
      [
        '1 started',
        '1 prompt',
        '3 qwen3-coder-plus 400 25 100 0',
        '3 read_file started kettle.ts',
        '4 read_file completed kettle.ts 1000',
        '6 qwen3-coder-plus 160 30 400 0',
        '6 edit started kettle.ts',
        '6 run_shell_command started',
        '7.5 edit failed kettle.ts 1500',
        '9 run_shell_command unknown 3000',
        '10 error rate-limit',
        '12 qwen3-coder-plus 100 25 500 0',
        '12 agent started',
        '12 agent started tea-taster',
        '15 qwen3-coder-plus 90 10 0 0',
        '15.2 grep_search started',
        '16.2 grep_search completed 250',
        '16.4 read_file started cups.ts',
        '16.5 read_file failed cups.ts 100',
        '18 qwen3-coder-plus 60 12 60 0',
        '20 agent completed 8000',
        '20 agent finished tea-taster',
        '22 qwen3-coder-plus 100 50 600 0',
        '22 waiting turn',
        '30 compaction',
        '60 prompt',
        '62 qwen3-coder-plus 100 15 700 0',
        '62 agent started',
        '62 agent started timer',
        '62 ask_user_question started',
        '62 waiting question',
        '62.5 agent completed 500',
        '70 ask_user_question completed 8000',
        '75 prompt',
        '90 agent finished timer',
        '95 qwen3-coder-plus 100 15 800 0',
        '95 waiting turn',
        '95 ended',
        '95 summary',
      ].sort(),
    )
    expect(own.every(({ payload }) => payload.project === 'teahouse')).toBe(true)
  })

  test('that was branched has what is its own, and what it repeats happened in the other', async () => {
    const own = (events: readonly Event[]) => events.filter(({ payload }) => payload.sessionId === BRANCH)
    expect(told(own(await eventsOf(PROJECTS)), T)).toEqual(
      [
        '100 started',
        '100 prompt',
        '104 qwen3-coder-plus 30 33 480 0',
        '104 write_file started teapot.ts',
        '105 write_file completed teapot.ts 1000',
        '107 waiting turn',
        '107 ended',
        '107 summary',
      ].sort(),
    )
    const ids = async (...paths: string[]) => new Set((await eventsOf(...paths)).map(({ id }) => id))
    const first = await ids(KETTLE)
    const repeated = (await eventsOf(BRANCHED)).filter(({ payload }) => payload.sessionId === SESSION)
    const things = repeated.filter(({ eventType }) => eventType !== 'session' && eventType !== 'summary')
    expect(told(things, T)).toHaveLength(4)
    expect(things.every(({ id }) => first.has(id))).toBe(true)
  })
})

describe('reading a Qwen Code file', () => {
  const common = (uuid: string) => ({ uuid, sessionId: SESSION, cwd: '/home/ada/teahouse', timestamp: T })
  const user = (parts: unknown, more: object = {}) => ({
    ...common('u'),
    type: 'user',
    message: { role: 'user', parts },
    ...more,
  })
  const answer = (uuid: string, parts: unknown, more: object = {}) => ({
    ...common(uuid),
    type: 'assistant',
    model: 'qwen3-coder-plus',
    message: { role: 'model', parts },
    ...more,
  })
  const call = (id: string, name = 'read_file', args: object = {}) => ({ functionCall: { id, name, args } })
  const result = (response: unknown, told: object = {}) => ({
    ...common('r'),
    type: 'tool_result',
    message: { role: 'user', parts: [{ functionResponse: { id: 'call_1', name: 'read_file', response } }] },
    toolCallResult: told,
  })
  const telemetry = (uiEvent: object) => ({
    ...common('t'),
    type: 'system',
    subtype: 'ui_telemetry',
    systemPayload: { uiEvent },
  })
  const open = (): Reader => qwen.open({ path: '/x.jsonl', sessionId: 'x' })
  const facts = (reader: Reader, ...records: object[]) =>
    records.flatMap((record, i) => reader.read(line(record), i * 1000)).map(({ fact }) => fact)
  const kinds = (...records: object[]) => facts(open(), ...records).map(({ type }) => type)

  test('counts an answer once that stands in two records of one id, with the larger tokens', () => {
    const usageMetadata = { promptTokenCount: 12, candidatesTokenCount: 4 }
    const found = facts(
      open(),
      answer('a1', [{ text: 'hm', thought: true }]),
      answer('a1', [{ text: 'Hot.' }], { usageMetadata }),
    )
    expect(found).toMatchObject([
      { type: 'response', messageId: 'a1', tokens: { input: 0 } },
      { type: 'response', messageId: 'a1', tokens: { input: 12, output: 4 } },
      { type: 'waiting', reason: 'turn', after: 'a1' },
    ])
  })

  test('does not count an answer again that telemetry tells of too', () => {
    const response = { 'event.name': 'qwen-code.api_response', input_token_count: 5, output_token_count: 5 }
    expect(kinds(telemetry({ ...response, prompt_id: `${SESSION}########0` }))).toEqual([])
    expect(kinds(telemetry({ ...response, prompt_id: `${SESSION}#taster-1#0` }))).toEqual(['response'])
    expect(kinds(telemetry({ ...response, subagent_id: 'taster-1' }))).toEqual(['response'])
  })

  test('tells calls apart that a local server gave one id', () => {
    const ids = facts(open(), answer('a1', [call('call_1')]), answer('a2', [call('call_1')])).flatMap(
      (fact) => (fact.type === 'tool' ? fact.callId : []),
    )
    expect(new Set(ids).size).toBe(2)
  })

  test.each([
    [{ output: 'x' }, { status: 'success' }, 'completed'],
    [{ output: 'x' }, { status: 'error' }, 'failed'],
    [{ error: 'x' }, { status: 'cancelled' }, 'unknown'],
    [{ error: 'x' }, {}, 'failed'],
    [{ error: '[Operation Cancelled] Reason: x' }, {}, 'unknown'],
    [{ output: 'x' }, {}, 'completed'],
    [{}, {}, 'unknown'],
    ['x', { status: 5 }, 'unknown'],
    [{ error: 'x' }, { callId: 'another', status: 'success' }, 'failed'],
  ])('tells how a call ended by what the record says: %o %o', (response, said, status) => {
    const found = facts(open(), answer('a1', [call('call_1')]), result(response, said))
    expect(found.at(-1)).toMatchObject({ type: 'tool', tool: 'read_file', status })
  })

  test('tells of a result whose call it does not know', () => {
    expect(facts(open(), result({ output: 'x' }))).toEqual([
      { type: 'tool', tool: '', callId: 'call_1', status: 'completed' },
    ])
  })

  test.each([
    ['a notification', { subtype: 'notification' }, [{ text: 'x' }]],
    ['a timer', { subtype: 'cron' }, [{ text: 'x' }]],
    ['what a goal goes on with', { subtype: 'goal_runtime', provenance: 'goal_runtime' }, [{ text: 'x' }]],
    ['a subagent’s task', { isSidechain: true }, [{ text: 'x' }]],
    ['a result', {}, [{ functionResponse: { id: 'c' } }, { text: 'x' }]],
    ['nothing', {}, [{ text: '  ' }]],
    ['no parts', {}, 'x'],
  ])('takes %s for no prompt', (_, more, parts) => {
    expect(kinds(user(parts, more))).toEqual([])
  })

  test.each([
    ['an image', {}, [{ inlineData: { mimeType: 'image/png', data: '' } }]],
    ['a text while it works', { subtype: 'mid_turn_user_message' }, [{ text: 'x' }]],
    ['what was spoken', { subtype: 'realtime_message' }, [{ text: 'x' }]],
    ['what a person wrote', { provenance: 'real_user' }, [{ text: 'x' }]],
  ])('takes %s for a prompt', (_, more, parts) => {
    expect(kinds(user(parts, more))).toEqual(['prompt'])
  })

  test('knows a prompt again by its text, whatever else stands on its line', () => {
    const text = 'Why does it whistle? '.repeat(40)
    const padded = facts(open(), user([{ text }], { padding: Array(3000).fill('tea') }))
    expect(padded).toEqual([{ type: 'prompt', text }])
  })

  test('does not take a turn for over that goes on with a call, nor a subagent’s', () => {
    expect(kinds(answer('a1', [{ text: 'x' }, call('call_1')]))).toEqual(['response', 'tool'])
    expect(kinds(answer('a1', [{ text: 'x' }], { isSidechain: true }))).toEqual([])
  })

  test('leaves out what has neither a time nor an id', () => {
    const untimed = { timestamp: 'teatime' }
    expect(facts(open(), { ...answer('a1', [call('call_1')]), ...untimed })).toEqual([])
    expect(kinds(user([{ text: 'x' }]), { ...user([{ text: 'y' }]), ...untimed })).toEqual(['prompt'])
  })

  test.each([
    [{ status_code: 429 }, 'rate-limit'],
    [{ status_code: '401' }, 'auth'],
    [{ status_code: 529 }, 'overloaded'],
    [{ status_code: 500 }, 'api'],
    [{ error_type: 'APIConnectionError' }, 'network'],
    [{ error_type: 'AuthenticationError' }, 'auth'],
    [{ error_type: 'InternalServerError' }, 'api'],
    [{ error_type: 'TeaError', error_message: 'rate limit' }, 'other'],
    [{}, 'other'],
  ])('tells the kind of an error: %o', (more, category) => {
    const event = { 'event.name': 'qwen-code.api_error', ...more }
    expect(facts(open(), telemetry(event))).toMatchObject([{ type: 'error', category }])
  })

  test('tells the owner the branch, the work tree and the title, the chosen one first', () => {
    const reader = open()
    const title = (customTitle: string, titleSource: string) => ({
      ...common('t'),
      type: 'system',
      subtype: 'custom_title',
      systemPayload: { customTitle, titleSource },
    })
    facts(reader, title('Kettle in D', 'auto'), title('The D kettle', 'manual'), title('Kettle', 'auto'), {
      ...user([]),
      gitBranch: 'oolong',
      cwd: '/home/ada/teahouse/.qwen/worktrees/brave-pot',
    })
    expect(reader.local).toEqual({ branch: 'oolong', worktree: 'brave-pot', title: 'The D kettle' })
    expect(reader.sessionId).toBe(SESSION)
  })

  test('leaves Claude Code no file that is Qwen Code’s', () => {
    const bootstrap = { ...common('b'), type: 'system', subtype: 'agent_bootstrap', isSidechain: true }
    const record = line({ ...bootstrap, systemPayload: { kind: 'fork' } })
    expect(claude.recognises([record])).toBeNull()
    expect(qwen.recognises([record])).toBe('lines')
  })
})

describe('where Qwen Code keeps its files', () => {
  const where = (env: Record<string, string>) =>
    qwen
      .defaultDirectories({ env, homeDirectory: '/home/ada' })
      .flatMap((directory) => qwen.watched(directory))

  test('is its home, or where its own settings say', () => {
    expect(where({})).toEqual(['/home/ada/.qwen/projects'])
    expect(where({ QWEN_HOME: '~/q' })).toEqual(['/home/ada/q/projects'])
    expect(where({ QWEN_HOME: '~/q', QWEN_RUNTIME_DIR: '/run/q' })).toEqual(['/run/q/projects'])
    expect(qwen.watched('/srv/qwen/projects')).toEqual(['/srv/qwen/projects'])
  })

  test.each([
    [`-home-ada/chats/${SESSION}.jsonl`, true],
    [`-home-ada/chats/archive/${SESSION}.jsonl`, true],
    [`-home-ada/subagents/${SESSION}/agent-taster-7f3c.jsonl`, true],
    [`-home-ada/chats/${SESSION}.ledger.jsonl`, false],
    [`-home-ada/subagents/${SESSION}/agent-taster-7f3c.jsonl.stream`, false],
    [`-home-ada/subagents/${SESSION}/agent-taster-7f3c.meta.json`, false],
    ['-home-ada/chats/notes.jsonl', false],
    [`-home-ada/${SESSION}.jsonl`, false],
    [`${SESSION}.jsonl`, false],
  ])('holds sessions and other things: %s', (relative, expected) => {
    expect(qwen.formOf(relative)).toBe(expected ? 'lines' : null)
  })

  test('enters the folders of sessions and no others', () => {
    const folders = ['-home-ada', '-home-ada/chats', '-home-ada/chats/archive', '-home-ada/subagents']
    expect([...folders, `-home-ada/subagents/${SESSION}`].every((each) => qwen.enters!(each))).toBe(true)
    expect(['-home-ada/memory', '-home-ada/chats/a/b'].some((each) => qwen.enters!(each))).toBe(false)
  })
})
