import { mkdirSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BatchOptions } from '../../../node/sources/batch.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import { claude } from '../../../node/sources/claude/adapter.ts'
import type { SessionFolder } from '../../../node/sources/directories.ts'
import { MAX_DOCUMENT_BYTES } from '../../../node/sources/documents.ts'
import { Database } from '../../../node/sqlite.ts'
import { collected, testRule } from './adapter-acceptance.ts'
import { cups, document, FormsRig, packed } from './forms-rig.ts'

const CLAUDE = fileURLToPath(new URL('fixtures/claude/projects', import.meta.url))

let rig: FormsRig
let problems: string[]
beforeEach(() => {
  rig = new FormsRig()
  problems = []
})
afterEach(() => rig.end())

/** The messages that some files hold, by their numbers, and how many events of others there are. */
async function read(paths: (string | SessionFolder)[], more: Partial<BatchOptions> = {}) {
  const project = { name: 'teahouse' }
  const events = await collected(
    readBatch(paths, {
      adapters: [claude, cups],
      projects: { peek: () => project, resolve: () => Promise.resolve(project) },
      rule: testRule(),
      now: Date.parse('2027-01-01T00:00:00Z'),
      onProblem: (path, message) => void problems.push(`${path.slice(rig.directory.length + 1)}: ${message}`),
      ...more,
    }),
  )
  const ours = events.filter(({ payload }) => payload.assistant === 'gemini' && 'kind' in payload)
  return {
    cups: ours.map(({ timestamp }) => Number(timestamp.slice(17, 19))),
    others: events.filter(({ payload }) => payload.assistant === 'claude').length,
  }
}

async function database(path: string, ...all: number[]): Promise<Database> {
  const made = await Database.open(path)
  await made.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0')
  await made.exec('CREATE TABLE cups (n INTEGER PRIMARY KEY, output INTEGER, changed INTEGER, title TEXT)')
  for (const n of all) await made.run("INSERT INTO cups VALUES (?, NULL, ?, 'Teas')", [n, n])
  return made
}

describe('reading files of every form in one go', () => {
  test('recognises documents and databases by what they hold, among everything else', async () => {
    mkdirSync(rig.path('deep'))
    writeFileSync(rig.path('deep', 'pretty'), `\ufeff\n  ${document([{ n: 1 }, { n: 2, output: 5 }])}`)
    writeFileSync(rig.path('one-line.txt'), JSON.stringify({ cups: [{ n: 3 }] }))
    writeFileSync(rig.path('compressed'), packed([{ n: 4 }, { n: 5 }]))
    writeFileSync(rig.path('package.json'), JSON.stringify({ name: 'tea', version: '1.0.0' }, null, 2))
    writeFileSync(rig.path('foreign.jsonl'), '{"type":"tea"}\n{"type":"tea"}\n')
    writeFileSync(rig.path('half'), document([{ n: 9 }]).slice(0, 20))
    writeFileSync(rig.path('empty.json'), '')
    writeFileSync(rig.path('noise'), Buffer.alloc(100_000, 7))
    const other = await database(rig.path('any.name'), 6, 7)
    try {
      expect(await read([rig.directory, CLAUDE])).toMatchObject({
        cups: [1, 2, 3, 4, 5, 6, 7],
        others: (await read([CLAUDE])).others,
      })
      expect(await read([rig.path('any.name-wal'), rig.path('any.name-shm')])).toEqual({
        cups: [],
        others: 0,
      })
    } finally {
      await other.close()
    }
    expect(problems).toEqual([])
  })

  test('asks about an indented document once, and not about each of its lines', async () => {
    writeFileSync(
      rig.path('tea.json'),
      JSON.stringify({ cups: Array.from({ length: 40 }, (_, n) => ({ n })) }, null, 2),
    )
    const asked: number[] = []
    const asking = {
      ...cups,
      recognises: (head: readonly Buffer[]) => {
        asked.push(head[0]!.length)
        return cups.recognises(head)
      },
    }
    expect((await read([rig.path('tea.json')], { adapters: [asking] })).cups).toHaveLength(40)
    expect(asked).toEqual([statSync(rig.path('tea.json')).size])
  })

  test('names a document that is too large and a database that is damaged, and goes on', async () => {
    writeFileSync(rig.path('a.json'), document([{ n: 1 }]))
    writeFileSync(rig.path('large.json'), '{')
    truncateSync(rig.path('large.json'), MAX_DOCUMENT_BYTES + 1)
    writeFileSync(rig.path('broken.db'), 'SQLite format 3\0and then tea')
    const own = { directory: rig.directory, adapter: cups }
    expect((await read([own])).cups).toEqual([1])
    expect(problems.toSorted()).toEqual([
      expect.stringContaining('broken.db: The cups cannot be read: SQLITE_NOTADB'),
      expect.stringContaining('large.json is larger than 64 MB, and is left out'),
    ])
    problems = []
    // Nobody knows that it is one.
    expect((await read([rig.path('large.json')])).cups).toEqual([])
    expect(problems).toEqual([])
  })

  test('tells of a damaged document, and not of a record in a whole one', async () => {
    writeFileSync(rig.path('half.json'), document([{ n: 2 }]).slice(0, 20))
    writeFileSync(rig.path('line.packed'), Buffer.concat([packed([{ n: 4 }]), Buffer.from('\n{"cups')]))
    for (const path of [{ directory: rig.directory, adapter: cups }, rig.directory]) {
      problems = []
      expect((await read([path])).cups).toEqual([4])
      const sentence = `${rig.path('half.json')} is damaged: nothing in it can be read.`
      expect(problems).toEqual([expect.stringContaining(sentence)])
    }
  })

  test('reads in an assistant’s own folder what the node reads there, and no more', async () => {
    for (const folder of ['warm', 'cold']) {
      mkdirSync(rig.path(folder))
      writeFileSync(rig.path(folder, 'a.json'), document([{ n: folder === 'warm' ? 1 : 2 }]))
    }
    writeFileSync(rig.path('warm', 'a.txt'), document([{ n: 3 }]))
    expect((await read([{ directory: rig.directory, adapter: cups }])).cups).toEqual([1])
    expect((await read([rig.directory])).cups).toEqual([1, 2, 3])
  })

  test('takes the log’s time for the database’s', async () => {
    const other = await database(rig.path('a.db'), 1)
    const before = new Date(Date.now() - 3_600_000)
    utimesSync(rig.path('a.db'), before, before)
    try {
      expect((await read([rig.directory], { changedSince: Date.now() - 60_000 })).cups).toEqual([1])
    } finally {
      await other.close()
    }
    utimesSync(rig.path('a.db'), before, before)
    writeFileSync(rig.path('b.json'), document([{ n: 2 }]))
    expect((await read([join(rig.directory)], { changedSince: Date.now() - 60_000 })).cups).toEqual([2])
  })

  test('gives others a turn within a document', async () => {
    writeFileSync(rig.path('a.packed'), packed(Array.from({ length: 5000 }, (_, i) => ({ n: i }))))
    let turns = 0
    await read([rig.directory], { pause: () => Promise.resolve(turns++) })
    expect(turns).toBeGreaterThan(20)
  })
})
