import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { VibeTeaError } from '../../../core/errors.ts'
import type { Event } from '../../../core/events.ts'
import { opencode } from '../../../node/sources/opencode/adapter.ts'
import type { Draft } from '../../../core/rule.ts'
import type { SqlValue } from '../../../node/sqlite.ts'
import { Database } from '../../../node/sqlite.ts'
import { kept } from './acceptance/reading.ts'
import { tellsOfSession, unsound, UNSEEN, WRONG } from './acceptance/soundness.ts'
import { databaseCarrier } from './fuzz/database-carrier.ts'
import { placesOf } from './fuzz/places.ts'

/** Damaged databases that are read. */
const RUNS = 2000

let directory: string
let file: string
let sample: Buffer
let whole: Map<string, Event>
/** Tables with a column of each name. */
const tablesWith = new Map<string, string[]>()
const carrier = await databaseCarrier()

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vibetea-bad-database-'))
  ;[file] = (await carrier.write(directory, carrier.records)) as [string]
  sample = await readFile(file)
  whole = await eventsOf(sample)
  const database = await Database.open(file)
  for (const table of ['session', 'message', 'part']) {
    const columns = await database.all<{ name: string }>(`SELECT name FROM pragma_table_info('${table}')`)
    for (const { name } of columns) tablesWith.set(name, [...(tablesWith.get(name) ?? []), table])
  }
  await database.close()
})

afterAll(() => rm(directory, { recursive: true, force: true }))

/** What a database gives; of one that is refused what came before. */
async function eventsOf(bytes: Buffer): Promise<Map<string, Event>> {
  await writeFile(file, bytes)
  return eventsInFile()
}

async function eventsInFile(): Promise<Map<string, Event>> {
  const drafts: Draft[] = []
  try {
    const reader = await opencode.openDatabase!(file)
    try {
      for await (const changes of reader.changes(0)) drafts.push(...changes.drafts)
    } finally {
      await reader.close()
    }
  } catch (error) {
    // It says what is wrong with the file; anything else is ours.
    if (!(error instanceof VibeTeaError)) throw error
  }
  return kept(drafts)
}

function expectSound(events: Map<string, Event>): void {
  for (const event of events.values()) {
    expect(unsound(event)).toBeNull()
    expect(tellsOfSession(event), JSON.stringify(event)).toBe(false)
  }
}

test('a database gives the same as often as it is read', async () => {
  expect(whole.size).toBeGreaterThan(5)
  expect(await eventsOf(sample)).toEqual(whole)
})

test('damaged bytes of a database are told of or passed over, and what is read of them is sound', async () => {
  const place = fc.nat(sample.length)
  await fc.assert(
    fc.asyncProperty(place, fc.uint8Array({ maxLength: 60 }), fc.nat(3), async (at, noise, how) => {
      const damaged = Buffer.from(sample)
      damaged.set(noise.subarray(0, sample.length - at), at)
      const bytes =
        how === 0 ? sample.subarray(0, at) : how === 1 ? Buffer.concat([damaged, damaged]) : damaged
      const events = await eventsOf(bytes)
      expectSound(events)
      if (events.size % 2 === 0) expect(await eventsInFile()).toEqual(events)
    }),
    { numRuns: RUNS / 2 },
  )
}, 120_000)

test('wrong values in any column are passed over, and what is read beside them is sound', async () => {
  const rows = carrier.records as Record<string, SqlValue>[]
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), fc.constantFrom(...WRONG, UNSEEN), async (which, where, value) => {
      const row = structuredClone(rows[which % rows.length]!)
      const places = placesOf(row)
      places[where % places.length]!.set(value)
      await writeFile(file, sample)
      const database = await Database.open(file)
      await database.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY')
      for (const [name, each] of Object.entries(row)) {
        if (each === rows[which % rows.length]![name]) continue
        const stored = typeof each === 'object' || typeof each === 'boolean' ? JSON.stringify(each) : each
        for (const table of tablesWith.get(name) ?? []) {
          const id = rows[which % rows.length]!.id!
          await database.run(`UPDATE OR IGNORE ${table} SET ${name} = ? WHERE id = ?`, [stored, id])
        }
      }
      await database.close()
      const events = await eventsInFile()
      expectSound(events)
      if (events.size % 2 === 0) expect(await eventsInFile()).toEqual(events)
    }),
    { numRuns: RUNS / 2 },
  )
}, 120_000)
