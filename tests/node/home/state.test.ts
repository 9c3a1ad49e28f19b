import fc from 'fast-check'
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { State } from '../../../node/home/state.ts'
import { Index } from '../../../node/index/index.ts'
import type { Arrival, ArrivalStore, ReadableLog } from '../../../node/index/port.ts'
import type { Cursor, CursorStore } from '../../../node/sources/tail-port.ts'
import { Database } from '../../../node/sqlite.ts'
import type { Event } from '../../../core/events.ts'
import { temporaryDirectory } from '../../support/directory.ts'
import { promptAt } from '../../support/events.ts'

const NOW = Date.parse('2026-01-02T03:04:05.678Z')
const A = 'a'.repeat(52)
const B = 'b'.repeat(52)

let opened = 0
const open = (home: string) => {
  const seed = ++opened
  return State.open({ home, now: () => NOW, random: (bytes) => new Uint8Array(bytes).fill(seed) })
}

function cursor(path: string, offset = 0): Cursor {
  return { path, inode: '18446744073709551615', offset, head: 'ff', headBytes: 256, seenAt: NOW }
}

function memoryLog(core: string, blocks: readonly Event[][]): ReadableLog {
  const source = blocks[0]![0]!.source
  return {
    core,
    source,
    floor: 0,
    length: blocks.length,
    read: async (seq, limit) =>
      blocks.slice(seq, seq + limit).map((events, i) => ({ core, seq: seq + i, events, invalid: 0 })),
    onAppend: () => () => undefined,
  }
}

describe('the order in which blocks came', () => {
  test('joins blocks that follow each other within a second and counts through', async () => {
    const home = temporaryDirectory()
    const state = await open(home)
    const arrivals: ArrivalStore = state.arrivals
    expect(await arrivals.note(A, 0, 2, 1000)).toEqual({
      number: 0,
      core: A,
      seq: 0,
      blocks: 2,
      receivedAt: 1000,
    })
    expect(await arrivals.note(A, 2, 1, 1999)).toEqual({
      number: 0,
      core: A,
      seq: 0,
      blocks: 3,
      receivedAt: 1000,
    })
    const expected: Arrival[] = [
      { number: 0, core: A, seq: 0, blocks: 3, receivedAt: 1000 },
      { number: 3, core: A, seq: 3, blocks: 1, receivedAt: 2000 },
      { number: 4, core: B, seq: 0, blocks: 1, receivedAt: 2001 },
      { number: 5, core: A, seq: 4, blocks: 1, receivedAt: 2002 },
      { number: 6, core: A, seq: 9, blocks: 5, receivedAt: 2003 },
    ]
    for (const { core, seq, blocks, receivedAt } of expected.slice(1)) {
      await arrivals.note(core, seq, blocks, receivedAt)
    }
    expect(await arrivals.all()).toEqual(expected)
    await state.close()

    const again = await open(home)
    expect(again.arrivals.orderId).toBe(arrivals.orderId)
    expect(await again.arrivals.all()).toEqual(expected)
    expect(await again.arrivals.note(A, 14, 1, 2999)).toEqual({ ...expected[4], blocks: 6 })
    expect(again.recovered).toBeNull()
    await again.close()
  })

  test('gives every block one number, whatever comes at once and however often the node starts', async () => {
    const steps = fc.array(
      fc.record({ core: fc.constantFrom(A, B), blocks: fc.integer({ min: 1, max: 5 }), waits: fc.nat(700) }),
      { minLength: 1, maxLength: 30 },
    )
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(30), async (blocks, restartAt) => {
        const state = { home: temporaryDirectory() }
        const lengths = new Map([A, B].map((core) => [core, 0]))
        const numbers: number[] = []
        let at = 0
        let node = await open(state.home)
        for (const half of [blocks.slice(0, restartAt), blocks.slice(restartAt)]) {
          const notes = half.map((step) => {
            const seq = lengths.get(step.core)!
            lengths.set(step.core, seq + step.blocks)
            at += step.waits
            return { ...step, seq, noted: node.arrivals.note(step.core, seq, step.blocks, at) }
          })
          for (const { noted, seq, blocks } of notes) {
            const range = await noted
            for (let i = 0; i < blocks; i++) numbers.push(range.number + (seq - range.seq) + i)
          }
          await node.close()
          node = await open(state.home)
        }
        expect(numbers).toEqual(numbers.map((_, index) => index))
        const all = await node.arrivals.all()
        expect(all.reduce((sum, range) => sum + range.blocks, 0)).toBe(numbers.length)
        await node.close()
      }),
      { numRuns: 10 },
    )
  })
})

describe('a log that is gone', () => {
  test('is forgotten, and the places of its blocks are never given again', async () => {
    const home = temporaryDirectory()
    const state = await open(home)
    await state.arrivals.note(A, 0, 2, 1000)
    await state.arrivals.note(B, 0, 3, 2000)
    await state.arrivals.forgetLogs([B, 'c'.repeat(52)])
    expect(await state.arrivals.all()).toEqual([{ number: 0, core: A, seq: 0, blocks: 2, receivedAt: 1000 }])
    await state.close()

    const again = await open(home)
    expect(await again.arrivals.note(A, 2, 1, 1000)).toMatchObject({ number: 5, seq: 2 })
    expect(await again.arrivals.note(B, 0, 1, 3000)).toMatchObject({ number: 6, seq: 0 })
    await again.arrivals.forgetLogs([B])
    expect(await again.arrivals.note(A, 3, 1, 3000)).toMatchObject({ number: 7 })
    await again.close()
  })

  test('leaves an index that forgot it as it is, and one that did not is built anew; it may come again', async () => {
    for (const isForgotten of [true, false]) {
      const home = temporaryDirectory()
      const said: string[] = []
      const own = memoryLog(A, [[promptAt(1000)], [promptAt(2000)]])
      const others = memoryLog(B, [[promptAt(3000, { source: 'desktop-abcdef' })]])
      const start = async () => {
        const state = await open(home)
        const log = (_: string, message: string) => void said.push(message)
        const index = await Index.open(join(home, 'index.db'), {
          arrivals: state.arrivals,
          now: () => NOW,
          log,
        })
        return { state, index }
      }
      const before = await start()
      before.index.follow(own)
      const leave = before.index.follow(others)
      await before.index.caughtUp()
      expect((await before.index.events({ limit: 9, order: 'time' })).events).toHaveLength(3)
      leave()
      if (isForgotten) await before.index.forget(B)
      await before.state.arrivals.forgetLogs([B])
      await before.index.close()
      await before.state.close()

      const after = await start()
      after.index.follow(own)
      await after.index.caughtUp()
      const { events } = await after.index.events({ limit: 9, order: 'time' })
      expect(events.map(({ timestamp }) => Date.parse(timestamp))).toEqual([2000, 1000])
      after.index.follow(others)
      await after.index.caughtUp()
      expect((await after.index.events({ limit: 9, order: 'time' })).events).toHaveLength(3)
      expect(said).toEqual(isForgotten ? [] : ['The index was ahead of state.db. It is being built anew.'])
      await after.index.close()
      await after.state.close()
    }
  })
})

describe('what is known of the team', () => {
  const bytes = (n: number) => new Uint8Array(9).fill(n)

  test('is kept: gossip each once and in order, logs, the feed, and who was seen when', async () => {
    const home = temporaryDirectory()
    const state = await open(home)
    const { team } = state
    for (const n of [3, 1, 3, 2]) await team.roster.save('certificate', bytes(n))
    await team.roster.save('record', bytes(3))
    await team.roster.save('statement', new Uint8Array(0))
    const log = { floor: 7, start: 3, day: 20_000, bytes: 2 ** 40, events: 12, quarantine: null }
    await team.logs.save(A, { ...log, floor: 6 })
    await team.logs.save(A, log)
    await team.logs.save(B, { ...log, quarantine: 'It forked.' })
    expect(await team.feed.load()).toBeNull()
    const feed = { cursor: { private: 9, team: 4 }, confirmed: { private: 3, team: 1 }, backfillEnd: 2 }
    await team.feed.save({ ...feed, backfillEnd: 0 })
    await team.feed.save(feed)
    await team.seen.save(new Map([['ada', 5], ['bob', 6]])) // prettier-ignore
    await team.seen.save(new Map([['ada', 9], ['bob', 1]])) // prettier-ignore
    await team.seen.save(new Map())
    await state.close()

    const again = await open(home)
    expect(await again.team.roster.load()).toEqual({
      record: [bytes(3)],
      certificate: [bytes(3), bytes(1), bytes(2)],
      statement: [new Uint8Array(0)],
    })
    expect(await again.team.logs.load()).toEqual([
      { core: A, ...log },
      { core: B, ...log, quarantine: 'It forked.' },
    ])
    expect(await again.team.feed.load()).toEqual(feed)
    expect(await again.team.seen.load()).toEqual(new Map([['ada', 9], ['bob', 6]])) // prettier-ignore
    await again.team.roster.keepOnly({ record: [bytes(3)], certificate: [bytes(2)], statement: [] })
    expect(await again.team.roster.load()).toEqual({
      record: [bytes(3)],
      certificate: [bytes(2)],
      statement: [],
    })
    await again.close()
  })

  test('says how far each log is archived, for each archive apart', async () => {
    const home = temporaryDirectory()
    const state = await open(home)
    const here = state.team.archivedAt('https://a.example')
    const there = state.team.archivedAt('https://b.example')
    await here.save(new Map([[A, 5], [B, 2 ** 40]])) // prettier-ignore
    await here.save(new Map([[A, 6]]))
    await here.save(new Map())
    await there.save(new Map([[A, 1]]))
    await state.close()
    const again = await open(home)
    expect(await again.team.archivedAt('https://a.example').load()).toEqual(new Map([[A, 6], [B, 2 ** 40]])) // prettier-ignore
    expect(await again.team.archivedAt('https://b.example').load()).toEqual(new Map([[A, 1]]))
    await again.close()
  })

  test('goes with the team, and what is of this machine stays', async () => {
    const home = temporaryDirectory()
    const state = await open(home)
    await state.cursors.save([cursor('/a')])
    await state.kept.set('x', '1')
    await state.team.roster.save('record', bytes(1))
    await state.team.logs.save(A, { floor: 1, start: 0, day: 1, bytes: 1, events: 1, quarantine: null })
    const at = { private: 1, team: 1 }
    await state.team.feed.save({ cursor: at, confirmed: at, backfillEnd: 0 })
    await state.team.seen.save(new Map([['ada', 9]]))
    await state.team.archivedAt('https://a.example').save(new Map([[A, 5]]))
    await state.forgetTeam()
    expect(await state.team.archivedAt('https://a.example').load()).toEqual(new Map())
    expect(await state.team.roster.load()).toEqual({ record: [], certificate: [], statement: [] })
    expect(await state.team.logs.load()).toEqual([])
    expect(await state.team.feed.load()).toBeNull()
    expect(await state.team.seen.load()).toEqual(new Map())
    expect(await state.cursors.load()).toEqual([cursor('/a')])
    expect(await state.kept.get('x')).toBe('1')
    await state.close()
  })
})

test('the places of session files are kept, moved on and forgotten', async () => {
  const home = temporaryDirectory()
  const state = await open(home)
  const store: CursorStore = state.cursors
  const odd = '/tmp/"quoted" – ü\n.jsonl'
  await store.save([cursor('/a'), cursor('/b', 2 ** 40), cursor(odd)])
  await store.save([cursor('/a', 7)])
  await store.save([])
  await store.remove(['/nowhere', odd])
  await state.close()
  const again = await open(home)
  expect(await again.cursors.load()).toEqual([cursor('/a', 7), cursor('/b', 2 ** 40)])
  await again.close()
})

test('thousands of places are kept at once', async () => {
  const state = await open(temporaryDirectory())
  const cursors = Array.from({ length: 5000 }, (_, index) =>
    cursor(`/sessions/${String(index).padStart(5, '0')}`),
  )
  await state.cursors.save(cursors)
  expect(await state.cursors.load()).toEqual(cursors)
  await state.close()
})

test('values are kept by name', async () => {
  const home = temporaryDirectory()
  const state = await open(home)
  expect(await state.kept.get('x')).toBeNull()
  await state.kept.set('x', '1')
  await state.kept.set('x', '2')
  await state.close()
  const again = await open(home)
  expect(await again.kept.get('x')).toBe('2')
  await again.close()
})

describe('a state.db that is not sound', () => {
  test.each([
    ['no database at all', (path: string) => writeFileSync(path, 'x'.repeat(9000))],
    ['cut off', (path: string) => truncateSync(path, 5000)],
    [
      'overwritten in the middle',
      (path: string) => {
        const bytes = readFileSync(path)
        bytes.fill(0xaa, 4096, 12288)
        writeFileSync(path, bytes)
      },
    ],
  ])('is kept aside and begun anew: %s', async (_, damage) => {
    const home = temporaryDirectory()
    const path = join(home, 'state.db')
    const state = await open(home)
    await state.cursors.save([cursor('/a')])
    await state.close()
    damage(path)
    const damaged = readFileSync(path)

    const after = await open(home)
    const keptAs = `${path}.corrupt-20260102T030405Z`
    expect(after.recovered).toEqual({ reason: expect.stringMatching(/./) as string, keptAs })
    expect(readFileSync(keptAs)).toEqual(damaged)
    expect(after.arrivals.orderId).not.toBe(state.arrivals.orderId)
    expect(await after.cursors.load()).toEqual([])
    await after.cursors.save([cursor('/b')])
    await after.close()

    const later = await open(home)
    expect(later.recovered).toBeNull()
    expect(await later.cursors.load()).toEqual([cursor('/b')])
    await later.close()
  })

  test('is left alone where a later version wrote it', async () => {
    const home = temporaryDirectory()
    const path = join(home, 'state.db')
    const later = await Database.open(path)
    await later.exec('CREATE TABLE cursors (x); PRAGMA user_version = 99')
    await later.close()
    const before = readFileSync(path)
    await expect(open(home)).rejects.toMatchObject({
      code: 'newer_state',
      message: `${path} was written by a later version of VibeTea (format 99; this one knows 3).`,
    })
    expect(readFileSync(path)).toEqual(before)
    expect(readdirSync(home)).toEqual(['state.db'])
  })

  test('is named where a directory is in its place', async () => {
    const home = temporaryDirectory()
    mkdirSync(join(home, 'state.db'))
    await expect(open(home)).rejects.toMatchObject({
      code: 'no_permission',
      message: `${join(home, 'state.db')} cannot be used: it cannot be opened.`,
    })
    expect(existsSync(join(home, 'state.db'))).toBe(true)
  })
})
