import { copyFileSync, existsSync, mkdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Database } from '../../../node/sqlite.ts'
import { FormsRig, SESSION } from './forms-rig.ts'
import { HandClock, silentWatch, TailRig, until } from './tail-rig.ts'

let rig: FormsRig
let other: Database | null = null
beforeEach(() => {
  rig = new FormsRig()
})
afterEach(async () => {
  await other?.close()
  other = null
  await rig.end()
})

/** The other program's own connection. */
async function made(path = rig.path('cups.db')): Promise<Database> {
  const database = await Database.open(path)
  await database.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0')
  await database.exec(
    'CREATE TABLE IF NOT EXISTS cups (n INTEGER PRIMARY KEY, output INTEGER, changed INTEGER, title TEXT)',
  )
  return database
}

let changes = 0
async function brew(database: Database, n: number, output: number | null = null): Promise<void> {
  await database.run('INSERT OR REPLACE INTO cups VALUES (?, ?, ?, ?)', [n, output, ++changes, 'Teas'])
}

const recorded = (...all: string[]) =>
  until(
    () => all.every((each) => rig.recorded.includes(each)),
    () => ({ recorded: rig.recorded, status: rig.sources?.status() }),
  )

describe('a database', () => {
  test('gives what others write to its log while it is read, each once', async () => {
    other = await made()
    for (let n = 1; n <= 10; n++) await brew(other, n)
    await rig.start()
    expect(rig.recorded).toHaveLength(10)
    for (let n = 11; n <= 40; n++) await brew(other, n)
    await recorded('40')
    expect(rig.recorded).toHaveLength(40)
    expect(rig.opened).toEqual(['cups.db'])
    expect(rig.repeated).toEqual([])
    expect(rig.problems).toEqual([])
  })

  test('gives a response again when it weighs more', async () => {
    other = await made()
    await rig.start()
    await brew(other, 1, 10)
    await recorded('1:10')
    await brew(other, 1, 70)
    await recorded('1:70')
    await other.run('UPDATE cups SET changed = ?', [++changes])
    await brew(other, 2)
    await recorded('2')
    expect(rig.recorded).toEqual(['1:10', '1:70', '2'])
  })

  test('goes on after a restart where it was, and its titles are there again', async () => {
    other = await made()
    for (let n = 1; n <= 10; n++) await brew(other, n)
    await rig.start()
    await rig.stop()
    rig.log.length = 0
    await brew(other, 11)
    await rig.start()
    // The last one may have been changed again within the same count.
    expect(rig.recorded).toEqual(['10', '11'])
    expect(rig.sources!.local(SESSION)).toEqual({ title: 'Teas' })
    await rig.stop()
    await rig.start()
    expect(rig.sources!.local(SESSION)).toEqual({ title: 'Teas' })
    expect(rig.recorded).toEqual(['10', '11'])
  })

  test('that was not written to for a day is not opened after a restart', async () => {
    const database = await made()
    await brew(database, 1)
    await database.close()
    const old = new Date(Date.now() - 2 * 86_400_000)
    utimesSync(rig.path('cups.db'), old, old)
    await rig.start()
    for (const end of ['', '-wal'])
      if (existsSync(rig.path(`cups.db${end}`))) utimesSync(rig.path(`cups.db${end}`), old, old)
    await rig.stop()
    await rig.start()
    await rig.stop()
    const opened = rig.opened.length
    await rig.start()
    expect(rig.opened).toHaveLength(opened)
  })

  test('is closed when nobody has written to it for a minute, and opened again', async () => {
    const clock = new HandClock()
    other = await made()
    await brew(other, 1)
    await rig.start(clock)
    expect(clock.isDueIn(60_000)).toBe(true)
    clock.advance(60_000)
    await brew(other, 2)
    await until(() => {
      clock.advance(200)
      return rig.recorded.includes('2')
    })
    expect(rig.opened).toEqual(['cups.db', 'cups.db'])
  })

  test('that is locked for good is told of once, and read when it is free', async () => {
    other = await made()
    await brew(other, 1)
    await other.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE')
    await other.exec('BEGIN EXCLUSIVE')
    await rig.start()
    expect(rig.problems).toEqual(['cups.db: The cups cannot be read: SQLITE_BUSY: database is locked.'])
    expect(rig.sources!.status()[0]!.problems).toHaveLength(1)
    await other.exec('COMMIT')
    await recorded('1')
    await until(() => rig.sources!.status()[0]!.problems.length === 0)
    expect(rig.problems).toHaveLength(1)
  }, 20_000)

  test.each([
    ['is no database', (path: string) => writeFileSync(path, 'x'.repeat(5000)), 'SQLITE_NOTADB'],
    ['was cut off', (path: string) => truncateSync(path, 5000), 'SQLITE_CORRUPT'],
  ])(
    'that %s is told of once, holds nothing up, and is read once it is whole',
    async (_, damage, code) => {
      const whole = await made()
      await whole.run(
        `WITH RECURSIVE brewed (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM brewed WHERE n < 2000)
       INSERT INTO cups SELECT n, NULL, n, 'Teas' FROM brewed`,
      )
      await whole.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE')
      await whole.close()
      copyFileSync(rig.path('cups.db'), rig.path('whole'))
      damage(rig.path('cups.db'))
      other = await made(rig.path('fine.db'))
      await brew(other, 1)
      await rig.start()
      expect(rig.recorded).toContain('1')
      expect(rig.problems).toHaveLength(1)
      expect(rig.problems[0]).toContain(`cups.db: The cups cannot be read: ${code}`)
      await new Promise((resolve) => setTimeout(resolve, 1500))
      expect(rig.problems).toHaveLength(1)
      copyFileSync(rig.path('whole'), rig.path('cups.db'))
      await recorded('2000')
      await until(() => rig.sources!.status()[0]!.problems.length === 0)
    },
    15_000,
  )

  test('that is deleted and made anew is read from its beginning', async () => {
    other = await made()
    for (let n = 1; n <= 5; n++) await brew(other, n)
    await rig.start()
    await other.close()
    for (const end of ['', '-wal', '-shm']) rmSync(rig.path(`cups.db${end}`), { force: true })
    changes = 0
    other = await made()
    await brew(other, 6)
    await recorded('6')
    for (const end of ['', '-wal', '-shm']) rmSync(rig.path(`cups.db${end}`), { force: true })
    await other.close()
    other = null
    await until(() => rig.sources!.status()[0]!.files === 0)
    expect(rig.problems).toEqual([])
  })

  test('whose content was replaced by one that counts less is read from its beginning', async () => {
    const [first, second] = [await made(), await made(rig.path('second'))]
    await brew(second, 2)
    changes = 100
    await brew(first, 1)
    for (const each of [first, second]) {
      await each.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE')
      await each.close()
    }
    await rig.start()
    expect(rig.recorded).toEqual(['1'])
    await rig.stop()
    copyFileSync(rig.path('second'), rig.path('cups.db'))
    await rig.start()
    await recorded('2')
  })

  test('whose log alone changes is noticed where the system tells of nothing', async () => {
    const tails = new TailRig()
    const clock = new HandClock()
    let readings = 0
    const changes = async () => {
      readings++
      return Promise.resolve()
    }
    try {
      writeFileSync(tails.path('cups.db'), 'as good as any')
      await tails.started({
        roots: [{ directory: tails.directory, formOf: (name) => (name.endsWith('.db') ? 'database' : null) }],
        databases: { changes, forget: () => undefined },
        watchFolder: silentWatch,
        timers: clock,
      })
      expect(readings).toBe(1)
      for (const content of ['frame', 'frame frame']) {
        const before = readings
        writeFileSync(tails.path('cups.db-wal'), content)
        await until(() => {
          clock.advance(1000)
          return readings > before
        })
      }
    } finally {
      await tails.end()
    }
  })

  test('that was never written to is no problem', async () => {
    writeFileSync(rig.path('cups.db'), '')
    mkdirSync(rig.path('cold'))
    await rig.start()
    expect(rig.problems).toEqual([])
    other = await made()
    await brew(other, 1)
    await recorded('1')
  })
})

test('whatever is written while a node stops, is killed and starts, all of it is recorded once', async () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ n: fc.nat(30), output: fc.option(fc.integer({ min: 1, max: 50 })) }),
    },
    { weight: 1, arbitrary: fc.constantFrom('restart', 'kill', 'wait', 'checkpoint') },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const rig = new FormsRig()
      changes = 0
      const database = await made(rig.path('cups.db'))
      try {
        await rig.start()
        const heaviest = new Map<number, number>()
        for (const step of steps) {
          if (typeof step === 'object') {
            // A prompt stays a prompt, and tokens only grow.
            const output = step.n % 2 === 0 ? null : Math.max(step.output ?? 1, heaviest.get(step.n) ?? 0)
            heaviest.set(step.n, output ?? 0)
            await brew(database, step.n, output)
          } else if (step === 'checkpoint') await database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
          else if (step === 'wait') await new Promise((resolve) => setTimeout(resolve, 20))
          else {
            const places = [...rig.cursors.byPath]
            await rig.stop()
            if (step === 'kill') {
              rig.cursors.byPath.clear()
              for (const [path, place] of places) rig.cursors.byPath.set(path, place)
            }
            await rig.start()
          }
        }
        const wanted = [...heaviest].map(([n, output]) => (n % 2 === 0 ? `${n}` : `${n}:${output}`))
        await until(
          () => wanted.every((each) => rig.recorded.includes(each)),
          () => ({ wanted, recorded: rig.recorded, status: rig.sources!.status() }),
        )
        expect(rig.repeated).toEqual([])
        expect(rig.problems).toEqual([])
      } finally {
        await database.close()
        await rig.end()
      }
    }),
    { numRuns: 25, endOnFailure: true },
  )
}, 30_000)
