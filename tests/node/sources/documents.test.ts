import { mkdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MAX_DOCUMENT_BYTES } from '../../../node/sources/documents.ts'
import { document, FormsRig, packed, type Cup } from './forms-rig.ts'
import { HandClock, until } from './tail-rig.ts'

const DAY_MS = 86_400_000

let rig: FormsRig
beforeEach(() => {
  rig = new FormsRig()
})
afterEach(() => rig.end())

const cupsTo = (n: number): Cup[] => Array.from({ length: n }, (_, i) => ({ n: i + 1 }))
const recorded = (...all: string[]) =>
  until(
    () => all.every((each) => rig.recorded.includes(each)),
    () => rig.recorded,
  )

describe('a document', () => {
  test('is read whole each time it is written anew, in place or in its place, and gives each thing once', async () => {
    writeFileSync(rig.path('a.json'), document(cupsTo(2)))
    await rig.start()
    expect(rig.recorded).toEqual(['1', '2'])
    writeFileSync(rig.path('a.json'), document(cupsTo(3)))
    await recorded('3')
    rig.replace('a.json', document(cupsTo(5)))
    await recorded('5')
    rig.replace('b.json', document(cupsTo(6)))
    await recorded('6')
    expect(rig.recorded).toEqual(['1', '2', '3', '4', '5', '6'])
    expect(rig.problems).toEqual([])
  })

  test('that comes in pieces is read piece by piece', async () => {
    writeFileSync(rig.path('a.packed'), packed(cupsTo(2)))
    await rig.start()
    rig.replace('a.packed', packed(cupsTo(4)))
    await recorded('4')
    expect(rig.recorded).toEqual(['1', '2', '3', '4'])
  })

  test('holds its last response until another message closes it, or two seconds', async () => {
    const clock = new HandClock()
    await rig.start(clock)
    rig.replace('a.json', document([{ n: 1 }, { n: 2, output: 10 }]))
    await recorded('1')
    const closed = [{ n: 1 }, { n: 2, output: 70 }, { n: 3 }]
    rig.replace('a.json', document(closed))
    await recorded('3')
    expect(rig.recorded).toEqual(['1', '2:70', '3'])
    rig.replace('a.json', document([...closed, { n: 4, output: 5 }]))
    await until(() => clock.isDueIn(2000))
    expect(rig.recorded).toHaveLength(3)
    clock.advance(2000)
    await recorded('4:5')
    rig.replace('a.json', document([...closed, { n: 4, output: 9 }, { n: 5 }]))
    await recorded('4:9', '5')
    expect(rig.repeated).toEqual([])
  })

  test('that takes back a response keeps what it showed', async () => {
    const clock = new HandClock()
    await rig.start(clock)
    rig.replace('a.json', document([{ n: 1 }, { n: 2, output: 10 }]))
    await until(() => clock.isDueIn(2000))
    rig.replace('a.json', document([{ n: 1 }, { n: 3 }]))
    await recorded('2:10', '3')
    rig.replace('a.json', document([{ n: 1 }, { n: 4, output: 30 }]))
    await until(() => clock.isDueIn(2000))
    rmSync(rig.path('a.json'))
    await recorded('4:30')
  })

  test('that is half written is read again soon, and nothing is told of it', async () => {
    await rig.start()
    const whole = document(cupsTo(3))
    writeFileSync(rig.path('a.json'), whole.slice(0, 30))
    await until(() => rig.opened.length > 1)
    writeFileSync(rig.path('a.json'), whole)
    await recorded('3')
    expect(rig.sources!.status()[0]!.problems).toEqual([])
    expect(rig.problems).toEqual([])
  })

  test('that stays damaged is told of once, and read again when it changes', async () => {
    const clock = new HandClock()
    writeFileSync(rig.path('a.json'), '{"cups":')
    await rig.start(clock)
    for (const ms of [100, 200, 400, 800, 1600, 3200]) {
      await until(() => clock.isDueIn(ms))
      expect(rig.problems).toEqual([])
      clock.advance(ms)
      if (ms === 1600) break
    }
    await until(() => rig.problems.length > 0)
    expect(rig.problems).toEqual(['a.json is damaged: nothing in it can be read.'])
    expect(rig.sources!.status()[0]!.problems).toMatchObject([
      { remedy: 'Put a whole copy in its place if you have one, or move it elsewhere.' },
    ])
    const readings = rig.opened.length
    for (let i = 0; i < 5; i++) clock.advance(1000)
    writeFileSync(rig.path('a.json'), '{"cups": nonsense')
    await until(() => rig.opened.length > readings)
    expect(rig.problems).toHaveLength(1)
    writeFileSync(rig.path('a.json'), document(cupsTo(1)))
    await recorded('1')
    await until(() => rig.sources!.status()[0]!.problems.length === 0)
  })

  test('of which a piece is damaged gives the others, and nothing is told of it', async () => {
    const clock = new HandClock()
    writeFileSync(rig.path('a.packed'), Buffer.concat([packed(cupsTo(2)), Buffer.from('\n{"cups')]))
    const old = new Date(Date.now() - 2 * 86_400_000)
    utimesSync(rig.path('a.packed'), old, old)
    await rig.start(clock)
    expect(rig.recorded).toEqual(['1', '2'])
    for (const ms of [100, 200, 400, 800, 1600]) {
      await until(() => clock.isDueIn(ms))
      clock.advance(ms)
    }
    await until(() => rig.opened.length === 6)
    await rig.stop()
    expect(rig.problems).toEqual([])
    await rig.start()
    expect(rig.opened).toHaveLength(6)
  })

  test('that is too large is told of and left out, and holds nothing up', async () => {
    writeFileSync(rig.path('a.json'), '')
    truncateSync(rig.path('a.json'), MAX_DOCUMENT_BYTES + 1)
    writeFileSync(rig.path('b.json'), document(cupsTo(1)))
    await rig.start()
    expect(rig.recorded).toEqual(['1'])
    expect(rig.problems).toEqual(['a.json is larger than 64 MB, and is left out.'])
    writeFileSync(rig.path('a.json'), document(cupsTo(2)))
    await recorded('2')
    await until(() => rig.sources!.status()[0]!.problems.length === 0)
  })

  test('lets others have their turns while it is read', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => ({ n: i + 1 }))
    writeFileSync(rig.path('a.packed'), packed(many))
    let turns = 0
    const turn = () => {
      turns++
      if (rig.sources?.status()[0]!.backfill) setImmediate(turn)
    }
    const started = rig.start()
    turn()
    await started
    expect(rig.recorded).toHaveLength(10_000)
    expect(turns).toBeGreaterThan(40)
  })

  test('in a folder that is not entered is not read', async () => {
    mkdirSync(rig.path('cold'))
    mkdirSync(rig.path('warm'))
    writeFileSync(rig.path('cold', 'a.json'), document([{ n: 1 }]))
    writeFileSync(rig.path('warm', 'b.json'), document([{ n: 2 }]))
    await rig.start()
    mkdirSync(rig.path('cold2'))
    writeFileSync(rig.path('cold2', 'a.json'), document([{ n: 3 }]))
    writeFileSync(rig.path('warm', 'c.json'), document([{ n: 4 }]))
    await recorded('4')
    expect(rig.recorded).toEqual(['2', '4'])
    expect(rig.sources!.status()[0]).toMatchObject({ files: 2, watching: 'events' })
  })
})

describe('after a restart', () => {
  test('a document that has not changed is not read', async () => {
    writeFileSync(rig.path('a.json'), document(cupsTo(2)))
    const old = new Date(Date.now() - 2 * 86_400_000)
    utimesSync(rig.path('a.json'), old, old)
    await rig.start()
    await rig.stop()
    await rig.start()
    expect(rig.opened).toEqual(['a.json'])
    rig.replace('a.json', document(cupsTo(3)))
    await recorded('3')
    expect(rig.recorded).toEqual(['1', '2', '3'])
  })

  test('one that was written to lately is read for its title, and nothing in it is new', async () => {
    writeFileSync(rig.path('a.json'), document(cupsTo(2), 'Teas'))
    await rig.start()
    await rig.stop()
    rig.log.length = 0
    await rig.start()
    expect(rig.opened).toEqual(['a.json', 'a.json'])
    expect(rig.recorded).toEqual([])
    expect(rig.sources!.local('5e0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e55')).toEqual({ title: 'Teas' })
  })

  test('what was held is recorded', async () => {
    const clock = new HandClock()
    await rig.start(clock)
    rig.replace('a.json', document([{ n: 1 }, { n: 2, output: 10 }]))
    await until(() => clock.isDueIn(2000))
    await rig.stop()
    expect(rig.recorded).toEqual(['1'])
    await rig.start()
    await recorded('2:10')
    await rig.stop()
    await rig.start()
    expect(rig.repeated).toEqual([])
  })
})

const cup = fc.oneof(
  fc.record({ n: fc.nat(9) }),
  fc.record({ n: fc.integer({ min: 10, max: 19 }), output: fc.integer({ min: 1, max: 9 }) }),
)
const step = fc.record({
  cups: fc.array(cup, { maxLength: 6 }),
  how: fc.constantFrom('in place', 'by rename', 'half first', 'removed first'),
  then: fc.constantFrom('goes on', 'is noticed', 'falls silent', 'restarts', 'is killed'),
})

const inShort = ({ n, output }: Cup) => (output === undefined ? `${n}` : `${n}:${output}`)

/** Whether one message recorded is another, with as many tokens or more. */
function covers(recorded: string, wanted: string): boolean {
  const [[n, tokens = 0], [wantedN, wantedTokens = 0]] = [recorded.split(':'), wanted.split(':')]
  return n === wantedN && Number(tokens) >= Number(wantedTokens)
}

test('any sequence of what stands in a document is recorded as if each had been read by itself', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const rig = new FormsRig()
      const shown = new Set<string>()
      try {
        // Behind the files' own times, however far it is put forward: what is written twice in one ms counts too.
        const behind = () => new HandClock(Date.now() - DAY_MS)
        let clock = behind()
        await rig.start(clock)
        const settle = async (all: readonly Cup[]) => {
          const missing = () => {
            clock.advance(500)
            return all.map(inShort).filter((each) => !rig.recorded.some((other) => covers(other, each)))
          }
          await until(
            () => missing().length === 0,
            () => ({ missing: missing(), recorded: rig.recorded }),
          )
        }
        for (const { cups: all, how, then } of steps) {
          const content = document(all)
          for (const cup of all) shown.add(inShort(cup))
          if (how === 'removed first') rmSync(rig.path('a.json'), { force: true })
          if (how === 'half first') writeFileSync(rig.path('a.json'), content.slice(0, content.length / 2))
          if (how === 'by rename') rig.replace('a.json', content)
          else writeFileSync(rig.path('a.json'), content)
          if (then === 'goes on') continue
          if (then === 'is killed') {
            const places = [...rig.cursors.byPath]
            await rig.stop()
            rig.cursors.byPath.clear()
            for (const [path, place] of places) rig.cursors.byPath.set(path, place)
          }
          if (then === 'restarts') await rig.stop()
          if (!rig.sources) await rig.start((clock = behind()))
          if (then === 'is noticed') await new Promise((resolve) => setTimeout(resolve, 5))
          else await settle(all)
        }
        const last = steps.at(-1)
        if (last) await settle(last.cups)
        expect(rig.recorded.filter((each) => !shown.has(each))).toEqual([])
        expect(rig.repeated).toEqual([])
        expect(rig.problems).toEqual([])
      } finally {
        await rig.end()
      }
    }),
    { numRuns: 60, endOnFailure: true },
  )
})
