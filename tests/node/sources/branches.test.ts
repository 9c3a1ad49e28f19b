import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import { claude } from '../../../node/sources/claude/adapter.ts'
import { pi } from '../../../node/sources/pi/adapter.ts'
import type { Adapter } from '../../../node/sources/port.ts'
import { qwen } from '../../../node/sources/qwen/adapter.ts'
import { collected, testRule } from './adapter-acceptance.ts'

type Json = Record<string, unknown>

const BEGAN = Date.parse('2026-03-14T15:00:00.000Z')
const time = (seconds: number) => new Date(BEGAN + seconds * 1000).toISOString()
/** Three sessions, each a branch of the one before. */
const IDS = [1, 2, 3].map((n) => `9a0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e0${n}`)
/** When each began, in seconds; its prompt follows after one and is answered after two. */
const BEGINNINGS = [0, 100, 200]

interface Assistant {
  adapter: Adapter
  /** The file of the session of a number, below a directory. */
  path: (n: number) => string
  /** All lines of that file: what it repeats, and its own. */
  lines: (n: number) => Json[]
}

const PI_NAMES = IDS.map((id, n) => `${time(BEGINNINGS[n]!).replace(/[:.]/g, '-')}_${id}.jsonl`)
const piOwn = (n: number): Json[] => {
  const [asked, said] = [BEGINNINGS[n]! + 1, BEGINNINGS[n]! + 2]
  const usage = { input: 10 + n, output: 1, cacheRead: 0, cacheWrite: 0 }
  const user = { role: 'user', content: 'tea', timestamp: BEGAN + asked * 1000 }
  const answer = { role: 'assistant', content: [], model: 'oolong', usage, stopReason: 'stop' }
  return [
    { type: 'message', id: `a${n}`, timestamp: time(asked), message: user },
    { type: 'message', id: `b${n}`, timestamp: time(said), message: answer },
  ]
}

/** Of the form that Claude Code and Qwen Code share. `uuid` is that of the record in the session of the number `at`. */
function branched(records: (n: number) => Json[], uuid: (own: string, at: number) => string) {
  return (n: number): Json[] =>
    Array.from({ length: n + 1 }, (_, first) =>
      records(first).map((record) => {
        const own = record.uuid as string
        const forkedFrom = { sessionId: IDS[n - 1], messageUuid: uuid(own, n - 1) }
        const copy = { ...record, uuid: uuid(own, n), sessionId: IDS[n] }
        return first === n ? copy : { ...copy, forkedFrom }
      }),
    ).flat()
}

const envelope = (n: number, what: string, seconds: number) => ({
  uuid: `${what}-${n}`,
  cwd: '/home/ada/teahouse',
  timestamp: time(BEGINNINGS[n]! + seconds),
})

const ASSISTANTS: Readonly<Record<string, Assistant>> = {
  'Claude Code': {
    adapter: claude,
    path: (n) => `projects/-home-ada-teahouse/${IDS[n]}.jsonl`,
    lines: branched(
      (n) => [
        { ...envelope(n, 'ask', 1), type: 'user', message: { role: 'user', content: 'tea' } },
        {
          ...envelope(n, 'say', 2),
          type: 'assistant',
          message: {
            id: `msg_0123456789abcdef${n}`,
            role: 'assistant',
            model: 'oolong',
            content: [{ type: 'text', text: 'tea' }],
            stop_reason: 'end_turn',
            usage: { input_tokens: 10, output_tokens: 1 },
          },
        },
        { ...envelope(n, 'compact', 3), type: 'system', subtype: 'compact_boundary' },
      ],
      (own, at) => `${own}-in-${at}`,
    ),
  },
  'Qwen Code': {
    adapter: qwen,
    path: (n) => `projects/-home-ada-teahouse/chats/${n === 0 ? 'archive/' : ''}${IDS[n]}.jsonl`,
    lines: branched(
      (n) => [
        { ...envelope(n, 'ask', 1), type: 'user', message: { role: 'user', parts: [{ text: 'tea' }] } },
        {
          ...envelope(n, `0123456789abcdef-say`, 2),
          type: 'assistant',
          model: 'oolong',
          message: { role: 'model', parts: [{ text: 'tea' }] },
          usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 1 },
        },
        { ...envelope(n, 'compact', 3), type: 'system', subtype: 'chat_compression', systemPayload: {} },
      ],
      (own) => own,
    ),
  },
  pi: {
    adapter: pi,
    path: (n) => `sessions/--home-ada-${n === 1 ? 'kitchen' : 'teahouse'}--/${PI_NAMES[n]}`,
    lines: (n) => [
      {
        type: 'session',
        version: 3,
        id: IDS[n],
        timestamp: time(BEGINNINGS[n]!),
        cwd: '/home/ada/teahouse',
        ...(n > 0 && { parentSession: `/elsewhere/${ASSISTANTS.pi!.path(n - 1)}` }),
      },
      ...Array.from({ length: n + 1 }, (_, first) => piOwn(first)).flat(),
    ],
  },
}

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vibetea-branches-'))
})

afterEach(async () => {
  await rm(dir, { recursive: true, force: true })
})

async function write({ path, lines }: Assistant, n: number): Promise<string> {
  const file = join(dir, path(n))
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${lines(n).map((line) => JSON.stringify(line)).join('\n')}\n`) // prettier-ignore
  return file
}

async function eventsOf({ adapter }: Assistant, paths: readonly string[]): Promise<Event[]> {
  const resolve = () => Promise.reject(new Error('not needed'))
  const projects = { peek: () => ({ name: 'teahouse' }), resolve }
  const options = { adapters: [adapter], projects, rule: testRule(), now: BEGAN + 86_400_000 }
  return collected(readBatch(paths, options))
}

/** The number of things of a kind in each of the three sessions. */
function counts(events: readonly Event[], kind: string): number[] {
  const of = events.filter(({ payload }) => 'kind' in payload && payload.kind === kind)
  return IDS.map((id) => of.filter(({ payload }) => payload.sessionId === id).length)
}

describe.each(Object.entries(ASSISTANTS))('a branch of a branch of %s', (_, assistant) => {
  test('counts what it repeats where it happened, once', async () => {
    for (const n of IDS.keys()) await write(assistant, n)
    const events = await eventsOf(assistant, [dir])
    expect(counts(events, 'prompt')).toEqual([1, 1, 1])
    expect(counts(events, 'response')).toEqual([1, 1, 1])
    expect(counts(events, 'compaction')).toEqual(assistant.adapter === pi ? [0, 0, 0] : [1, 1, 1])
  })

  test('read alone, or first, tells the same of it', async () => {
    const files: string[] = []
    for (const n of IDS.keys()) files.push(await write(assistant, n))
    const ids = (events: readonly Event[]) => new Set(events.map(({ id }) => id))
    const alone = await eventsOf(assistant, files.slice(-1))
    expect(ids(alone)).toEqual(ids(await eventsOf(assistant, files)))
  })

  test('whose other files are gone is told all the same', async () => {
    const file = await write(assistant, 2)
    expect(counts(await eventsOf(assistant, [file]), 'response').reduce((a, b) => a + b)).toBe(3)
  })
})
