import { execFileSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { VibeTeaError } from '../../../core/errors.ts'
import { Rule } from '../../../core/rule.ts'
import { ADAPTERS, sessionDirectories } from '../../../node/sources/adapters.ts'
import type { BatchOptions } from '../../../node/sources/batch.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import { MAX_LINE_BYTES } from '../../../node/sources/lines.ts'
import { SortedEvents } from '../../../node/sources/sorted-events.ts'
import { promptAt } from '../../support/events.ts'
import { collected, testRule } from './adapter-acceptance.ts'

const SAMPLES = fileURLToPath(new URL('fixtures/claude/projects', import.meta.url))
const SESSION = '3b241101-e2bb-4255-8caf-4136c566a962'
const T0 = Date.parse('2026-03-14T15:00:00.000Z')
const project = { name: 'teahouse' }

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vibetea-batch-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function read(paths: string[], more: Partial<BatchOptions> = {}): Promise<Event[]> {
  const projects = { peek: () => project, resolve: () => Promise.resolve(project) }
  const now = T0 + 86_400_000
  return collected(readBatch(paths, { adapters: ADAPTERS, projects, rule: testRule(), now, ...more }))
}

const at = (seconds: number) => new Date(T0 + seconds * 1000).toISOString()
const prompt = (seconds: number, more: object = {}) =>
  JSON.stringify({
    type: 'user',
    sessionId: SESSION,
    cwd: '/x',
    timestamp: at(seconds),
    message: { role: 'user', content: `cup ${seconds}` },
    ...more,
  })
const response = (seconds: number, output: number) =>
  JSON.stringify({
    type: 'assistant',
    sessionId: SESSION,
    timestamp: at(seconds),
    message: {
      role: 'assistant',
      id: 'msg_01ABCDEFGHIJKLMNOPQRST0',
      model: 'claude-opus-4-6',
      content: [],
      usage: { output_tokens: output },
    },
  })

async function file(name: string, ...lines: (string | Buffer)[]): Promise<string> {
  const path = join(folder, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')])))
  return path
}

const kinds = (events: readonly Event[]) =>
  events.map(({ payload }) =>
    'kind' in payload
      ? payload.kind
      : 'action' in payload
        ? payload.action
        : 'summary' in payload
          ? 'summary'
          : '',
  )

describe('reading session files in one go', () => {
  test('gives every event once, by time and then by id', async () => {
    const events = await read([SAMPLES, SAMPLES])
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
    const keys = events.map(({ timestamp, id }) => timestamp + id)
    expect(keys).toEqual([...keys].sort())
    expect(events).toEqual(await read([SAMPLES]))
  })

  test('gives a session’s start, its pauses and its end', async () => {
    const path = await file('a.jsonl', prompt(0), prompt(60), prompt(7200))
    expect(kinds(await read([path]))).toEqual(
      expect.arrayContaining(['started', 'ended', 'summary', 'resumed', 'prompt']),
    )
    expect(kinds(await read([path], { now: T0 + 7300_000 })).filter((kind) => kind === 'ended')).toHaveLength(
      1,
    )
    expect(kinds(await read([path])).filter((kind) => kind === 'ended')).toHaveLength(2)
  })

  test('keeps the heaviest of a response that stands in several files', async () => {
    await file('a.jsonl', prompt(0), response(1, 500))
    await file('b.jsonl', prompt(0), response(1, 3))
    await file('c.jsonl', prompt(0), response(1, 700))
    const responses = (await read([folder])).filter(
      ({ payload }) => 'kind' in payload && payload.kind === 'response',
    )
    expect(responses).toMatchObject([{ payload: { tokens: { output: 700 } } }])
    const summary = (await read([folder])).find(({ eventType }) => eventType === 'summary')
    expect(summary).toMatchObject({ payload: { totals: { prompts: 1, tokens: { output: 700 } } } })
  })

  test('gives nothing of excluded projects', async () => {
    const rule = new Rule({
      source: 'teapot-ybndrf',
      idKey: new Uint8Array(32),
      rules: { allowedExtensions: null, shares: () => 'excluded', fileTag: () => '' },
    })
    expect(await read([SAMPLES], { rule })).toEqual([])
  })

  test('recognises a file by what it holds, wherever it lies', async () => {
    expect(await read([await file('notes.txt', prompt(0))])).not.toEqual([])
    expect(await read([await file('tea.jsonl', '{"type":"tea"}', '')])).toEqual([])
    expect(await read([await file('empty.jsonl')])).toEqual([])
    expect(await read([await file('binary', Buffer.alloc(100_000, 7))])).toEqual([])
    expect(await read([await file('late.jsonl', ...Array<string>(40).fill('{}'), prompt(0))])).not.toEqual([])
  })

  test('reads folders in folders, and each once where links lead in a circle', async () => {
    await cp(SAMPLES, join(folder, 'deep/er'), { recursive: true })
    const direct = await read([join(folder, 'deep/er')])
    await symlink(folder, join(folder, 'deep/circle'))
    await symlink(join(folder, 'nowhere'), join(folder, 'dangling'))
    expect(direct).not.toEqual([])
    expect(await read([folder])).toEqual(direct)
  })

  test('reads the last line without its end, and skips one that is too long', async () => {
    const path = await file('a.jsonl', prompt(0), prompt(1, { x: 'y'.repeat(MAX_LINE_BYTES) }), prompt(2))
    await writeFile(path, prompt(3), { flag: 'a' })
    const prompts = (await read([path])).filter(({ payload }) => 'kind' in payload)
    expect(prompts.map(({ timestamp }) => timestamp)).toEqual([at(0), at(2), at(3)])
  })

  test('names what it cannot read, and goes on where someone listens', async () => {
    const missing = join(folder, 'nowhere.jsonl')
    const failure = read([missing])
    await expect(failure).rejects.toThrow(VibeTeaError)
    await expect(failure).rejects.toThrow(`${missing} cannot be read: no such file or directory.`)
    const problems: string[][] = []
    const onProblem = (...problem: string[]) => problems.push(problem)
    expect(await read([missing, await file('a.jsonl', prompt(0))], { onProblem })).not.toEqual([])
    expect(problems).toEqual([[missing, 'no such file or directory']])
  })

  // Windows has no pipes among its files.
  if (process.platform !== 'win32') {
    test('does not wait at a pipe', async () => {
      const pipe = join(folder, 'pipe')
      execFileSync('mkfifo', [pipe])
      await expect(read([pipe])).rejects.toThrow('it is neither a file nor a folder')
      expect(await read([folder])).toEqual([])
    })
  }
})

test('the folders of all assistants are those that are there, and what was named and is not', async () => {
  const environment = { env: {}, homeDirectory: folder }
  expect(sessionDirectories({}, environment)).toEqual([])
  const nowhere = join(folder, 'nowhere')
  const named = () => sessionDirectories({ codex: [nowhere] }, environment).map(({ directory }) => directory)
  expect(named()).toEqual([nowhere])
  await mkdir(join(nowhere, 'sessions'), { recursive: true })
  // Codex makes the folder of archived sessions when one is archived.
  expect(named()).toEqual([join(nowhere, 'sessions')])
})

test('any number of events comes out in order, also when they were put away', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => {
      const sorted = new SortedEvents()
      const times = Array.from({ length: 70_000 }, (_, i) => T0 + ((i * seed) % 1_000_003))
      for (const [i, time] of times.entries()) sorted.add(promptAt(time, { id: i }))
      const drained = [...sorted.drain()]
      const keys = drained.map(({ timestamp, id }) => timestamp + id)
      expect(drained).toHaveLength(70_000)
      expect(keys).toEqual([...keys].sort())
      expect([...sorted.drain()]).toEqual([])
    }),
    { numRuns: 3 },
  )
})

test('only files that were written to since a time are read, and all of what they hold', async () => {
  const [old, recent] = [join(folder, 'old.jsonl'), join(folder, 'recent.jsonl')]
  await writeFile(old, prompt(1))
  await writeFile(recent, [prompt(2), prompt(3)].join('\n'))
  await utimes(old, T0 / 1000, T0 / 1000)
  await utimes(recent, T0 / 1000 + 60, T0 / 1000 + 60)
  const prompts = (events: Event[]) =>
    events.filter(({ eventType }) => eventType === 'activity').map(({ timestamp }) => timestamp)
  expect(prompts(await read([folder]))).toEqual([at(1), at(2), at(3)])
  expect(prompts(await read([folder], { changedSince: T0 + 30_000 }))).toEqual([at(2), at(3)])
})

test('others have their turns while much is read, and what is read is the same', async () => {
  await writeFile(join(folder, 'long.jsonl'), Array.from({ length: 3000 }, (_, i) => prompt(i)).join('\n'))
  let turns = 0
  const paused = await read([folder], { pause: () => Promise.resolve(turns++) })
  expect(turns).toBeGreaterThanOrEqual(10)
  expect(paused).toEqual(await read([folder]))
})
