import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { EventRow } from '../../../core/api.ts'
import { Indexer } from '../../../node/index/indexer.ts'
import { openIndex as openFile } from '../../../node/index/schema.ts'
import { Database } from '../../../node/sqlite.ts'
import {
  MemoryArrivals,
  MemoryLog,
  MINUTE,
  NOW,
  openIndex,
  prompt,
  response,
  temporaryDirectory,
  TestIndex,
} from './support.ts'

/** An index of three events that was closed, and the log that it was built from. */
async function closed(): Promise<{ log: MemoryLog; test: TestIndex; before: EventRow[] }> {
  const log = new MemoryLog()
  log.append(prompt(), prompt())
  log.append(response())
  const test = new TestIndex(join(await temporaryDirectory(), 'index.db'))
  await test.open()
  test.index.follow(log)
  await test.index.caughtUp()
  const before = await rows(test)
  await test.index.close()
  return { log, test, before }
}

async function rows(test: TestIndex): Promise<EventRow[]> {
  return (await test.index.events({ limit: 100, order: 'arrival' })).events
}

async function reopened(test: TestIndex, ...logs: MemoryLog[]): Promise<EventRow[]> {
  await test.open()
  onTestFinished(() => test.index.close())
  for (const log of logs) test.index.follow(log)
  await test.index.caughtUp()
  return rows(test)
}

test('a restart reads nothing twice', async () => {
  const { log, test, before } = await closed()
  log.read = () => Promise.reject(new Error('nothing is left to read'))
  expect(await reopened(test, log)).toEqual(before)
  expect(test.notices).toEqual([])
})

test.each([
  ['is not a database', (path: string) => writeFile(path, 'green, black and white tea\n'.repeat(200))],
  [
    'has a damaged first page',
    async (path: string) => {
      const bytes = await readFile(path)
      await writeFile(path, bytes.fill(0x5a, 100, 4000))
    },
  ],
  [
    'has damaged pages',
    async (path: string) => {
      const bytes = await readFile(path)
      await writeFile(path, bytes.fill(0x5a, 8192))
    },
  ],
  ['is cut off', async (path: string) => writeFile(path, (await readFile(path)).subarray(0, 5000))],
])(/* prettier-ignore */ 'an index that %s is built anew, with a notice', async (_, damage) => {
  const { log, test, before } = await closed()
  await damage(test.path)
  expect(await reopened(test, log)).toEqual(before)
  expect(test.notices).toEqual(['warning: The index was damaged. It is being built anew.'])
})

test('damage that is met later is said with what to do, and the next start builds the index anew', async () => {
  const log = new MemoryLog()
  for (let i = 0; i < 200; i++) log.append(...Array.from({ length: 20 }, () => prompt()))
  const test = new TestIndex(join(await temporaryDirectory(), 'index.db'))
  await test.open()
  test.index.follow(log)
  await test.index.caughtUp()
  const before = await rows(test)
  await test.index.close()
  const db = await Database.open(test.path)
  const root = await db.get<{ rootpage: number }>(`SELECT rootpage FROM sqlite_schema WHERE name = 'events'`)
  await db.close()
  const bytes = await readFile(test.path)
  await writeFile(test.path, bytes.fill(0x5a, (root!.rootpage - 1) * 4096 + 12, root!.rootpage * 4096))
  await test.open()
  await expect(rows(test)).rejects.toMatchObject({
    code: 'index_damaged',
    sentence: expect.stringContaining('start it again') as string,
  })
  await test.index.close()
  expect(await reopened(test, log)).toEqual(before)
  expect(test.notices).toEqual(['warning: The index was damaged. It is being built anew.'])
})

test('an index of a newer version is built anew', async () => {
  const { log, test, before } = await closed()
  const db = await Database.open(test.path)
  await db.exec('PRAGMA user_version = 99')
  await db.close()
  expect(await reopened(test, log)).toEqual(before)
  expect(test.notices).toEqual([
    'warning: The index was made by a newer version of VibeTea. It is being built anew.',
  ])
})

test('an empty file becomes an index', async () => {
  const { log, test, before } = await closed()
  await writeFile(test.path, '')
  expect(await reopened(test, log)).toEqual(before)
  expect(test.notices).toEqual([])
})

test('an index is built anew for another state.db', async () => {
  const { log, test } = await closed()
  Object.assign(test, { arrivals: new MemoryArrivals() })
  expect(await reopened(test, log)).toHaveLength(3)
  expect(test.notices).toEqual(['warning: The index belongs to another state.db. It is being built anew.'])
})

test('an index is built anew for a state.db that has lost its last writes', async () => {
  const { log, test } = await closed()
  test.arrivals.ranges.length = 0
  expect(await reopened(test, log)).toHaveLength(3)
  expect(test.notices.at(-1)).toBe('warning: The index was ahead of state.db. It is being built anew.')
})

test('a directory in the place of the index is said, with what to do', async () => {
  const directory = await temporaryDirectory()
  await expect(new TestIndex(directory).open()).rejects.toMatchObject({ code: 'index_unwritable' })
})

test('a log that lost its end, and goes on with other blocks, is indexed as it is now', async () => {
  const { log, test, before } = await closed()
  log.blocks.pop()
  const other = prompt()
  expect(await reopened(test, log)).toEqual(before.slice(1))
  log.append(other)
  await test.index.caughtUp()
  expect((await rows(test)).map(({ id }) => id)).toEqual([other.id, ...before.slice(1).map(({ id }) => id)])
})

test('on a full disk nothing is lost: indexing says so once, and goes on when there is room', async () => {
  const path = join(await temporaryDirectory(), 'index.db')
  const arrivals = new MemoryArrivals()
  const { writer, reader } = await openFile(path, arrivals.orderId)
  const problems: unknown[] = []
  const added: string[] = []
  const indexer = await Indexer.open({
    db: writer,
    path,
    arrivals,
    now: () => NOW,
    onWritten: (written) => added.push(...written.added.map(({ event }) => event.id)),
    onProblem: (error) => problems.push(error),
  })
  onTestFinished(async () => {
    await indexer.close()
    await reader.close()
    await writer.close()
  })
  const pages = Math.ceil((await stat(path)).size / 4096)
  await writer.exec(`PRAGMA max_page_count = ${pages + 40}`)
  const log = new MemoryLog()
  const events = Array.from({ length: 4000 }, () => prompt())
  for (let i = 0; i < events.length; i += 100) log.append(...events.slice(i, i + 100))
  indexer.follow(log)
  await expect(indexer.caughtUp()).rejects.toMatchObject({ code: 'disk_full' })
  await expect(indexer.caughtUp()).rejects.toMatchObject({ code: 'disk_full' })
  expect(problems).toHaveLength(1)
  await writer.exec('PRAGMA max_page_count = 100000')
  await indexer.caughtUp()
  expect(added).toEqual(events.map(({ id }) => id))
})

test('blocks that are not here yet hold up neither other logs nor themselves when they come', async () => {
  const [here, away] = [new MemoryLog('core-a'), new MemoryLog('core-b', 'studio-h8ybnd')]
  const late = prompt({ source: away.source })
  away.append(late)
  here.append(prompt())
  const read = away.read.bind(away)
  away.read = () => Promise.resolve([])
  const test = await openIndex(away, here)
  expect(await rows(test)).toHaveLength(1)
  away.read = read
  away.append(prompt({ source: away.source }))
  await test.index.caughtUp()
  expect(await rows(test)).toHaveLength(3)
})

test('unreadable events are counted, and what is indexed of a log is told', async () => {
  const log = new MemoryLog()
  log.append(prompt())
  log.invalid.set(0, 2)
  const { index } = await openIndex(log)
  expect(await index.logs()).toEqual([{ core: 'core-a', next: 1, invalid: 2 }])
  expect([index.indexed('core-a'), index.indexed('unknown')]).toEqual([1, 0])
})

test('what retention clears is gone from every answer, but not what stands elsewhere too', async () => {
  const [own, team] = [new MemoryLog('private'), new MemoryLog('team')]
  const [old, shared, kept] = [prompt({ at: -9, project: 'gone' }), prompt({ at: -8 }), prompt({ at: -7 })]
  own.append(old, shared)
  const test = await openIndex(own)
  test.now += MINUTE
  team.append(shared)
  test.index.follow(team)
  own.append(kept)
  await test.index.caughtUp()
  own.floor = 1
  await test.index.prune('private', 1)
  expect((await rows(test)).map(({ id, receivedAt }) => [id, receivedAt]).sort()).toEqual(
    [[kept.id, '2026-11-20T10:01:00.000Z'], [shared.id, '2026-11-20T10:01:00.000Z']].sort(),
  ) // prettier-ignore
  expect((await test.index.events({ limit: 9, order: 'arrival', q: 'gone' })).events).toEqual([])
  expect(
    (await test.index.stats({ by: 'project', days: 1 })).rows.map(({ key, events }) => [key, events]),
  ).toEqual([['vibetea', 2]])
  expect((await test.index.sessions())[0]!.totals.prompts).toBe(2)
})
