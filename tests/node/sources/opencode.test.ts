import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import type { Draft } from '../../../core/rule.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import { opencode } from '../../../node/sources/opencode/adapter.ts'
import { draftsOfDocument, kept } from './acceptance/reading.ts'
import { acceptAdapter, collected, testRule } from './adapter-acceptance.ts'
import type { Json, TreeFile } from './opencode-fixture.ts'
import { writeTree } from './opencode-fixture.ts'
import { OPENCODE_STORY, S } from './opencode-story.ts'
import { told } from './told.ts'

const T = '2026-03-14T15:00:00.000Z'
/** A tree with one document of each kind, of the same story. */
const SAMPLES = fileURLToPath(new URL('fixtures/opencode/storage', import.meta.url))
const at = (seconds: number) => Date.parse(T) + seconds * 1000

const files = OPENCODE_STORY
const pathOf = (file: TreeFile) => join(SAMPLES, file.path)

/** The one document that a test is about, by a text in it. */
function fileWith(kind: TreeFile['kind'], text: string): TreeFile {
  const found = files.filter((file) => file.kind === kind && JSON.stringify(file.value).includes(text))
  expect(found, text).toHaveLength(1)
  return found[0]!
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value, null, 2))

function without(value: Json, ...names: string[]): Json {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))
}

/** What a document was each time that OpenCode wrote it: pending and running calls, answers without their tokens. */
function growthOf({ kind, value }: TreeFile): Json[] {
  const state = value.state as Json | undefined
  if (kind === 'part' && state) {
    const { status, input, time } = state as { status: string; input: Json; time?: { start: number } }
    const pending = { ...value, state: { status: 'pending', input: {}, raw: '' } }
    const running = {
      ...value,
      state: { status: 'running', input, metadata: state.metadata, time: { start: time?.start } },
    }
    // Of a call that was stopped the time of its start is lost.
    if (status === 'pending' || status === 'running' || state.error === 'Tool execution aborted')
      return [pending, value]
    return [pending, running, value]
  }
  if (kind === 'part') return [value]
  if (kind === 'session') return [{ ...value, title: 'New session - 2026-03-14T15:00:00.000Z' }, value]
  if (value.role === 'user') {
    return [without(value, 'summary'), value]
  }
  const begun = without(value, 'finish', 'error')
  const { created } = value.time as Json
  const tokens = { input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } }
  return [{ ...begun, tokens, time: { created } }, { ...begun, time: { created } }, value]
}

/** The documents of which one is a sample, with a secret in each. */
function history(file: TreeFile) {
  return { path: pathOf(file), snapshots: growthOf(file).map((each) => json({ ...each, note: 'SECRET' })) }
}

acceptAdapter({
  adapter: opencode,
  documents: [
    files.find(({ value }) => value.finish === 'tool-calls' && JSON.stringify(value).includes('5400'))!,
    fileWith('message', '"statusCode":429'),
    files.find(({ value }) => value.role === 'user' && value.sessionID === S.tea)!,
    fileWith('part', '"subagent_type"'),
    fileWith('part', 'oldString not found'),
    fileWith('part', '"type":"compaction"'),
    fileWith('part', '"type":"retry"'),
    fileWith('part', 'SECRET.md'),
  ].map(history),
  foreign: [
    { id: 's', type: 'message', role: 'user', sessionId: 's', time: { created: at(1) } },
    { sessionId: 's', projectHash: 'p', startTime: T, messages: [] },
    { type: 'text', timestamp: at(1), sessionID: S.tea, part: { id: 'p', messageID: 'm', type: 'text' } },
    { type: 'session', version: 3, id: 's', timestamp: T, cwd: '/tmp' },
    { type: 'user.message', id: 'e1', data: { messageID: 'm' } },
    { id: 'x', time: { created: at(1) }, directory: '/tmp' },
    [{ id: 'm', sessionID: 's', role: 'user', time: { created: at(1) } }],
  ].map(json),
})

const dirs: string[] = []
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true })
})

async function newTree(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'vibetea-opencode-'))
  dirs.push(dir)
  return join(dir, 'opencode', 'storage')
}

async function storyTree(): Promise<string> {
  const root = await newTree()
  await writeTree(root, files)
  return root
}

async function write(root: string, path: string, bytes: Buffer | string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), bytes)
}

function draftsAt(root: string, path: string): Draft[] {
  return draftsOfDocument(opencode, { path: join(root, path), bytes: readFileSync(join(root, path)) })
}

const projects = {
  peek: (cwd: string | null) => ({ name: cwd?.split('/').at(-1) ?? 'project' }),
  resolve: () => Promise.reject(new Error('not needed')),
}

async function eventsOf(...paths: string[]): Promise<Event[]> {
  const options = {
    adapters: [opencode],
    projects,
    rule: testRule(),
    now: Date.parse('2026-04-01T00:00:00Z'),
  }
  return collected(readBatch(paths, options))
}

const ofSession = (events: readonly Event[], session: string) =>
  told(
    events.filter(({ payload }) => payload.sessionId === testRule().sessionId('opencode', session)),
    T,
  )

describe('an OpenCode session', () => {
  test('is told as what happened in it, once each, with its subagent', async () => {
    const events = await eventsOf(await storyTree())
    expect(ofSession(events, S.tea)).toEqual(
      [
        '1 started',
        '1 prompt',
        '1.2 claude-sonnet-4-5 120 48 5000 300',
        '4 read started kettle.ts',
        '4.25 read completed kettle.ts 250',
        '5 bash started',
        '8 bash completed 3000',
        '9.1 claude-sonnet-4-5 60 25 5400 0',
        '10 task started',
        '10 agent started explore',
        '10.4 claude-sonnet-4-5 300 50 0 700',
        '12 grep started',
        '12.4 grep completed 400',
        '30 task completed 20000',
        '30 agent finished explore',
        '31 edit started lid.ts',
        '31.5 edit failed lid.ts 500',
        '32 write started whistle.ts',
        '39 write unknown whistle.ts',
        '40.1 gpt-5.1-codex 10 30 6000 0',
        '45 waiting turn',
        '60 compaction',
        '60.2 claude-sonnet-4-5 6100 400 0 0',
        '100 prompt',
        '100.5 error overloaded',
        '101 error rate-limit',
        '101 waiting turn',
        '200 prompt',
        '200.2 claude-sonnet-4-5 70 5 200 0',
        '210 webfetch started',
        '210 webfetch unknown',
        '210 waiting turn',
        '220 prompt',
        '225 question started',
        '225 waiting question',
        '225 ended',
        '225 summary',
      ].sort(),
    )
    const summary = events.find(
      ({ eventType, payload }) => eventType === 'summary' && payload.project === 'teahouse',
    )
    expect(summary?.payload).toMatchObject({
      totals: {
        prompts: 4,
        tools: 8,
        failures: 1,
        errors: 2,
        tokens: { input: 6660, output: 558, cacheRead: 16600, cacheWrite: 1000 },
      },
    })
  })

  test('that was forked counts what it repeats for the one in which it happened', async () => {
    expect(ofSession(await eventsOf(await storyTree()), S.fork)).toEqual(
      [
        '401 started',
        '401 prompt',
        '401.2 claude-sonnet-4-5 33 7 5200 0',
        '403 write started gong.ts',
        '404 write completed gong.ts 1000',
        '405 waiting turn',
        '410.2 bash started',
        '412 bash completed 1800',
        '412 ended',
        '412 summary',
      ].sort(),
    )
  })

  test('shows its title to its owner, and a subagent’s to nobody', () => {
    const local = (file: TreeFile) => {
      const reader = opencode.open({ path: pathOf(file), sessionId: 'the-file' })
      reader.read(json(file.value), 0)
      return [reader.sessionId, reader.local]
    }
    expect(local(fileWith('session', '"Kettle that whistles SECRET"'))).toEqual([
      S.tea,
      { title: 'Kettle that whistles SECRET' },
    ])
    expect(local(fileWith('session', '@explore'))).toEqual([S.tea, {}])
  })

  test('without a title yet shows none', async () => {
    const root = await newTree()
    await write(
      root,
      'session/p/ses_a.json',
      json({ id: 'ses_a', title: `New session - ${T}`, directory: '/x' }),
    )
    const path = join(root, 'session/p/ses_a.json')
    const reader = opencode.open({ path, sessionId: 'the-file' })
    reader.read(readFileSync(path), 0)
    expect(reader.local).toEqual({})
  })
})

describe('the JSON tree', () => {
  test('gives the same in whatever order its files are written, rewritten and read', async () => {
    const story = await storyTree()
    const whole = kept(files.flatMap(({ path }) => draftsAt(story, path)))
    const growing = files.filter(({ kind }) => kind !== 'session')
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat(2 ** 20)), async (dice) => {
        const root = await newTree()
        const roll = (sides: number) => (dice.next().value as number) % sides
        const pick = <V>(list: readonly V[]) => list[roll(list.length)]!
        const [unread, drafts] = [new Set<string>(), [] as Draft[]]
        const readOne = () => {
          const path = pick([...unread])
          unread.delete(path)
          drafts.push(...draftsAt(root, path))
        }
        // OpenCode makes a session before it writes anything in it.
        for (const { path, value } of files.filter(({ kind }) => kind === 'session')) {
          await write(root, path, json(value))
          unread.add(path)
        }
        const todo = growing.map((file) => ({ path: file.path, snapshots: growthOf(file).map(json) }))
        while (todo.length > 0) {
          const next = pick(todo)
          const bytes = next.snapshots.shift()!
          if (next.snapshots.length === 0) todo.splice(todo.indexOf(next), 1)
          if (roll(4) === 0) {
            // A file that is written in place is read when half of it stands there.
            await write(root, next.path, bytes.subarray(0, roll(bytes.length)))
            drafts.push(...draftsAt(root, next.path))
          }
          await write(root, next.path, bytes)
          unread.add(next.path)
          while (unread.size > 0 && roll(2) === 0) readOne()
        }
        while (unread.size > 0) readOne()
        expect(kept(drafts)).toEqual(whole)
      }),
      { numRuns: 12 },
    )
  })

  test('of an early version, with parts side by side and few fields, is read as far as it goes', async () => {
    const root = await newTree()
    const time = { created: at(1) }
    await write(root, 'session/p/ses_early.json', json({ id: 'early', directory: '/home/ada/urn', time }))
    await write(
      root,
      'message/early/msg_1.json',
      json({ id: 'm-user', sessionID: 'early', role: 'user', time }),
    )
    await write(root, 'part/m-user/001.json', json({ id: 'p1', type: 'text', text: 'Heat it' }))
    const tool = {
      id: 'prt_1',
      sessionID: 'early',
      messageID: 'm-bot',
      type: 'tool',
      callID: 'call_1',
      tool: 'bash',
    }
    const state = { status: 'success', time: { start: at(2), end: at(3) } }
    await write(root, 'part/prt_1.json', json({ ...tool, state }))
    await write(
      root,
      'part/prt_2.json',
      json({ id: 'prt_2', messageID: 'm-bot', type: 'tool', callID: 'call_2', state }),
    )
    expect(ofSession(await eventsOf(root), 'early')).toEqual(
      ['1 prompt', '1 started', '2 bash started', '3 bash unknown', '3 ended', '3 summary'].sort(),
    )
  })

  test('is not led out of itself by the ids in its files', async () => {
    const root = await newTree()
    await write(
      root,
      '../outside.json',
      json({ id: 'm', sessionID: 's', role: 'user', time: { created: at(1) } }),
    )
    const part = { id: 'p', sessionID: '..', messageID: '../outside', type: 'text', text: 'x' }
    await write(root, 'part/m/p.json', json(part))
    expect(draftsAt(root, 'part/m/p.json')).toEqual([])
  })

  test('keeps calls apart that a proxy counts from 1 in each message', async () => {
    const root = await newTree()
    const state = { status: 'running', input: {}, time: { start: at(2) } }
    const call = { sessionID: 'ses_a', type: 'tool', callID: 'call_1', tool: 'read', state }
    for (const [messageID, id] of [
      ['m1', '001'],
      ['m2', '001'],
      ['m2', '002'],
    ] as const)
      await write(root, `part/${messageID}/${id}.json`, json({ ...call, id, messageID }))
    expect((await eventsOf(root)).filter(({ eventType }) => eventType === 'tool')).toHaveLength(3)
  })
})

describe('where OpenCode keeps its sessions', () => {
  const environment = { env: {}, homeDirectory: join('/home', 'ada') }

  test('is the data directory of the XDG rules, or what is named', () => {
    const found = (env: Record<string, string>) => opencode.defaultDirectories({ ...environment, env })
    expect(found({})).toEqual([join('/home', 'ada', '.local', 'share', 'opencode')])
    expect(found({ XDG_DATA_HOME: '/data' })).toEqual([join('/data', 'opencode')])
    expect(found({ OPENCODE_DATA_DIR: '/a,/b', XDG_DATA_HOME: '/data' })).toEqual(['/a', '/b'])
  })

  test('is looked for sessions and nothing else', () => {
    const forms = ['opencode.db', 'opencode-dev.db', 'session/p/ses_a.json', 'message/ses_a/msg_a.json']
    const found = [...forms, 'part/msg_a/prt_a.json', 'part/prt_a.json'].map((each) => opencode.formOf(each))
    expect(found).toEqual(['database', 'database', 'document', 'document', 'document', 'document'])
    const others = ['auth.json', 'opencode.db-wal', 'other.db', 'log/opencode.db', 'session_diff/ses_a.json']
    const none = [...others, 'todo/a.json', 'snapshot/a/b.json', 'session/p/x/y.json', 'message/a/b.json.tmp']
    expect(none.map((each) => opencode.formOf(each))).toEqual(none.map(() => null))
    const folders = [
      'session',
      'session/p',
      'message/ses_a',
      'part/msg_a',
      'log',
      'snapshot',
      'bin',
      'storage',
      'todo',
    ]
    expect(folders.filter((each) => opencode.enters!(each))).toEqual(folders.slice(0, 4))
  })

  test('is one folder where a database is, and a tree besides where there is none', async () => {
    const root = await newTree()
    const data = dirname(root)
    expect(opencode.watched(data)).toEqual([data, root])
    expect(opencode.watched(root)).toEqual([data, root])
    await write(root, '../opencode.db', '')
    expect(opencode.watched(data)).toEqual([data])
  })

  test('is nothing where a file has the place of its directory', async () => {
    const root = await newTree()
    await write(root, '../teapot', '')
    const file = join(dirname(root), 'teapot')
    expect(opencode.watched(file)).toEqual([file, join(file, 'storage')])
  })
})
