import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../core/events.ts'
import { parseEvent } from '../../core/events.ts'
import { derive, lengthPrefixed, z32Prefix } from '../../core/hash.ts'
import { naturalKey } from '../../core/natural-key.ts'
import type { Draft, Fact, Project, Rules } from '../../core/rule.ts'
import { Rule } from '../../core/rule.ts'
import { isSessionId } from '../../core/shapes.ts'
import { fileTagOf, idKeyOf } from '../../core/tags.ts'
import { deviceOf, hex, SEED, SESSION, vectors } from './support.ts'

const given = vectors('events') as {
  deviceSecret: string
  fileKey: string
  source: string
  project: Project & { tag: string; root: string; rootCommit: string }
  cases: { why: string; draft: Draft; naturalKey: string[]; event: Event }[]
}
const idKey = idKeyOf(deviceOf(given.deviceSecret))
const fileKey = hex(given.fileKey)
const { source, project } = given

const open: Rules = {
  allowedExtensions: null,
  shares: () => 'shared',
  fileTag: (rootCommit, path) => fileTagOf(fileKey, rootCommit, path),
}
const ruleWith = (rules: Partial<Rules> = {}, key = idKey) =>
  new Rule({ source, idKey: key, rules: { ...open, ...rules } })
const rule = ruleWith()

const at = Date.parse('2026-11-20T07:42:56.123Z')
const draft = (fact: Fact, fields: Partial<Draft> = {}): Draft => ({
  at,
  assistant: 'claude',
  sessionId: SESSION,
  cwd: project.root,
  fact,
  ...fields,
})
const event = (fact: Fact, fields: Partial<Draft> = {}) => rule.event(draft(fact, fields), project)
const idOf = (fact: Fact, fields: Partial<Draft> = {}) => event(fact, fields)!.id

const CALL = 'toolu_01A2b3C4d5E6f7G8h9J0k1L2'
const MESSAGE = 'msg_01Z9y8X7w6V5u4T3s2R1q0P9'
const OTHER_SESSION = '00000000-0000-4000-8000-000000000001'
const tokens = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }
const call = (callId: string, more: object = {}): Fact => ({
  type: 'tool',
  tool: 'Edit',
  callId,
  status: 'started',
  ...more,
})

describe('the vectors', () => {
  test.each(given.cases)('$why', (vector) => {
    expect(rule.event(vector.draft, project)).toStrictEqual(vector.event)
    expect(parseEvent(vector.event)).toStrictEqual(vector.event)
    const { sessionId } = vector.event.payload
    expect(naturalKey(sessionId, vector.event.timestamp, vector.draft.fact)).toEqual(vector.naturalKey)
    const id = derive(idKey, vector.draft.assistant, vector.naturalKey)
    expect(vector.event.id).toBe(`evt_${z32Prefix(id, 20)}`)
  })
  test('are of all kinds of facts', () => {
    const types = new Set(given.cases.map(({ draft: { fact } }) => fact.type))
    expect(types.size).toBe(9)
  })
})

describe('the same thing has the same id', () => {
  const later = { at: at + 86_400_000 }
  const forked = { sessionId: OTHER_SESSION }

  test('a message or a call that a resumed or forked session replays', () => {
    const response: Fact = { type: 'response', messageId: MESSAGE, model: 'm', tokens }
    for (const fact of [response, call(CALL)] satisfies Fact[]) {
      expect(idOf(fact, { ...forked, ...later })).toBe(idOf(fact))
    }
    expect(event(call(CALL), forked)!.payload).toHaveProperty('callId', callIdOf(CALL))
  })
  test('a response whose tokens have grown', () => {
    const grown = { ...tokens, output: 99 }
    expect(idOf({ type: 'response', messageId: MESSAGE, model: 'm', tokens: grown })).toBe(
      idOf({ type: 'response', messageId: MESSAGE, model: 'm', tokens }),
    )
  })
  test('a session however its UUID is written', () =>
    expect(idOf({ type: 'compaction' }, { sessionId: SESSION.toUpperCase() })).toBe(
      idOf({ type: 'compaction' }),
    ))
})

const callIdOf = (callId: string, fields: Partial<Draft> = {}) =>
  (event(call(callId), fields)!.payload as { callId: string }).callId

describe('another thing has another id', () => {
  test('a call of the same short id in another session, and its callId too', () => {
    expect(idOf(call('call_1'), { sessionId: OTHER_SESSION })).not.toBe(idOf(call('call_1')))
    expect(callIdOf('call_1', { sessionId: OTHER_SESSION })).not.toBe(callIdOf('call_1'))
  })
  test('a prompt of another session, time or text', () => {
    const prompt: Fact = { type: 'prompt', text: 'brew' }
    const ids = [
      idOf(prompt),
      idOf(prompt, { at: at + 1 }),
      idOf(prompt, { sessionId: OTHER_SESSION }),
      idOf({ type: 'prompt', text: 'brew!' }),
    ]
    expect(new Set(ids).size).toBe(4)
  })
  test('the start of a call and its end', () =>
    expect(idOf(call(CALL, { status: 'completed' }))).not.toBe(idOf(call(CALL))))
  test('the same record in another assistant', () =>
    expect(idOf({ type: 'compaction' }, { assistant: 'pi' })).not.toBe(idOf({ type: 'compaction' })))
  test('the same record on another device', () => {
    const other = ruleWith({}, new Uint8Array(32)).event(draft({ type: 'compaction' }), project)
    expect(other!.id).not.toBe(idOf({ type: 'compaction' }))
  })
})

describe('a file', () => {
  const file = (path: string, rules: Partial<Rules> = {}, where: Project = project, fields = {}) => {
    const { context, fileTag } = ruleWith(rules).event(draft(call(CALL, { path }), fields), where)!
      .payload as { context?: string; fileTag?: string }
    return { context, fileTag }
  }
  const nothing = { context: undefined, fileTag: undefined }
  const tagOf = (path: string) => fileTagOf(fileKey, project.rootCommit, path)

  test('is named, and told apart from others of its name', () =>
    expect(file(`${project.root}/src/a.ts`)).toEqual({ context: 'a.ts', fileTag: tagOf('src/a.ts') }))
  test('counts from the directory of the session where its path is relative', () =>
    expect(file('a.ts', {}, project, { cwd: `${project.root}/lib` }).fileTag).toBe(tagOf('lib/a.ts')))
  test('counts from the work tree where no directory is known', () =>
    expect(file('a.ts', {}, project, { cwd: null }).fileTag).toBe(tagOf('a.ts')))
  test('outside the work tree is named and not tagged', () => {
    expect(file('/etc/hosts')).toEqual({ context: 'hosts', fileTag: undefined })
    expect(file(`${project.root}/../x.ts`)).toEqual({ context: 'x.ts', fileTag: undefined })
  })
  test('without a repository is named and not tagged', () =>
    expect(file('/home/anna/x.ts', {}, { name: 'home' })).toEqual({ context: 'x.ts', fileTag: undefined }))
  test('of a hidden extension is neither named nor tagged', () => {
    const allowedExtensions = new Set(['rs'])
    expect(file(`${project.root}/a.ts`, { allowedExtensions })).toEqual(nothing)
    expect(file(`${project.root}/a.RS`, { allowedExtensions }).context).toBe('a.RS')
  })
  test.each(['https://example.com/a.ts', 'a\nb.ts', 'look into a.ts', '/r/dir/', '/r/my notes.md'])(
    'is none: %j',
    (path) => expect(file(path)).toEqual(nothing),
  )
  test.each([
    'Bash',
    'Grep',
    'Glob',
    'WebSearch',
    'WebFetch',
    'exec_command',
    'run_shell_command',
    'mcp__x__grep',
  ])('is never named for %s', (tool) => {
    const { payload } = event(call(CALL, { tool, path: `${project.root}/a.ts` }))!
    expect(payload).not.toHaveProperty('context')
    expect(payload).not.toHaveProperty('fileTag')
  })
})

describe('an event is made to fit', () => {
  test('an excluded project gives none, a private one does', () => {
    expect(ruleWith({ shares: () => 'excluded' }).event(draft({ type: 'compaction' }), project)).toBeNull()
    expect(ruleWith({ shares: () => 'private' }).event(draft({ type: 'compaction' }), project)).not.toBeNull()
  })
  test('whether a project is excluded is asked for the time of the event', () => {
    const shares = (_: Project, when: number) => (when < at ? 'excluded' : 'private')
    expect(ruleWith({ shares }).event(draft({ type: 'compaction' }, { at: at - 1 }), project)).toBeNull()
    expect(ruleWith({ shares }).event(draft({ type: 'compaction' }), project)).not.toBeNull()
  })
  test.each([NaN, Infinity, -Infinity, 8.64e15 + 1, 253402300800000])('the time %s gives none', (when) =>
    expect(event({ type: 'compaction' }, { at: when })).toBeNull(),
  )
  test('names that do not fit are other, and nothing is lost', () => {
    expect(event(call(CALL, { tool: 'rm -rf /' }))!.payload).toHaveProperty('tool', 'other')
    const agent: Fact = { type: 'agent', agentId: 'a1', agentType: 'my secret agent', state: 'started' }
    expect(event(agent)!.payload).toHaveProperty('agentType', 'other')
    const response: Fact = { type: 'response', messageId: MESSAGE, model: '/home/anna/x.gguf', tokens }
    expect(event(response)!.payload).toHaveProperty('model', 'other')
  })
  test('broken counts lose nothing else', () => {
    const broken = { input: -5, output: NaN, cacheRead: 1.6, cacheWrite: Infinity }
    const response: Fact = { type: 'response', messageId: MESSAGE, model: 'm', tokens: broken }
    expect(event(response)!.payload).toHaveProperty('tokens', {
      input: 0,
      output: 0,
      cacheRead: 2,
      cacheWrite: 1e12,
    })
    expect(event(call(CALL, { durationMs: -3 }))!.payload).not.toHaveProperty('durationMs')
    expect(event(call(CALL, { durationMs: NaN }))!.payload).not.toHaveProperty('durationMs')
    expect(event(call(CALL, { durationMs: 12.4 }))!.payload).toHaveProperty('durationMs', 12)
  })
})

test(`every session id is a UUID, the same each time, and its own for each assistant [seed ${SEED}]`, () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (raw) => {
      const id = rule.sessionId('pi', raw)
      expect(isSessionId(id)).toBe(true)
      expect(rule.sessionId('pi', raw)).toBe(id)
      if (!isSessionId(raw.toLowerCase())) expect(rule.sessionId('qwen', raw)).not.toBe(id)
    }),
  )
})

test(`no text of a record stands in its event, whatever the fact [seed ${SEED}]`, () => {
  const secret = fc.string({ minLength: 6, maxLength: 60 }).map((text) => `§${text}§ in /home/secret folder`)
  const fact = (text: string): fc.Arbitrary<Fact> =>
    fc.constantFrom<Fact>(
      { type: 'prompt', text },
      { type: 'response', messageId: text, model: text, tokens },
      { type: 'waiting', reason: 'turn', after: text },
      { type: 'tool', tool: text, callId: text, status: 'started', path: text },
      { type: 'tool', tool: 'Edit', callId: text, status: 'started', path: text },
      { type: 'agent', agentId: text, agentType: text, state: 'started' },
      { type: 'error', category: 'other', messageId: text },
    )
  fc.assert(
    fc.property(
      secret.chain((text) => fc.tuple(fc.constant(text), fact(text))),
      ([text, some]) => {
        const made = rule.event(draft(some, { sessionId: text, cwd: text }), { name: text, root: text })
        expect(made).not.toBeNull()
        const json = JSON.stringify(made)
        for (const part of [text, '§', '/home', 'secret']) {
          // The project's name is what is left of its directory's: that one field may hold the last part.
          expect(json.replace(made!.payload.project, '')).not.toContain(part)
        }
      },
    ),
  )
})

test('the natural key has the form that the protocol gives it', () =>
  expect(lengthPrefixed(['claude', ...naturalKey(SESSION, 'T', { type: 'compaction' })]).length).toBe(
    4 * 4 + 6 + 10 + SESSION.length + 1,
  ))
