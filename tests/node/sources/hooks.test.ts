import { beforeEach, describe, expect, test } from 'vitest'
import type { HookSays } from '../../../core/api.ts'
import type { Event, Tokens } from '../../../core/events.ts'
import type { Draft, Fact } from '../../../core/rule.ts'
import { Rule } from '../../../core/rule.ts'
import { HookIntake } from '../../../node/sources/hooks.ts'
import type { Liveness } from '../../../node/sources/port.ts'
import type { RecorderOptions } from '../../../node/sources/recorder.ts'
import { Recorder } from '../../../node/sources/recorder.ts'
import { SESSION, SOURCE } from '../../support/events.ts'

const MINUTE = 60_000
const T0 = Date.parse('2026-11-20T09:00:00.000Z')

let now: number
let events: Event[]
let excluded: boolean
/** What the session's file holds and was not read yet. */
let unread: Draft[]
let readNow: () => Promise<void>
let liveness: Liveness
let process: { lives: boolean | undefined; tellsWaits: boolean }
let opened: string[]
let recorder: Recorder
let intake: HookIntake

const inSession = (ids: readonly string[]) => {
  const own = events.filter(({ payload }) => ids.includes(payload.sessionId))
  return new Map<string, Event[]>(own.length > 0 ? [[SESSION, own]] : [])
}

beforeEach(async () => {
  now = T0
  events = []
  excluded = false
  readNow = () => recorder.record(unread.splice(0))
  unread = []
  opened = []
  process = { lives: undefined, tellsWaits: false }
  liveness = {
    watched: [],
    poll: async () => [],
    isAlive: () => process.lives,
    tellsWaits: () => process.tellsWaits,
  }
  recorder = new Recorder(optionsOf())
  await recorder.start()
  await recorder.goLive(() => undefined)
  intake = new HookIntake({
    assistant: 'claude',
    recorder,
    liveness,
    timers: {
      now: () => now,
      after: (ms, call) => {
        now += ms
        queueMicrotask(call)
        return () => undefined
      },
    },
    started: Promise.resolve(),
    readNow: () => readNow(),
    pollProcesses: () => Promise.resolve(),
  })
})

const optionsOf = (): RecorderOptions => ({
  rule: new Rule({
    source: SOURCE,
    idKey: new Uint8Array(32).fill(1),
    rules: {
      allowedExtensions: null,
      shares: () => (excluded ? 'excluded' : 'private'),
      fileTag: () => 'yyyyyyyyyyyy',
    },
  }),
  projects: { peek: () => ({ name: 'web-app' }), resolve: async () => ({ name: 'web-app' }) },
  recorded: {
    known: async (ids) => {
      const known = events.filter(({ id }) => ids.includes(id))
      return new Map<string, Tokens | null>(known.map(({ id }) => [id, null]))
    },
    openSessions: async () => inSession([SESSION]),
    sessionEvents: async (ids) => inSession(ids),
  },
  append: async (more) => void events.push(...more),
  settled: () => Promise.resolve(),
  now: () => now,
})

const draft = (minute: number, fact: Fact): Draft => ({
  at: T0 + minute * MINUTE,
  assistant: 'claude',
  sessionId: SESSION,
  cwd: '/code/web-app',
  fact,
})
const prompt = (minute: number) => draft(minute, { type: 'prompt', text: 'brew' })
const result = (minute: number) =>
  draft(minute, { type: 'tool', tool: 'Bash', callId: 'toolu_01ABCDEFGHJKMNPQRSTVWX', status: 'completed' })

async function hook(minute: number, event: HookSays['event'], sessionId = SESSION): Promise<void> {
  now = T0 + minute * MINUTE
  await intake.take(
    { event, sessionId, cwd: '/code/web-app' },
    {
      opened: ({ id, payload }) => void opened.push(`opened ${payload.project} ${id}`),
      left: (id) => void opened.push(`left ${id}`),
    },
  )
}

/** What was recorded, in short: `09:05 prompt`. */
const recorded = () =>
  events.map(({ timestamp, eventType, payload }) => {
    const kind = 'action' in payload ? payload.action : 'kind' in payload ? payload.kind : eventType
    return `${timestamp.slice(11, 16)} ${'reason' in payload ? `${kind} ${payload.reason}` : kind}`
  })

describe('A session whose end a hook tells', () => {
  test('ends at once, with the events that half an hour of silence would have given', async () => {
    await recorder.record([prompt(0), prompt(5)])
    await hook(6, 'ended')
    expect(recorded()).toEqual([
      '09:00 started',
      '09:00 prompt',
      '09:05 prompt',
      '09:05 ended',
      '09:05 summary',
    ])
    const told = events.slice(-2)
    events = events.slice(0, -2)
    const silent = new Recorder({ ...optionsOf(), now: () => T0 + 40 * MINUTE })
    await silent.start()
    await silent.goLive(() => undefined)
    expect(events.slice(-2)).toEqual(told)
  })

  test('has all that its file holds before it ends', async () => {
    await recorder.record([prompt(0)])
    unread = [prompt(5)]
    await hook(6, 'ended')
    expect(recorded().slice(-3)).toEqual(['09:05 prompt', '09:05 ended', '09:05 summary'])
  })

  test('ends also where its file is found a while later', async () => {
    let asked = 0
    readNow = async () => {
      if (++asked === 3) await recorder.record([prompt(0)])
    }
    await hook(1, 'ended')
    expect(recorded()).toEqual(['09:00 started', '09:00 prompt', '09:00 ended', '09:00 summary'])
  })

  test('is said to be over once, however often the hook and the silence say so', async () => {
    await recorder.record([prompt(0)])
    await hook(1, 'ended')
    await hook(2, 'ended')
    now = T0 + 60 * MINUTE
    await recorder.tick(() => false)
    expect(recorded().filter((line) => line.endsWith('ended'))).toEqual(['09:00 ended'])
  })

  test('is resumed by its next record', async () => {
    await recorder.record([prompt(0)])
    await hook(1, 'ended')
    await recorder.record([prompt(10)])
    expect(recorded().slice(-2)).toEqual(['09:10 resumed', '09:10 prompt'])
  })

  test('is none where it has no record, or its project is excluded', async () => {
    await hook(1, 'ended')
    excluded = true
    await recorder.record([prompt(0)])
    await hook(2, 'ended')
    expect(events).toEqual([])
  })
})

describe('A wait that a hook tells', () => {
  test('is recorded once, and is over with the next record', async () => {
    await recorder.record([prompt(0)])
    await hook(1, 'permission')
    await hook(1, 'permission')
    await hook(2, 'question')
    await recorder.record([result(3)])
    expect(recorded()).toEqual(['09:00 started', '09:00 prompt', '09:01 waiting permission', '09:03 tool'])
    await hook(4, 'question')
    expect(recorded().at(-1)).toBe('09:04 waiting question')
  })

  test('is left to the process where one tells of its waits itself', async () => {
    await recorder.record([prompt(0)])
    process = { lives: true, tellsWaits: true }
    await hook(1, 'permission')
    expect(recorded()).toEqual(['09:00 started', '09:00 prompt'])
  })

  test('is left to the file where the session asks already, and is nothing where no session is', async () => {
    await hook(1, 'permission')
    await hook(1, 'permission', '../../etc/passwd')
    expect(events).toEqual([])
    await recorder.record([
      draft(2, { type: 'waiting', reason: 'question', after: 'toolu_01ABCDEFGHJKMNPQRSTVWX' }),
    ])
    await hook(3, 'permission')
    expect(recorded()).toEqual(['09:02 started', '09:02 waiting question'])
  })

  test('is none in an excluded project', async () => {
    await recorder.record([prompt(0)])
    excluded = true
    await hook(1, 'permission')
    expect(recorded()).toEqual(['09:00 started', '09:00 prompt'])
  })
})

describe('A session that a hook opens', () => {
  test('is known at once, under the id of the `started` that its file gives, and is recorded with its first record', async () => {
    await hook(0, 'started')
    expect(events).toEqual([])
    await recorder.record([prompt(3)])
    expect(opened).toEqual([`opened web-app ${events[0]!.id}`])
    expect(recorded()).toEqual(['09:03 started', '09:03 prompt'])
    await hook(4, 'started')
    expect(opened).toHaveLength(1)
  })

  test('is waited for until its process says so, and is none where no process does', async () => {
    process.lives = false
    await hook(0, 'started')
    expect(opened).toEqual([])
    expect(now).toBeLessThan(T0 + 5000)
  })

  test('is none in an excluded project', async () => {
    excluded = true
    await hook(0, 'started')
    expect(opened).toEqual([])
  })

  test('is left when the hook says so', async () => {
    await hook(0, 'started')
    await hook(1, 'ended')
    expect(opened.at(-1)).toBe(`left ${SESSION}`)
    expect(events).toEqual([])
  })
})
