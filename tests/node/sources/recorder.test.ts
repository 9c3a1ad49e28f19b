import { beforeEach, describe, expect, test } from 'vitest'
import type { Event, Tokens } from '../../../core/events.ts'
import type { Draft, Fact } from '../../../core/rule.ts'
import { Rule } from '../../../core/rule.ts'
import { Recorder } from '../../../node/sources/recorder.ts'
import { SESSION, SOURCE } from '../../support/events.ts'

const MINUTE = 60_000
const T0 = Date.parse('2026-11-20T09:00:00.000Z')

/** What a log and its index would keep. */
class Memory {
  events: Event[] = []
  async known(ids: readonly string[]): Promise<Map<string, Tokens | null>> {
    const known = new Map<string, Tokens | null>()
    for (const { id, payload } of this.events) {
      if (ids.includes(id))
        known.set(id, 'kind' in payload && payload.kind === 'response' ? payload.tokens : null)
    }
    return known
  }
  async openSessions(): Promise<Map<string, Event[]>> {
    return this.sessionEvents([...new Set(this.events.map(({ payload }) => payload.sessionId))])
  }
  async sessionEvents(ids: readonly string[]): Promise<Map<string, Event[]>> {
    const bySession = new Map<string, Event[]>()
    for (const event of this.events) {
      const { sessionId } = event.payload
      if (ids.includes(sessionId)) bySession.set(sessionId, [...(bySession.get(sessionId) ?? []), event])
    }
    return bySession
  }
}

let memory: Memory
let now: number
let excluded: Set<string>
let tag: string | undefined
/** Directories that are kept out as of the last look, and as they are. */
let seenIgnored: Set<string>
let ignored: Set<string>

function recorder(): Recorder {
  return new Recorder({
    rule: new Rule({
      source: SOURCE,
      idKey: new Uint8Array(32).fill(1),
      rules: {
        allowedExtensions: null,
        shares: ({ name }, _at, { cwd }) =>
          excluded.has(name) || seenIgnored.has(cwd ?? '') ? 'excluded' : 'private',
        fileTag: () => 'yyyyyyyyyyyy',
      },
    }),
    projects: {
      peek: (cwd) => ({
        name: cwd?.split('/').at(-1) ?? 'project',
        ...(tag !== undefined && { tag }),
      }),
      resolve: async () => ({ name: 'home' }),
    },
    ignored: {
      look: async (cwds) => {
        for (const cwd of cwds) {
          if (cwd !== null && ignored.has(cwd)) seenIgnored.add(cwd)
          else if (cwd !== null) seenIgnored.delete(cwd)
        }
      },
      keepsOutFolder: (cwd) => seenIgnored.has(cwd),
    },
    recorded: memory,
    append: async (events) => void memory.events.push(...events),
    settled: () => Promise.resolve(),
    now: () => now,
  })
}

function draft(minute: number, fact: Fact, cwd = '/code/web-app'): Draft {
  return { at: T0 + minute * MINUTE, assistant: 'claude', sessionId: SESSION, cwd, fact }
}

const prompt = (minute: number): Draft => draft(minute, { type: 'prompt', text: 'brew' })
const response = (minute: number, output: number): Draft =>
  draft(minute, {
    type: 'response',
    messageId: 'msg_01ABCDEFGHIJKLMNOPQRSTUV',
    model: 'claude-opus-4-5',
    tokens: { input: 1, output, cacheRead: 0, cacheWrite: 0 },
  })

/** What was recorded, in short: `09:05 prompt`. */
function recorded(): string[] {
  return memory.events.map(({ timestamp, eventType, payload }) => {
    const what = 'action' in payload ? payload.action : 'kind' in payload ? payload.kind : eventType
    return `${timestamp.slice(11, 16)} ${what}`
  })
}

beforeEach(() => {
  memory = new Memory()
  now = T0
  excluded = new Set()
  tag = undefined
  ignored = new Set()
  seenIgnored = new Set()
})

describe('A recorder', () => {
  test('says live when a session starts, falls silent and goes on', async () => {
    const node = recorder()
    await node.start()
    await node.goLive(() => false)
    await node.record([prompt(0), prompt(5)])
    now = T0 + 35 * MINUTE
    await node.tick(() => false)
    await node.record([prompt(50)])
    expect(recorded()).toEqual([
      '09:00 started',
      '09:00 prompt',
      '09:05 prompt',
      '09:05 ended',
      '09:05 summary',
      '09:50 resumed',
      '09:50 prompt',
    ])
  })

  test('says the same of files that were there before, in whatever order they are read', async () => {
    now = T0 + 300 * MINUTE
    const node = recorder()
    await node.start()
    await node.record([prompt(50)])
    await node.record([prompt(5), prompt(0)])
    expect(recorded()).not.toContain('09:00 started')
    await node.goLive(() => false)
    expect(recorded().toSorted()).toEqual([
      '09:00 prompt',
      '09:00 started',
      '09:05 ended',
      '09:05 prompt',
      '09:05 summary',
      '09:50 ended',
      '09:50 prompt',
      '09:50 resumed',
      '09:50 summary',
    ])
  })

  test('records nothing again when everything is read again after a restart', async () => {
    const first = recorder()
    await first.start()
    await first.record([prompt(0), response(1, 10)])
    await first.goLive(() => false)
    now = T0 + 60 * MINUTE
    await first.tick(() => false)
    const before = recorded()
    const second = recorder()
    await second.start()
    await second.record([prompt(0), response(1, 10)])
    await second.goLive(() => false)
    await second.tick(() => false)
    expect(recorded()).toEqual(before)
  })

  test('records a response again only when its tokens have grown', async () => {
    const node = recorder()
    await node.start()
    await node.goLive(() => false)
    await node.record([response(0, 10)])
    await node.record([response(0, 10), response(0, 8)])
    await node.record([response(0, 30)])
    now = T0 + 60 * MINUTE
    await node.tick(() => false)
    expect(recorded()).toEqual([
      '09:00 started',
      '09:00 response',
      '09:00 response',
      '09:00 ended',
      '09:00 summary',
    ])
    expect(memory.events.at(-1)).toMatchObject({ payload: { totals: { tokens: { input: 1, output: 30 } } } })
  })

  test('keeps a session open that waits for an answer, until its process is gone', async () => {
    const node = recorder()
    await node.start()
    await node.goLive(() => true)
    await node.record([draft(0, { type: 'waiting', reason: 'question' })])
    now = T0 + 90 * MINUTE
    await node.tick(() => true)
    expect(recorded()).toEqual(['09:00 started', '09:00 waiting'])
    await node.tick(() => undefined)
    expect(recorded()).toEqual(['09:00 started', '09:00 waiting'])
    await node.tick(() => false)
    expect(recorded()).toEqual(['09:00 started', '09:00 waiting', '09:00 ended', '09:00 summary'])
  })

  test('takes a wait back as soon as the process that asked is gone', async () => {
    const node = recorder()
    await node.start()
    await node.goLive(() => true)
    await node.record([draft(0, { type: 'waiting', reason: 'question' })])
    now = T0 + MINUTE
    await node.tick(() => false)
    expect(memory.events.at(-1)).toMatchObject({ payload: { kind: 'waiting', reason: 'unknown' } })
    await node.tick(() => false)
    expect(recorded()).toEqual(['09:00 started', '09:00 waiting', '09:00 waiting'])
  })

  test('goes on with the tag that a project has now, also in sessions that began before and after a restart', async () => {
    const tags = () => memory.events.map(({ payload }) => payload.projectTag)
    const first = recorder()
    await first.start()
    await first.goLive(() => true)
    tag = 'yyyyyyyyyyyy'
    await first.record([prompt(0)])
    tag = 'bbbbbbbbbbbb'
    await first.record([prompt(5)])
    await first.record([prompt(50)])
    expect(recorded().slice(3)).toEqual(['09:05 ended', '09:05 summary', '09:50 resumed', '09:50 prompt'])
    expect(tags()).toEqual([
      ...Array<string>(2).fill('yyyyyyyyyyyy'),
      ...Array<string>(5).fill('bbbbbbbbbbbb'),
    ])
    const second = recorder()
    await second.start()
    await second.goLive(() => false)
    now = T0 + 120 * MINUTE
    await second.tick(() => false)
    expect(recorded().slice(7)).toEqual(['09:50 ended', '09:50 summary'])
    expect(tags().slice(7)).toEqual(['bbbbbbbbbbbb', 'bbbbbbbbbbbb'])
  })

  test('records nothing of an excluded project, not even that it had a session', async () => {
    excluded.add('acme-merger')
    const node = recorder()
    await node.start()
    await node.record([draft(0, { type: 'prompt', text: 'x' }, '/code/acme-merger')])
    await node.goLive(() => false)
    now = T0 + 60 * MINUTE
    await node.tick(() => false)
    expect(recorded()).toEqual([])
  })

  test('records nothing of a session that is ignored since: no line, no wait, no end; and its end when it is not', async () => {
    const wait = { ...draft(3, { type: 'waiting', reason: 'permission' }), cwd: null }
    const node = recorder()
    await node.start()
    await node.record([prompt(0)])
    await node.goLive(() => true)
    ignored.add('/code/web-app')
    await node.record([prompt(1)])
    await node.recordOfProcesses([wait])
    await node.recordWait(wait)
    expect(await node.announce({ ...prompt(2), sessionId: SESSION.replace(/./, 'f') })).toBeNull()
    await node.recordEnd({ ...wait, at: T0 + 4 * MINUTE })
    now = T0 + 60 * MINUTE
    await node.tick(() => false)
    const before = ['09:00 started', '09:00 prompt']
    expect(recorded().toSorted()).toEqual(before.toSorted())

    // A file that was written to of late is read again at the start.
    const second = recorder()
    await second.start()
    await second.record([prompt(0), prompt(1)])
    await second.goLive(() => false)
    await second.recordOfProcesses([wait])
    await second.tick(() => false)
    expect(recorded().toSorted()).toEqual(before.toSorted())

    ignored.clear()
    await second.tick(() => false)
    expect(recorded().toSorted()).toEqual([...before, '09:00 ended', '09:00 summary'].toSorted())
  })

  test('records one id once though two files bring it at the same moment', async () => {
    const node = recorder()
    await node.start()
    await node.goLive(() => false)
    await Promise.all([node.record([prompt(0)]), node.record([prompt(0)])])
    expect(recorded()).toEqual(['09:00 started', '09:00 prompt'])
  })
})
