import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { VibeTeaError } from '../../../core/errors.ts'
import type { Event } from '../../../core/events.ts'
import type { Draft } from '../../../core/rule.ts'
import { opencode } from '../../../node/sources/opencode/adapter.ts'
import { OpenCodeDatabaseReader } from '../../../node/sources/opencode/database-reader.ts'
import type { Changes } from '../../../node/sources/port.ts'
import type { SqlValue } from '../../../node/sqlite.ts'
import { Database } from '../../../node/sqlite.ts'
import { draftsOfDocument, kept } from './acceptance/reading.ts'
import { expectSound } from './acceptance/soundness.ts'
import { collected } from './adapter-acceptance.ts'
import type { Json } from './opencode-fixture.ts'
import { makeOpenCodeDatabase, OPENCODE_TABLES, OpenCodeWriter, writeTree } from './opencode-fixture.ts'
import { OPENCODE_STORY, S } from './opencode-story.ts'
import { told } from './told.ts'

const T = '2026-03-14T15:00:00.000Z'
const at = (seconds: number) => Date.parse(T) + seconds * 1000
const SESSION = { id: 'ses_a', directory: '/home/ada/teahouse', title: 'Tea', time: { created: at(0) } }

let dir: string
let path: string
let now: number
const open: { close(): Promise<void> }[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vibetea-opencode-'))
  path = join(dir, 'opencode.db')
  now = at(1000)
})

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
  await rm(dir, { recursive: true, force: true })
})

function closing<V extends { close(): Promise<void> }>(value: V): V {
  open.push(value)
  return value
}

const reader = async () => closing(await OpenCodeDatabaseReader.open(path, { now: () => now }))
const teahouse = async () => closing(await makeOpenCodeDatabase(path, now))
const writerOf = async (tables?: readonly string[]) => closing(await OpenCodeWriter.open(path, now, tables))

async function changesOf(since = 0): Promise<Changes[]> {
  return collected((await reader()).changes(since))
}

async function draftsOf(since = 0): Promise<Draft[]> {
  return (await changesOf(since)).flatMap(({ drafts }) => drafts)
}

const eventsIn = (changes: readonly Changes[]) => kept(changes.flatMap(({ drafts }) => drafts))
const toldIn = (drafts: readonly Draft[]) => told([...kept(drafts).values()], T)

/** What is wrong, as a person is told. */
async function complaint(work: () => Promise<unknown>): Promise<VibeTeaError> {
  const error: unknown = await work().catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(VibeTeaError)
  expect((error as VibeTeaError).sentence).toMatch(/^[A-Z].*\.$/s)
  return error as VibeTeaError
}

const user = (id: string, seconds: number): Json => ({
  id,
  sessionID: 'ses_a',
  role: 'user',
  time: { created: at(seconds) },
})
const typed = (id: string, messageID: string, text = 'SECRET'): Json => ({
  id,
  messageID,
  sessionID: 'ses_a',
  type: 'text',
  text,
})
const answer = (id: string, seconds: number, output: number, more: Json = {}): Json => ({
  id,
  sessionID: 'ses_a',
  role: 'assistant',
  modelID: 'kettle-1',
  time: { created: at(seconds) },
  tokens: { input: 1, output, reasoning: 0, cache: { read: 0, write: 0 } },
  ...more,
})
const call = (id: string, messageID: string, state: Json, more: Json = {}): Json => ({
  id,
  messageID,
  sessionID: 'ses_a',
  type: 'tool',
  callID: `toolu_0123456789abcdef${id}`,
  tool: 'edit',
  state,
  ...more,
})

describe('OpenCode’s database', () => {
  test('that took over a tree gives what the tree gave, under the same ids', async () => {
    await teahouse()
    const root = join(dir, 'storage')
    await writeTree(root, OPENCODE_STORY)
    const tree = OPENCODE_STORY.flatMap((file) => {
      const bytes = Buffer.from(JSON.stringify(file.value, null, 2))
      return draftsOfDocument(opencode, { path: join(root, file.path), bytes })
    })
    expect(eventsIn(await changesOf())).toEqual(kept(tree))
  })

  test('shows titles to their owner, by the session that a person began', async () => {
    await teahouse()
    const titles = new Map((await changesOf()).flatMap(({ locals }) => [...locals]))
    const tea = { title: 'Kettle that whistles SECRET' }
    const fork = { title: 'Kettle that whistles SECRET (fork #1)' }
    expect(titles).toEqual(new Map([[S.tea, tea], [S.fork, fork]])) // prettier-ignore
  })

  test('keeps its texts to itself: not even a draft has one', async () => {
    await teahouse()
    // The folder that was searched stands in the draft, and is dropped by the rule.
    const facts = (await draftsOf()).map(({ fact }) => ('path' in fact ? { ...fact, path: undefined } : fact))
    expect(JSON.stringify(facts)).not.toMatch(/secret/i)
  })

  test('is left as it was', async () => {
    const writer = await teahouse()
    await writer.database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    const before = await readFile(path)
    await draftsOf()
    expect((await readFile(path)).equals(before)).toBe(true)
  })

  test('is recognised by its first bytes', async () => {
    await teahouse()
    expect(opencode.recognises([(await readFile(path)).subarray(0, 100)])).toBe('database')
  })
})

describe('while OpenCode writes', () => {
  test('what is new is told each time, and what was told before never again', async () => {
    const writer = await writerOf()
    const source = await reader()
    let mark = 0
    const known = new Map<string, Event>()
    const news = async () => {
      const changes = await collected(source.changes(mark))
      mark = changes.at(-1)?.mark ?? mark
      const fresh = [...eventsIn(changes)].filter(([id, event]) => {
        const before = known.get(id)
        known.set(id, event)
        return JSON.stringify(before) !== JSON.stringify(event)
      })
      return told(
        fresh.map(([, event]) => event),
        T,
      )
    }
    const pass = (ms: number) => (writer.now = now = now + ms)
    expect(await news()).toEqual([])
    await writer.session(SESSION)
    await writer.message(user('msg_u', 1))
    expect(await news()).toEqual([])
    await writer.part(typed('prt_u', 'msg_u'))
    expect(await news()).toEqual(['1 prompt'])
    pass(1000)
    await writer.message(answer('msg_a', 2, 0))
    await writer.part(call('prt_t', 'msg_a', { status: 'pending', input: {}, raw: '' }))
    expect(await news()).toEqual(['2 kettle-1 1 0 0 0'])
    pass(1000)
    const input = { filePath: '/home/ada/teahouse/lid.ts' }
    await writer.part(call('prt_t', 'msg_a', { status: 'running', input, time: { start: at(3) } }))
    expect(await news()).toEqual(['3 edit started lid.ts'])
    expect(await news()).toEqual([])
    pass(1000)
    await writer.part(
      call('prt_t', 'msg_a', { status: 'completed', input, time: { start: at(3), end: at(4) } }),
    )
    await writer.message(answer('msg_a', 2, 70))
    expect(await news()).toEqual(['2 kettle-1 1 70 0 0', '4 edit completed lid.ts 1000'])
    await writer.message(
      answer('msg_a', 2, 90, { time: { created: at(2), completed: at(5) }, finish: 'stop' }),
    )
    expect(await news()).toEqual(['2 kettle-1 1 90 0 0', '5 waiting turn'])
    // A change to what was finished is found when all is looked through again.
    pass(1000)
    await writer.message(
      answer('msg_a', 2, 99, { time: { created: at(2), completed: at(5) }, finish: 'stop' }),
    )
    expect(await news()).toEqual([])
    pass(10 * 60_000)
    expect(await news()).toEqual(['2 kettle-1 1 99 0 0'])
  })

  test('what takes the place of removed rows is seen at once', async () => {
    const writer = await writerOf()
    await writer.session(SESSION)
    const over = { time: { created: at(1), completed: at(9) } }
    for (const n of [1, 2, 3]) await writer.message(answer(`msg_${n}`, n, n, over))
    const source = await reader()
    const [first] = await collected(source.changes(0))
    await writer.database.exec(`DELETE FROM message WHERE id IN ('msg_2', 'msg_3')`)
    for (const n of [4, 5]) await writer.message(answer(`msg_${n}`, n, n, over))
    const drafts = (await collected(source.changes(first!.mark))).flatMap((each) => each.drafts)
    expect(toldIn(drafts)).toEqual(expect.arrayContaining(['1 kettle-1 1 4 0 0', '1 kettle-1 1 5 0 0']))
  })

  test('it is never kept waiting, in the middle of a reading neither', async () => {
    const writer = await writerOf()
    await writer.session(SESSION)
    await writer.together(async () => {
      for (let n = 0; n < 700; n++) await writer.message(answer(`msg_${n}`, n, n + 1))
    })
    await writer.database.exec('PRAGMA busy_timeout = 0')
    const source = await reader()
    const pieces: Changes[] = []
    for await (const piece of source.changes(0)) {
      pieces.push(piece)
      await writer.message(answer(`msg_new_${pieces.length}`, 800, 1))
      await writer.database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    }
    expect(pieces).toHaveLength(3)
  })

  test('whoever stops in the middle of a reading is given the rest by the next', async () => {
    const writer = await writerOf()
    await writer.session(SESSION)
    const source = await reader()
    await collected(source.changes(0))
    await writer.together(async () => {
      for (let n = 0; n < 700; n++) await writer.message(answer(`msg_${n}`, n, n + 1))
    })
    const stopped = source.changes(0)
    await stopped.next()
    await stopped.return(undefined)
    expect(eventsIn(await collected(source.changes(0))).size).toBe(700)
  })

  test('a run that begins at any mark of an earlier one misses nothing', async () => {
    const writer = await writerOf()
    await writer.session(SESSION)
    await writer.together(async () => {
      for (let n = 0; n < 900; n++) {
        writer.now = at(2000 + (n % 450) * 5)
        await writer.message(answer(`msg_${n}`, n, n + 1))
        const state = { status: 'running', time: { start: at(n) } }
        if (n % 3 === 0) await writer.part(call(`prt_${n}`, `msg_${n}`, state))
      }
    })
    now = at(100_000)
    const pieces = await changesOf()
    const whole = eventsIn(pieces)
    expect(whole.size).toBe(1200)
    expect(pieces.length).toBeGreaterThan(3)
    const marks = pieces.map(({ mark }) => mark)
    expect(marks).toEqual([...marks].sort((a, b) => a - b))
    expect(new Set(marks).size).toBe(marks.length)
    for (const [i, mark] of marks.entries()) {
      const rest = await changesOf(mark)
      expect(eventsIn([...pieces.slice(0, i + 1), ...rest])).toEqual(whole)
      // What was given already is not given all over again.
      expect(rest.length).toBeLessThan(pieces.length - i + 1)
    }
    // A row that came to be seen a little later than others of its time, and one while the clock was a year ahead.
    writer.now = at(2000 + 449 * 5) - 5000
    await writer.message(answer('msg_late', 950, 1))
    expect(eventsIn(await changesOf(marks.at(-1))).size).toBeGreaterThan(0)
    expect(toldIn(await draftsOf(marks.at(-1)))).toContain('950 kettle-1 1 1 0 0')
    writer.now = now + 365 * 86_400_000
    await writer.message(answer('msg_ahead', 960, 1))
    expect((await changesOf(marks.at(-1))).at(-1)!.mark).toBeLessThan(now)
  })

  test('a message that it writes again after making room for it is no second prompt', async () => {
    const writer = await writerOf()
    await writer.session(SESSION)
    const compaction = {
      id: 'prt_c',
      messageID: 'msg_c',
      sessionID: 'ses_a',
      type: 'compaction',
      auto: true,
      overflow: true,
    }
    await writer.message(user('msg_1', 1))
    await writer.part(typed('prt_1', 'msg_1'))
    await writer.message(user('msg_c', 2))
    await writer.part(compaction)
    await writer.message(answer('msg_s', 3, 9, { parentID: 'msg_c', summary: true, finish: 'stop' }))
    await writer.message(user('msg_2', 4))
    await writer.part(typed('prt_2', 'msg_2'))
    await writer.message(user('msg_3', 5))
    await writer.part(typed('prt_3', 'msg_3'))
    const prompts = toldIn(await draftsOf()).filter((each) => each.endsWith('prompt'))
    expect(prompts).toEqual(['1 prompt', '5 prompt'])
  })
})

describe('a database that cannot be read as it is', () => {
  test('is waited for while another program holds it', async () => {
    const writer = await teahouse()
    await writer.database.exec('PRAGMA journal_mode = DELETE')
    const source = await reader()
    await writer.database.exec('BEGIN EXCLUSIVE')
    expect((await complaint(() => collected(source.changes(0)))).code).toBe('database_busy')
    await writer.database.exec('COMMIT')
    expect(eventsIn(await collected(source.changes(0))).size).toBeGreaterThan(30)
  })

  test.each([
    ['that is none', () => Buffer.from('no database at all, but long enough to be one'.repeat(100))],
    ['of which half is there', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    [
      'with a hole in it',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(bytes.length - 100, 7)]),
    ],
  ])('is said to be damaged: one %s', async (_, damage) => {
    const writer = await teahouse()
    await writer.database.exec('PRAGMA journal_mode = DELETE')
    await writer.close()
    open.splice(0)
    await writeFile(path, damage(await readFile(path)))
    expect((await complaint(() => changesOf())).code).toBe('database_corrupt')
  })

  test('is said not to be there', async () => {
    expect((await complaint(() => reader())).code).toBe('database_unreadable')
  })

  test('is said not to be one where a folder has its name', async () => {
    path = dir
    expect((await complaint(() => changesOf())).code).toBe('database_unreadable')
  })

  test('gives nothing, and no complaint, where it is empty, new, or of somebody else', async () => {
    await writeFile(path, '')
    expect(await changesOf()).toEqual([])
    const database = closing(await Database.open(path))
    await database.exec('CREATE TABLE message (id text, body text)')
    await database.exec(`INSERT INTO message VALUES ('m', 'SECRET')`)
    expect(await changesOf()).toEqual([])
    expect((await stat(path)).size).toBeGreaterThan(0)
  })

  test.each([
    ['session', 'parent_id', true],
    ['session', 'directory', true],
    ['session', 'title', false],
    ['session', 'time_created', false],
    ['session', 'time_updated', false],
    ['message', 'session_id', true],
    ['message', 'time_created', false],
    ['message', 'time_updated', true],
    ['message', 'data', true],
    ['part', 'message_id', true],
    ['part', 'session_id', false],
    ['part', 'time_updated', true],
    ['part', 'data', true],
  ])('is read as far as it goes without %s.%s', async (table, column, isMissed) => {
    const writer = await teahouse()
    for (const index of ['message_session_time_created_id_idx', 'part_message_id_id_idx'])
      await writer.database.exec(`DROP INDEX ${index}`)
    await writer.database.exec(`ALTER TABLE ${table} RENAME COLUMN ${column} TO elsewhere`)
    const source = await reader()
    const drafts: Draft[] = []
    const read = async () => {
      for await (const each of source.changes(0)) drafts.push(...each.drafts)
    }
    if (isMissed) {
      const error = await complaint(read)
      expect(error.code).toBe('unknown_version')
      expect(error.message).toContain(`${table}.${column}`)
    } else await read()
    expect(kept(drafts).size).toBeGreaterThan(10)
  })

  test.each(['session', 'message', 'part'])(
    'is read as far as it goes without the table %s',
    async (table) => {
      const writer = await teahouse()
      await writer.database.exec(`ALTER TABLE ${table} RENAME TO elsewhere`)
      const drafts: Draft[] = []
      const source = await reader()
      const error = await complaint(async () => {
        for await (const each of source.changes(0)) drafts.push(...each.drafts)
      })
      expect(error.message).toContain(table)
      expect(kept(drafts).size).toBeGreaterThan(10)
    },
  )

  test('whose messages are a view is told of, and the view is not asked, which may never end', async () => {
    const { database } = await teahouse()
    await database.exec('ALTER TABLE message RENAME TO elsewhere')
    await database.exec(`CREATE VIEW message AS
      WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted)
      SELECT 'msg_' || n AS id, 'ses_a' AS session_id, n AS time_created, n AS time_updated, '{}' AS data FROM counted`)
    expect((await complaint(() => changesOf())).message).toContain('no message')
  })

  test('whose rows have no numbers is told of', async () => {
    await writerOf(
      OPENCODE_TABLES.map((each) => each.replace(/^(CREATE TABLE message.*\))$/s, '$1 WITHOUT ROWID')),
    )
    expect((await complaint(() => changesOf())).message).toContain('no message')
  })

  test('with one record that is far too large is read without it', async () => {
    const writer = await teahouse()
    const whole = eventsIn(await changesOf())
    const large = `{"role":"assistant","x":"' || printf('%.*c', 17000000, 'y') || '","finish":"stop","time":{"created":1e12,"completed":1e12}}`
    await writer.database.exec(`INSERT INTO message VALUES ('msg_large', 'ses_a', 1, 1, '${large}')`)
    expect(eventsIn(await changesOf())).toEqual(whole)
  })

  test('of a later version that keeps its messages elsewhere says so', async () => {
    await writerOf(OPENCODE_TABLES.filter((each) => !/(?:TABLE|ON) (?:message|part)/.test(each)))
    expect((await complaint(() => changesOf())).message).toContain('no message, part')
  })
})

describe('whatever stands in its columns', () => {
  const LOOSE = OPENCODE_TABLES.map((table) => table.replaceAll(/ (?:text|integer)| NOT NULL/g, ''))
  const PLACES = Object.entries({
    session: ['id', 'parent_id', 'directory', 'title', 'time_created', 'time_updated'],
    message: ['id', 'session_id', 'time_created', 'time_updated', 'data'],
    part: ['id', 'message_id', 'session_id', 'time_updated', 'data'],
  }).flatMap(([table, columns]) => columns.map((column) => ({ table, column })))
  const VALUES = [
    null, -1, 0, 1.5, 9e300, 2 ** 60, '', 'x', 'SECRET', '[]', '"SECRET"', '{}', '{"role":', '{"role":"user","time":7}',
    '{"type":"tool","callID":{"a":"SECRET"},"state":[],"tool":"SECRET of tea"}', '[[[[', '\u0000', '\u202eSECRET',
    '{"type":"text","text":"\u0001"}', '['.repeat(5000), Buffer.from('SECRET'), Buffer.alloc(3),
  ] as const // prettier-ignore

  test('nothing of it is thrown or leaks, and the rest is told', async () => {
    const { database } = closing(await makeOpenCodeDatabase(path, now, LOOSE))
    const source = await reader()
    const whole = eventsIn(await collected(source.changes(0)))
    expect(whole.size).toBeGreaterThan(40)
    const [place, value] = [fc.constantFrom(...PLACES), fc.constantFrom(...VALUES)]
    await fc.assert(
      fc.asyncProperty(place, value, fc.nat(), async ({ table, column }, wrong, row) => {
        const { count } = (await database.get<{ count: number }>(`SELECT count(*) AS count FROM ${table}`))!
        const rowid = 1 + (row % count)
        const good = await database.get<{ value: SqlValue }>(
          `SELECT ${column} AS value FROM ${table} WHERE rowid = ?`,
          [rowid],
        )
        const put = (now: SqlValue) =>
          database.run(`UPDATE ${table} SET ${column} = ? WHERE rowid = ?`, [now, rowid])
        await put(wrong)
        try {
          now += 10 * 60_000
          const events = eventsIn(await collected(source.changes(0)))
          expectSound(events.values())
          // A record that cannot be read takes along no other, a session those in it at most.
          expect(events.size).toBeGreaterThan(table === 'session' ? 5 : whole.size - 8)
        } finally {
          await put(good!.value)
        }
      }),
      { numRuns: 250 },
    )
    now += 10 * 60_000
    expect(eventsIn(await collected(source.changes(0)))).toEqual(whole)
  }, 60_000)
})
