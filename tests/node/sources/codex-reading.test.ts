import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../core/rule.ts'
import { codex } from '../../../node/sources/codex/adapter.ts'
import type { Reader } from '../../../node/sources/port.ts'

const KETTLE_ID = '019e2700-6d80-7a1c-9b2e-7e5e0c000000'
const TASTER_ID = '019e2701-5dbc-70d3-9f1a-7c4b5e000000'
const T = '2026-05-14T15:00:00.000Z'
const line = (record: object) => Buffer.from(JSON.stringify(record))

describe('reading a Codex file', () => {
  const TURN = '019e2700-7168-7b01-971e-a0f001000000'
  const open = (): Reader => codex.open({ path: '/x/rollout-x.jsonl', sessionId: 'x' })
  const meta = (more: object = {}) => ({
    timestamp: T,
    type: 'session_meta',
    payload: { id: KETTLE_ID, cwd: '/home/ada/teahouse', ...more },
  })
  const event = (payload: object, seconds = 1) => ({
    timestamp: new Date(Date.parse(T) + seconds * 1000).toISOString(),
    type: 'event_msg',
    payload,
  })
  const item = (payload: object, seconds = 1) => ({ ...event(payload, seconds), type: 'response_item' })
  const facts = (...records: object[]): Fact[] => {
    const reader = open()
    return records.flatMap((record, i) => reader.read(line(record), i * 1000)).map(({ fact }) => fact)
  }
  const call = (more: object) => item({ type: 'function_call', name: 'x', call_id: 'c1', ...more })
  const output = (text: unknown, more: object = {}) =>
    item({ type: 'function_call_output', call_id: 'c1', output: text, ...more })
  const usage = (input: number, cached: number, written: number, out: number) => ({
    input_tokens: input,
    cached_input_tokens: cached,
    cache_write_input_tokens: written,
    output_tokens: out,
    total_tokens: input + out,
  })
  const tokens = (total: object, last: object, seconds = 1) =>
    event({ type: 'token_count', info: { total_token_usage: total, last_token_usage: last } }, seconds)

  test('counts a response where the totals change, and not where they are only told again', () => {
    const found = facts(
      meta(),
      event({ type: 'token_count', info: null }),
      tokens(usage(10, 4, 0, 2), usage(10, 4, 0, 2)),
      tokens(usage(10, 4, 0, 2), usage(10, 4, 0, 2), 2),
      tokens(usage(10, 4, 0, 2), usage(3, 0, 0, 1), 3),
      tokens(usage(13, 4, 0, 3), usage(3, 0, 0, 1), 4),
    )
    expect(found).toMatchObject([
      { type: 'response', tokens: { input: 6, cacheRead: 4, cacheWrite: 0, output: 2 } },
      { type: 'response', tokens: { input: 3, cacheRead: 0, cacheWrite: 0, output: 1 } },
    ])
  })

  test('counts what went into the cache once', () => {
    expect(facts(meta(), tokens(usage(10, 4, 5, 2), usage(10, 4, 5, 2)))).toMatchObject([
      { tokens: { input: 1, cacheRead: 4, cacheWrite: 5, output: 2 } },
    ])
  })

  test('names a response the same in a copy that was stamped anew, where its turn has an id', () => {
    const named = (seconds: number) =>
      facts(
        meta(),
        event({ type: 'task_started', turn_id: TURN }),
        tokens(usage(9, 0, 0, 2), usage(9, 0, 0, 2), seconds),
      )
    expect(named(5)).toEqual(named(900))
  })

  test('takes the model of the turn', () => {
    const turn = (model: string) => ({ timestamp: T, type: 'turn_context', payload: { model } })
    const found = facts(
      meta(),
      turn('gpt-5.4'),
      tokens(usage(1, 0, 0, 1), usage(1, 0, 0, 1)),
      turn('gpt-5.6-sol'),
      tokens(usage(2, 0, 0, 2), usage(1, 0, 0, 1)),
    )
    expect(found).toMatchObject([{ model: 'gpt-5.4' }, { model: 'gpt-5.6-sol' }])
  })

  test.each([
    ['Exit code: 0\nWall time: 1 seconds\nOutput:\nExit code: 7', 'completed'],
    ['Exit code: 124\nWall time: 1 seconds\nOutput:\n', 'failed'],
    ['Chunk ID: 5e\nWall time: 0.1 seconds\nProcess exited with code -1\nOutput:\n', 'failed'],
    ['Chunk ID: 5e\nWall time: 0.1 seconds\nProcess running with session ID 7\nOutput:\n', 'unknown'],
    ['Wall time: 4 seconds\naborted by user', 'unknown'],
    ['Script failed\nWall time 0.1 seconds\nOutput:\n', 'failed'],
    ['poured: Exit code: 0\n', 'unknown'],
    ['the tea says\nExit code: 1\n', 'unknown'],
    ['{"output":"","metadata":{"exit_code":1}}', 'failed'],
    ['{"output":"","metadata":{"exit_code":"0"}}', 'unknown'],
    ['{"metadata":', 'unknown'],
    [[{ type: 'input_text', text: 'Script completed\nWall time 0.1 seconds\nOutput:\n' }], 'completed'],
    [[], 'unknown'],
    [null, 'unknown'],
  ])('knows how a tool ended only where Codex says so: %j', (text, status) => {
    expect(facts(meta(), call({}), output(text))).toMatchObject([{ status: 'started' }, { status }])
  })

  test.each([
    [{ type: 'exec_command_end', exit_code: 0, duration: { secs: 1, nanos: 500000000 } }, 'completed', 1500],
    [{ type: 'exec_command_end', exit_code: -1, status: 'declined' }, 'failed', undefined],
    [{ type: 'patch_apply_end', success: false }, 'failed', undefined],
    [{ type: 'mcp_tool_call_end', result: { Ok: { isError: true } } }, 'failed', undefined],
    [{ type: 'mcp_tool_call_end', result: { Ok: { content: [] } } }, 'completed', undefined],
    [
      { type: 'item_completed', item: { type: 'CommandExecution', id: 'c1', exit_code: 2 } },
      'failed',
      undefined,
    ],
    [
      { type: 'item_completed', item: { type: 'FileChange', id: 'c1', status: 'completed' } },
      'completed',
      undefined,
    ],
  ])('takes an end that is told before the output: %j', (end, status, durationMs) => {
    const [, result, ...more] = facts(meta(), call({}), event({ call_id: 'c1', ...end }), output('no code'))
    expect(result).toEqual({
      type: 'tool',
      tool: 'x',
      callId: 'c1',
      status,
      ...(durationMs !== undefined && { durationMs }),
    })
    expect(more).toEqual([])
  })

  test('takes no end of something that nobody called', () => {
    expect(facts(meta(), event({ type: 'exec_command_end', call_id: 'c9', exit_code: 0 }))).toEqual([])
  })

  test('names calls without an id by their time and their place in it', () => {
    const search = (seconds: number) => item({ type: 'web_search_call', status: 'completed' }, seconds)
    const ids = facts(meta(), search(1), search(1), search(2)).map((fact) =>
      'callId' in fact ? fact.callId : '',
    )
    expect(new Set(ids).size).toBe(3)
    expect(facts(meta(), search(1), search(1), search(2))).toHaveLength(6)
  })

  test.each([
    ['*** Begin Patch\n*** Update File: tea/leaf.ts\n@@\n*** End Patch', 'tea/leaf.ts'],
    ['*** Begin Patch\n*** Add File: leaf.ts\n+x\n*** Add File: pot.ts\n+x\n*** End Patch', undefined],
    ['*** Begin Patch\n*** Update File: leaf.ts\n*** Move to: pot.ts\n*** End Patch', undefined],
    [
      `*** Begin Patch\n*** Add File: leaf.ts\n${'+x\n'.repeat(4000)}*** Add File: pot.ts\n*** End Patch`,
      undefined,
    ],
  ])('tells the one file that a patch is about: %#', (input, path) => {
    const patch = item({ type: 'custom_tool_call', name: 'apply_patch', call_id: 'c1', input })
    const asFunction = call({ name: 'apply_patch', arguments: JSON.stringify({ input }) })
    for (const record of [patch, asFunction]) {
      const [fact] = facts(meta(), record)
      expect(fact && 'path' in fact ? fact.path : undefined).toBe(path)
    }
  })

  test('means a patch’s file as seen from the turn’s directory', () => {
    const turn = { timestamp: T, type: 'turn_context', payload: { cwd: '/home/ada/teahouse/docs' } }
    const input = '*** Begin Patch\n*** Delete File: leaf.md\n*** End Patch'
    const patch = item({ type: 'custom_tool_call', name: 'apply_patch', call_id: 'c1', input })
    expect(facts(meta(), turn, patch)).toMatchObject([{ path: '/home/ada/teahouse/docs/leaf.md' }])
  })

  test('waits for an answer where it asked, and for permission', () => {
    expect(facts(meta(), call({ name: 'request_user_input' }))).toMatchObject([
      { type: 'tool' },
      { type: 'waiting', reason: 'question', after: 'c1' },
    ])
    expect(facts(meta(), call({ name: 'request_permissions' }))).toMatchObject([
      { type: 'tool' },
      { type: 'waiting', reason: 'permission', after: 'c1' },
    ])
  })

  test('ends a turn once, and not where another takes its place', () => {
    const end = (more: object) => event({ turn_id: TURN, ...more })
    const waits = facts(
      meta(),
      end({ type: 'turn_aborted', reason: 'interrupted' }),
      end({ type: 'task_complete' }),
    )
    expect(waits).toMatchObject([{ type: 'waiting', reason: 'turn' }])
    expect(facts(meta(), end({ type: 'turn_aborted', reason: 'replaced' }))).toEqual([])
  })

  test('counts a compaction once', () => {
    const compacted = { timestamp: T, type: 'compacted', payload: { message: '' } }
    expect(facts(meta(), compacted, event({ type: 'context_compacted' }))).toEqual([{ type: 'compaction' }])
  })

  test.each([
    ['usage_limit_exceeded', 'rate-limit'],
    ['server_overloaded', 'overloaded'],
    ['unauthorized', 'auth'],
    ['context_window_exceeded', 'api'],
    [{ response_stream_disconnected: { http_status_code: null } }, 'network'],
    [{ http_connection_failed: { http_status_code: 429 } }, 'rate-limit'],
    ['constructor', 'other'],
    [undefined, 'other'],
  ])('tells the kind of an error: %j', (info, category) => {
    const error = event({ type: 'error', message: 'x', codex_error_info: info })
    expect(facts(meta(), error)).toMatchObject([{ type: 'error', category }])
  })

  test('tells of a review as of a subagent', () => {
    const found = facts(
      meta(),
      event({ type: 'entered_review_mode', target: { type: 'uncommittedChanges' } }),
      event({ type: 'exited_review_mode', review_output: null }, 60),
    )
    expect(found).toMatchObject([
      { type: 'agent', agentType: 'review', state: 'started' },
      { type: 'agent', agentType: 'review', state: 'finished' },
    ])
    expect(new Set(found.map((fact) => ('agentId' in fact ? fact.agentId : '')))).toHaveProperty('size', 1)
  })

  test('counts a prompt once where it is told as an event and as an item', () => {
    const said = { type: 'user_message', message: 'Pour' }
    const asItem = {
      type: 'item_completed',
      item: { type: 'UserMessage', content: [{ type: 'text', text: 'Pour' }] },
    }
    for (const records of [[said, asItem], [asItem, said], [said], [asItem], [asItem, asItem]]) {
      expect(facts(meta(), ...records.map((record) => event(record)))).toEqual([
        { type: 'prompt', text: 'Pour' },
      ])
    }
  })

  test('counts the same prompt again where something was done in between, or in another turn', () => {
    const content = [{ type: 'text', text: 'go on' }]
    const asItem = event({ type: 'item_completed', item: { type: 'UserMessage', content } })
    const said = event({ type: 'user_message', message: 'go on' })
    const prompts = (...records: object[]) =>
      facts(meta(), ...records).filter(({ type }) => type === 'prompt')
    expect(prompts(asItem, call({}), asItem)).toHaveLength(2)
    expect(prompts(asItem, event({ type: 'task_complete' }), asItem)).toHaveLength(2)
    expect(prompts(said, event({ type: 'task_complete' }), asItem)).toHaveLength(2)
    expect(prompts(said, said)).toHaveLength(2)
  })

  test('reads a long prompt whole, whatever else stands on its line', () => {
    const message = 'Why does it whistle? '.repeat(40)
    const said = event({ type: 'user_message', message, images: ['x'.repeat(9000)] })
    expect(facts(meta(), said)).toEqual([{ type: 'prompt', text: message }])
  })

  test('leaves out what only repeats another thread, where its times were kept', () => {
    const OTHER = { ...meta({ id: TASTER_ID }), timestamp: '2026-05-01T00:00:00Z' }
    const before = (record: object) => ({ ...record, timestamp: '2026-05-01T00:00:30Z' })
    const said = (message: string) => event({ type: 'user_message', message })
    expect(facts(meta(), OTHER, before(said('theirs')), before(said('theirs too')), said('mine'))).toEqual([
      { type: 'prompt', text: 'mine' },
    ])
  })

  test('leaves out what its metadata says is another thread’s, by number', () => {
    const numbered = (record: object, ordinal: number) => ({ ...record, ordinal })
    const said = (message: string) => event({ type: 'user_message', message })
    const own = meta({
      forked_from_id: TASTER_ID,
      history_base: { thread_id: TASTER_ID, end_ordinal_exclusive: 3 },
    })
    expect(facts(numbered(own, 0), numbered(said('theirs'), 2), numbered(said('mine'), 3))).toEqual([
      { type: 'prompt', text: 'mine' },
    ])
  })

  test('says nothing of a call that was copied, when its output is told again', () => {
    const found = facts(
      meta({ forked_from_id: TASTER_ID }),
      meta({ id: TASTER_ID }),
      { ...call({}), timestamp: T },
      event({ type: 'task_started', turn_id: TURN }),
      output('aborted'),
      event({ type: 'user_message', message: 'mine' }),
    )
    expect(found).toEqual([{ type: 'prompt', text: 'mine' }])
  })

  test('goes on as its own after another’s metadata in the middle', () => {
    const said = (message: string) => event({ type: 'user_message', message })
    const other = { ...meta({ id: TASTER_ID }), timestamp: said('one').timestamp }
    expect(facts(meta(), said('one'), other, said('two'))).toHaveLength(2)
  })

  test('has a first record of its own right after what was copied with its times', () => {
    const said = (message: string, seconds: number) => event({ type: 'user_message', message }, seconds)
    const other = { ...meta({ id: TASTER_ID }), timestamp: '2026-05-14T14:00:00Z' }
    expect(facts(meta(), other, said('theirs', -0.3), said('mine', 0.2))).toEqual([
      { type: 'prompt', text: 'mine' },
    ])
  })

  test('leaves out a copy that begins without the other thread’s metadata', () => {
    const said = (message: string, seconds: number) => event({ type: 'user_message', message }, seconds)
    const own = meta({ forked_from_id: TASTER_ID })
    expect(facts(own, said('theirs', 0.1), said('theirs too', 0.2), said('mine', 3))).toEqual([
      { type: 'prompt', text: 'mine' },
    ])
  })

  test('takes the prompt just before its first turn for its own, and not one that is older than itself', () => {
    const said = (seconds: number) => event({ type: 'user_message', message: 'Pour' }, seconds)
    const turn = event({ type: 'task_started', turn_id: TURN }, 0.2)
    const own = meta({ forked_from_id: TASTER_ID })
    expect(facts(own, said(0.1), turn)).toEqual([{ type: 'prompt', text: 'Pour' }])
    expect(facts(own, said(-60), turn)).toEqual([])
  })

  test('goes by no id of a turn that does not tell when it was made', () => {
    const turn = event({ type: 'task_started', turn_id: 'f19e2700-7168-4b01-971e-a0f001000000' }, 0.1)
    const said = (seconds: number) => event({ type: 'user_message', message: 'Pour' }, seconds)
    const own = meta({ forked_from_id: TASTER_ID })
    expect(facts(own, turn, said(0.2))).toEqual([])
    expect(facts(own, turn, said(3))).toEqual([{ type: 'prompt', text: 'Pour' }])
  })

  test('goes by the thread that a record names', () => {
    const used = (id: string) => ({ ...event({ thread_id: id }, 0.1), type: 'token_usage_record' })
    const said = event({ type: 'user_message', message: 'Pour' }, 0.2)
    const own = meta({ forked_from_id: TASTER_ID })
    expect(facts(own, used(TASTER_ID), said)).toEqual([])
    expect(facts(own, used(KETTLE_ID), said)).toEqual([{ type: 'prompt', text: 'Pour' }])
  })

  test('does not count the totals that it was given with a copy', () => {
    const all = usage(10, 0, 0, 2)
    const turn = event({ type: 'task_started', turn_id: TURN }, 0.2)
    const own = meta({ forked_from_id: TASTER_ID })
    expect(facts(own, tokens(all, all, 0.1), turn, tokens(all, all, 0.3))).toEqual([])
  })

  test('belongs to the session at the root, where a subagent calls another', () => {
    const spawn = { thread_spawn: { parent_thread_id: TURN, agent_role: 'tea-taster' } }
    const sessionOf = (more: object) => {
      const reader = open()
      reader.read(line(meta({ id: TASTER_ID, source: { subagent: spawn }, ...more })), 0)
      return reader.sessionId
    }
    expect(sessionOf({ session_id: KETTLE_ID, parent_thread_id: TURN })).toBe(KETTLE_ID)
    expect(sessionOf({ session_id: TASTER_ID })).toBe(TURN)
    expect(sessionOf({})).toBe(TURN)
  })

  test('takes Codex’s own helpers for no subagents, and what they are told for no prompts', () => {
    const helped = event({ type: 'user_message', message: 'Check this' })
    for (const subagent of ['review', 'compact', { other: 'guardian' }]) {
      expect(facts(meta({ source: { subagent } }), helped, event({ type: 'task_complete' }))).toEqual([])
    }
  })

  test('tells the owner the branch, the work tree and the title', () => {
    const reader = open()
    for (const record of [
      meta({ cwd: '/home/ada/.codex/worktrees/5e0c/teahouse', git: { branch: 'oolong' } }),
      event({ type: 'thread_name_updated', thread_name: 'The D kettle' }),
    ]) {
      reader.read(line(record), 0)
    }
    expect(reader.local).toEqual({ branch: 'oolong', worktree: '5e0c', title: 'The D kettle' })
    expect(reader.sessionId).toBe(KETTLE_ID)
  })

  test('keeps the directory in which the session began for its project', () => {
    const reader = open()
    reader.read(line(meta()), 0)
    reader.read(line({ timestamp: T, type: 'turn_context', payload: { cwd: '/elsewhere' } }), 500)
    const [draft] = reader.read(line(event({ type: 'user_message', message: 'x' })), 900)
    expect(draft?.cwd).toBe('/home/ada/teahouse')
  })
})
