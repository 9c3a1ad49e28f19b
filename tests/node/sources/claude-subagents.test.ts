import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../core/rule.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import { claude } from '../../../node/sources/claude/adapter.ts'
import { temporaryDirectory } from '../../support/directory.ts'
import { collected, testRule } from './adapter-acceptance.ts'

const SESSION = '5e0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e55'
const AGENT = 'a1b2c3d4e5f6a7b8c'
const common = { sessionId: SESSION, cwd: '/home/ada/teahouse', timestamp: '2026-03-14T15:00:00.000Z' }

const own = (agentId: string, type: string, message: object) => ({
  ...common,
  isSidechain: true,
  agentId,
  type,
  message: { role: type, ...message },
})
const begins = (agentId = AGENT) => own(agentId, 'user', { content: 'SECRET task' })
const ends = (agentId = AGENT) =>
  own(agentId, 'assistant', { id: 'm9', content: [], stop_reason: 'end_turn', model: 'claude-opus-4-6' })
const calls = (input: object) => ({
  ...common,
  type: 'assistant',
  message: {
    role: 'assistant',
    id: 'm1',
    content: [{ type: 'tool_use', id: 'toolu_1', name: 'Agent', input }],
  },
})
const returns = {
  ...common,
  type: 'user',
  message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1' }] },
  toolUseResult: { agentId: AGENT },
}

/** A session's file and the folder of its subagents, in a directory that is removed in the end. */
class Session {
  readonly file = join(temporaryDirectory(), 'projects', '-home-ada', `${SESSION}.jsonl`)
  readonly folder = join(dirname(this.file), SESSION, 'subagents')

  constructor() {
    mkdirSync(this.folder, { recursive: true })
  }

  agent(ending: 'jsonl' | 'meta.json', agentId = AGENT): string {
    return join(this.folder, `agent-${agentId}.${ending}`)
  }

  note(fields: unknown, agentId = AGENT): void {
    writeFileSync(this.agent('meta.json', agentId), JSON.stringify(fields))
  }
}

/** What is told of subagents, with their kinds. */
function agents(path: string, ...records: object[]): string[] {
  const reader = claude.open({ path, sessionId: SESSION })
  const facts = records.flatMap((record) => reader.read(Buffer.from(JSON.stringify(record)), 0))
  return facts.flatMap(({ fact }) => (fact.type === 'agent' ? kindOf(fact) : []))
}

const kindOf = (fact: Extract<Fact, { type: 'agent' }>) => `${fact.state} ${fact.agentType ?? '?'}`

describe('the kind of a Claude Code subagent', () => {
  test('is known from its own file, which is read first while it works', () => {
    const session = new Session()
    session.note({ agentType: 'tea-taster', description: 'SECRET', toolUseId: 'toolu_1', spawnDepth: 1 })
    expect(agents(session.agent('jsonl'), begins(), ends())).toEqual([
      'started tea-taster',
      'finished tea-taster',
    ])
  })

  test('is the same where the call did not name it', () => {
    const session = new Session()
    session.note({ agentType: 'tea-taster' })
    expect(agents(session.file, calls({}), returns)).toEqual(['started tea-taster', 'finished tea-taster'])
    expect(agents(session.file, calls({ subagent_type: 'scout' }), returns)[0]).toBe('started scout')
  })

  test('is known of one that another subagent called, and of one in a folder below', () => {
    const session = new Session()
    session.note({ agentType: 'tea-taster' })
    const caller = session.agent('jsonl', 'b0b')
    expect(agents(caller, calls({}), returns)[0]).toBe('started tea-taster')
    const below = join(session.folder, 'workflows', 'wf_1')
    mkdirSync(below, { recursive: true })
    writeFileSync(join(below, 'agent-c3d.meta.json'), '{"agentType":"workflow-subagent"}')
    expect(agents(join(below, 'agent-c3d.jsonl'), begins('c3d'))).toEqual(['started workflow-subagent'])
  })

  test('is not waited for where it is written later, and no more than asked for once', () => {
    const session = new Session()
    const reader = claude.open({ path: session.agent('jsonl'), sessionId: SESSION })
    const read = (record: object) =>
      reader.read(Buffer.from(JSON.stringify(record)), 0).map(({ fact }) => fact)
    expect(read(begins())).toEqual([{ type: 'agent', agentId: AGENT, state: 'started' }])
    session.note({ agentType: 'tea-taster' })
    expect(read(ends())).toContainEqual({ type: 'agent', agentId: AGENT, state: 'finished' })
  })

  test.each([
    ['that names none', '{"description":"SECRET"}'],
    ['that is no object', '["tea-taster"]'],
    ['that is half written', '{"agentType":"tea-ta'],
    ['whose kind is no text', '{"agentType":{"name":"tea-taster"}}'],
    ['that is too large', `{"agentType":"tea-taster","description":"${'x'.repeat(64 * 1024)}"}`],
  ])('is not taken from a file %s', (_, text) => {
    const session = new Session()
    writeFileSync(session.agent('meta.json'), text)
    expect(agents(session.agent('jsonl'), begins())).toEqual(['started ?'])
  })

  test('is not looked for under an id that leads elsewhere', () => {
    const session = new Session()
    writeFileSync(join(session.folder, 'x.meta.json'), '{"agentType":"tea-taster"}')
    mkdirSync(join(session.folder, 'agent-'))
    for (const id of ['/../x', '\\..\\x', 'x'.repeat(5000), '\0'])
      expect(agents(session.agent('jsonl'), begins(id))).toEqual(['started ?'])
  })

  // Windows has no pipes among its files.
  if (process.platform !== 'win32') {
    test('holds nothing up where a pipe has the file’s name', () => {
      const session = new Session()
      execFileSync('mkfifo', [session.agent('meta.json')])
      expect(agents(session.agent('jsonl'), begins())).toEqual(['started ?'])
    })
  }

  test('goes through the rule, and nothing else of its file is told', async () => {
    const session = new Session()
    const project = { name: 'teahouse' }
    const options = {
      adapters: [claude],
      projects: { peek: () => project, resolve: () => Promise.resolve(project) },
      rule: testRule(),
      now: Date.parse('2026-04-01T00:00:00Z'),
    }
    writeFileSync(session.agent('jsonl'), [begins(), ends()].map((each) => JSON.stringify(each)).join('\n'))
    for (const [agentType, shown] of [
      ['tea-taster', 'tea-taster'],
      ['the SECRET of ada@example.org', 'other'],
    ]) {
      session.note({ agentType, description: 'SECRET', name: 'SECRET', worktreePath: '/home/ada/SECRET' })
      const events = await collected(readBatch([session.folder], options))
      const kinds = events.flatMap(({ eventType, payload }) =>
        eventType === 'agent' && 'agentType' in payload ? payload.agentType : [],
      )
      expect(kinds).toEqual([shown, shown])
      expect(JSON.stringify(events)).not.toContain('SECRET')
    }
  })
})
