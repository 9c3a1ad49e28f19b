import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { ADAPTERS, sessionIdOf } from '../../../node/sources/adapters.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import { claude } from '../../../node/sources/claude/adapter.ts'
import type { Reader } from '../../../node/sources/port.ts'
import { acceptAdapter, collected, testRule } from './adapter-acceptance.ts'
import { told } from './told.ts'

const PROJECTS = fileURLToPath(new URL('fixtures/claude/projects', import.meta.url))
const FOLDER = `${PROJECTS}/-home-ada-teahouse`
const SESSION = '5e0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e55'
const KETTLE = `${FOLDER}/${SESSION}.jsonl`
const TASTER = `${FOLDER}/${SESSION}/subagents/agent-a1b2c3d.jsonl`
const CUPS = `${FOLDER}/01d1ea00-0000-4000-8000-00000000c0de.jsonl`

const line = (record: object) => Buffer.from(JSON.stringify(record))
const T = '2026-03-14T15:00:00.000Z'

acceptAdapter({
  adapter: claude,
  files: [KETTLE, TASTER, CUPS],
  foreign: [
    { timestamp: T, type: 'session_meta', payload: { id: 'x', cwd: '/tmp' } },
    { timestamp: T, type: 'response_item', payload: { type: 'message', role: 'user', content: [] } },
    {
      uuid: 'u',
      sessionId: 's',
      timestamp: T,
      type: 'user',
      message: { role: 'user', parts: [{ text: 'x' }] },
    },
    { uuid: 'u', sessionId: 's', timestamp: T, type: 'system', subtype: 'ui_telemetry', systemPayload: {} },
    { type: 'session.start', data: { sessionId: 's' }, id: 'e1', timestamp: T },
    { type: 'session', version: 3, id: 's', timestamp: T, cwd: '/tmp' },
    {
      type: 'message',
      id: 'm',
      timestamp: T,
      message: { role: 'user', content: [{ type: 'text', text: 'x' }] },
    },
    { role: 'user', message: { content: [{ type: 'text', text: 'x' }] } },
    { type: 'session_start', id: 's', title: 't', cwd: '/tmp' },
    { sessionId: 's', messages: [{ id: 'u1', type: 'user', content: 'x' }] },
    { display: 'a line of history', pastedContents: {}, timestamp: 1, project: '/x', sessionId: 's' },
    { type: 'started', key: 'k', agentId: 'a1b2c3d' },
  ].map(line),
})

const projects = {
  peek: (cwd: string | null) => ({ name: cwd?.split('/').at(-1) ?? 'project' }),
  resolve: () => Promise.reject(new Error('not needed')),
}

async function eventsOf(...paths: string[]): Promise<Event[]> {
  const options = { adapters: ADAPTERS, projects, rule: testRule(), now: Date.parse('2026-04-01T00:00:00Z') }
  return collected(readBatch(paths, options))
}

describe('a Claude Code session', () => {
  test('is told as what happened in it, once each, with its subagent', async () => {
    const events = await eventsOf(PROJECTS)
    const own = events.filter(({ payload }) => payload.sessionId === SESSION)
    expect(told(own, T)).toEqual(
      [
        '1 started',
        '1 prompt',
        '3 claude-opus-4-6 10 84 0 4000',
        '5 Read started kettle.ts',
        '6 Read completed kettle.ts 1000',
        '8 Edit started kettle.ts',
        '8 claude-opus-4-6 12 95 4000 100',
        '9 Bash started',
        '9.5 Edit failed kettle.ts 1500',
        '15 Bash completed 6000',
        '17 AskUserQuestion started',
        '17 claude-opus-4-6 5 40 4100 0',
        '17 waiting question',
        '77 AskUserQuestion completed 60000',
        '80 Task started',
        '80 claude-opus-4-6 6 50 4200 0',
        '80 agent started tea-taster',
        '84 Grep started',
        '84 claude-opus-4-6 20 11 0 30',
        '85 Grep completed 1000',
        '118 claude-opus-4-6 21 25 30 0',
        '120 Task completed 40000',
        '120 agent finished tea-taster',
        '121 error overloaded',
        '125 claude-opus-4-6 7 30 4300 0',
        '125 waiting turn',
        '201 compaction',
        '300 prompt',
        '303 NotebookEdit started menu.ipynb',
        '303 claude-opus-4-6 8 20 4400 0',
        '310 waiting turn',
        '320 prompt',
        '322 error rate-limit',
        '322 ended',
        '322 summary',
      ].sort(),
    )
    expect(own.every(({ payload }) => payload.project === 'teahouse')).toBe(true)
  })

  test('sums up to what was done', async () => {
    const events = await eventsOf(KETTLE, TASTER)
    const summary = events.find((event) => event.eventType === 'summary')
    expect(summary?.payload).toMatchObject({
      totals: {
        prompts: 3,
        tools: 7,
        failures: 1,
        errors: 2,
        tokens: { input: 89, output: 355, cacheRead: 21030, cacheWrite: 4130 },
        durationMs: 321_000,
      },
    })
  })

  test('of a version before 2.0 has its subagent in the main conversation', async () => {
    const events = told(await eventsOf(CUPS), T)
    expect(events).toContain('1002 agent started general-purpose')
    expect(events).toContain('1009 agent finished general-purpose')
    expect(events.filter((each) => each.includes('agent'))).toHaveLength(2)
    expect(events.filter((each) => each.includes('prompt'))).toHaveLength(1)
    expect(events).toContain('1005 Glob started')
  })

  test('tells the same start and end of a subagent from either file', async () => {
    const ids = async (...paths: string[]) =>
      (await eventsOf(...paths)).flatMap(({ eventType, id }) => (eventType === 'agent' ? id : [])).sort()
    const both = await ids(KETTLE, TASTER)
    expect(both).toHaveLength(2)
    expect(await ids(KETTLE)).toEqual(both)
    expect(await ids(TASTER)).toEqual(both)
    expect(await ids(TASTER, KETTLE)).toEqual(both)
  })
})

describe('reading a Claude Code file', () => {
  const common = { sessionId: SESSION, cwd: '/home/ada/teahouse', timestamp: T }
  const usage = (output: number) => ({ input_tokens: 1, output_tokens: output })
  const assistant = (id: string, output: number, more: object = {}) => ({
    ...common,
    type: 'assistant',
    message: { role: 'assistant', id, model: 'claude-opus-4-6', content: [], usage: usage(output), ...more },
  })
  const user = (content: unknown, more: object = {}) => ({
    ...common,
    type: 'user',
    message: { role: 'user', content },
    ...more,
  })
  const open = (): Reader => claude.open({ path: '/x.jsonl', sessionId: 'x' })
  const facts = (reader: Reader, ...records: object[]) =>
    records.flatMap((record, i) => reader.read(line(record), i * 1000)).map(({ fact }) => fact)

  test('holds a response until another message begins, with the last count of its tokens', () => {
    const reader = open()
    expect(facts(reader, assistant('m1', 3), assistant('m1', 90))).toEqual([])
    expect(reader.heldFrom).toBe(0)
    expect(facts(reader, assistant('m2', 1))).toMatchObject([{ messageId: 'm1', tokens: { output: 90 } }])
    expect(reader.heldFrom).not.toBeNull()
    expect(reader.flush().map(({ fact }) => fact)).toMatchObject([{ messageId: 'm2' }])
  })

  test('gives a response again where its tokens grew after silence, and not where they did not', () => {
    const reader = open()
    facts(reader, assistant('m1', 3))
    expect(reader.flush()).toHaveLength(1)
    facts(reader, assistant('m1', 3))
    expect(reader.flush()).toEqual([])
    facts(reader, assistant('m1', 50))
    expect(reader.flush()).toMatchObject([{ at: Date.parse(T), fact: { tokens: { output: 50 } } }])
  })

  test('does not take an open tool call for a question', () => {
    const bash = {
      type: 'tool_use',
      id: 'toolu_01BashBoilWater000000',
      name: 'Bash',
      input: { command: 'boil' },
    }
    const found = facts(open(), assistant('m1', 3, { content: [bash], stop_reason: 'tool_use' }))
    expect(found.map(({ type }) => type)).toEqual(['tool'])
  })

  test('tells one wait where several records tell of the turn’s end', () => {
    const found = facts(
      open(),
      user('hello'),
      assistant('m1', 3, { stop_reason: 'end_turn' }),
      { ...common, type: 'system', subtype: 'stop_hook_summary' },
      { ...common, type: 'system', subtype: 'turn_duration' },
    )
    expect(found.filter(({ type }) => type === 'waiting')).toEqual([
      { type: 'waiting', reason: 'turn', after: 'm1' },
    ])
  })

  test.each([
    ['a slash command', '<command-name>/brew</command-name>'],
    ['the output of a local command', '<local-command-stdout>steam</local-command-stdout>'],
    ['a shell command', '<bash-input>boil</bash-input>'],
    ['a task that ended', '<task-notification>done</task-notification>'],
    ['a reminder', '  <system-reminder>drink</system-reminder>'],
    ['a message of another agent', '<teammate-message teammate_id="x">hi</teammate-message>'],
    ['an opened file', [{ type: 'text', text: '<ide_opened_file>a.ts</ide_opened_file>' }]],
    ['an interrupt', '[Request interrupted by user]'],
    [
      'a result',
      [
        { type: 'tool_result', tool_use_id: 't' },
        { type: 'text', text: 'x' },
      ],
    ],
    ['nothing', '   '],
    ['a long wrapper in a long line', `<local-command-stdout>${'steam '.repeat(2000)}`],
  ])('takes %s for no prompt', (_, content) => {
    expect(facts(open(), user(content)).filter(({ type }) => type === 'prompt')).toEqual([])
  })

  test.each([
    ['of a subagent', { isSidechain: true }],
    ['that Claude Code wrote', { isMeta: true }],
    ['after a compaction', { isCompactSummary: true }],
    ['of another origin', { origin: { kind: 'task-notification' } }],
  ])('takes a text %s for no prompt', (_, more) => {
    expect(facts(open(), user('hello', more)).filter(({ type }) => type === 'prompt')).toEqual([])
  })

  test('knows a prompt again by its text, whatever else stands on its line', () => {
    const text = 'Why does it whistle? '.repeat(40)
    const plain = facts(open(), user(text))
    const padded = facts(open(), user(text, { padding: Array(3000).fill('tea') }))
    expect(plain).toEqual([{ type: 'prompt', text }])
    expect(padded).toEqual(plain)
  })

  test('keeps the first directory of a session for its project', () => {
    const reader = open()
    reader.read(line(user('one')), 0)
    const [draft] = reader.read(line({ ...user('two'), cwd: '/home/ada/teahouse/docs' }), 500)
    expect(draft?.cwd).toBe('/home/ada/teahouse')
  })

  test('places what has an id but no time after the record before, and leaves out what has neither', () => {
    const use = { type: 'tool_use', id: 'toolu_01BashBoilWater000000', name: 'Bash', input: {} }
    const undated = { ...assistant('m1', 3, { content: [use] }), timestamp: 'teatime' }
    expect(facts(open(), undated, { ...user('when?'), timestamp: null })).toEqual([])
    const reader = open()
    facts(reader, user('one'))
    expect(reader.read(line(undated), 500)).toMatchObject([{ at: Date.parse(T), fact: { type: 'tool' } }])
    expect(facts(reader, { ...user('when?'), timestamp: null })).toMatchObject([{ type: 'response' }])
  })

  test('tells the owner the branch, the work tree and the title, the chosen one first', () => {
    const reader = open()
    facts(
      reader,
      { ...user('x'), gitBranch: 'oolong', cwd: '/home/ada/teahouse/.claude/worktrees/brave-pot' },
      { type: 'custom-title', customTitle: 'The D kettle', sessionId: SESSION },
      { type: 'ai-title', aiTitle: 'Kettle in D', sessionId: SESSION },
    )
    expect(reader.local).toEqual({ branch: 'oolong', worktree: 'brave-pot', title: 'The D kettle' })
    expect(reader.sessionId).toBe(SESSION)
  })

  test.each([
    [{ isApiErrorMessage: true, error: 'rate_limit', apiErrorStatus: 429 }, '', 'rate-limit'],
    [{ isApiErrorMessage: true }, 'API Error: 529 {"type":"error"}', 'overloaded'],
    [{ isApiErrorMessage: true }, 'API Error: 401 expired · Please run /login', 'auth'],
    [{ isApiErrorMessage: true }, 'API Error: Connection error.', 'network'],
    [{ isApiErrorMessage: true }, 'Claude AI usage limit reached|1750000000', 'rate-limit'],
    [{ isApiErrorMessage: true }, 'Prompt is too long', 'other'],
    [{ type: 'system', subtype: 'api_error', error: { cause: { code: 'ECONNRESET' } } }, '', 'network'],
    [{ type: 'system', subtype: 'api_error', error: { status: 500 } }, '', 'api'],
  ])('tells the kind of an error: %o %s', (more, text, category) => {
    const record = {
      ...assistant('m', 0, { model: '<synthetic>', content: [{ type: 'text', text }] }),
      ...more,
    }
    expect(facts(open(), record)).toMatchObject([{ type: 'error', category }])
  })
})

describe('where Claude Code keeps its files', () => {
  const where = (env: Record<string, string>) =>
    claude
      .defaultDirectories({ env, homeDirectory: '/home/ada' })
      .flatMap((directory) => claude.watched(directory))

  test('is its home, or where its own setting says', () => {
    expect(where({})).toEqual(['/home/ada/.claude/projects'])
    expect(where({ CLAUDE_CONFIG_DIR: '~/a, /b/projects ,' })).toEqual([
      '/home/ada/a/projects',
      '/b/projects',
    ])
  })

  test.each([
    ['-home-ada/5e0c.jsonl', true],
    ['-home-ada/agent-a1b2c3d.jsonl', true],
    ['-home-ada/5e0c/subagents/agent-a1.jsonl', true],
    ['-home-ada/5e0c/subagents/workflows/run/agent-a1.jsonl', true],
    ['-home-ada/5e0c/subagents/journal.jsonl', false],
    ['-home-ada/5e0c/subagents/agent-a1.meta.json', false],
    ['-home-ada/5e0c/tool-results/x.jsonl', false],
    ['-home-ada/sessions-index.json', false],
    ['-home-ada/memory/notes.jsonl', false],
    ['history.jsonl', false],
  ])('holds sessions and other things: %s', (relative, expected) => {
    expect(claude.formOf(relative)).toBe(expected ? 'lines' : null)
  })

  test('tells the session of a file that does not say it', () => {
    expect(sessionIdOf(KETTLE)).toBe(SESSION)
    expect(sessionIdOf(TASTER)).toBe(SESSION)
    expect(sessionIdOf('C:\\x\\s1\\subagents\\workflows\\r\\agent-1.jsonl')).toBe('s1')
  })
})
