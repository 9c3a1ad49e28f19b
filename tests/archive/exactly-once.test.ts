import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Archiver } from '../../archive/archiver.ts'
import { error, json, MINUTE_MS, Rig, settled, TestArchive, TestLog, type Call } from './support.ts'

/** What an archive may do with a call. `lost` takes it, and the answer does not arrive. */
const ANSWERS = [
  'taken',
  'taken',
  'lost',
  'half',
  'failed',
  'slow_down',
  'no_key',
  'unknown',
  'one_unknown',
  'too_large',
  'unreadable',
  'unreachable',
] as const
/** What may happen meanwhile. */
const TURNS = ['append', 'append', 'pass', 'pass', 'crash', 'close', 'drain', 'full_disk', 'change'] as const

function answer(archive: TestArchive, call: Call, what: (typeof ANSWERS)[number]): Response | null {
  switch (what) {
    case 'taken':
      return null
    case 'lost':
      archive.take(call)
      return error(504, 'gateway_timeout')
    case 'half':
      // Some of it is stored, as where the database was killed in the middle.
      archive.take(
        call,
        call.batches.slice(1).map((_, i) => ({ batch: i + 1, index: null, error: 'unknown_source' })),
      )
      throw new TypeError('fetch failed')
    case 'failed':
      return error(500, 'internal_error')
    case 'slow_down':
      return json(429, {}, { 'retry-after': '7' })
    case 'no_key':
      return json(401, { message: 'No API key found in request' })
    case 'unknown':
      return error(401, 'unknown_source')
    case 'one_unknown':
      return call.batches.length < 2
        ? error(401, 'unknown_source')
        : archive.take(call, [{ batch: call.batches.length - 1, index: null, error: 'unknown_source' }])
    case 'too_large':
      return call.batches.length > 1 ? error(400, 'batch_too_large') : null
    case 'unreadable':
      archive.take(call)
      return new Response('<html>')
    case 'unreachable':
      throw new TypeError('fetch failed')
  }
}

test('whatever the archive answers and whenever the node dies, every event is there in the end, once', async () => {
  const turn = fc.record({
    what: fc.constantFrom(...TURNS),
    log: fc.nat(2),
    sizes: fc.array(fc.constantFrom(0, 1, 1, 3, 120, 500), { minLength: 1, maxLength: 5 }),
    seconds: fc.constantFrom(0, 1, 30, 90, 1000),
    answers: fc.array(fc.constantFrom(...ANSWERS), { maxLength: 6 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(turn, { minLength: 1, maxLength: 15 }),
      fc.infiniteStream(fc.double({ min: 0, max: 0.99, noNaN: true })),
      async (turns, dice) => {
        const logs = ['ada', 'bruno', 'chen'].map((name) => new TestLog(name))
        const rig = new Rig(...logs)
        const answers: (typeof ANSWERS)[number][] = []
        rig.archive.instead = (call) => answer(rig.archive, call, answers.shift() ?? 'taken')
        const random = () => dice.next().value as number
        let archiver: Archiver = await rig.start({ random })
        for (const { what, log, sizes, seconds, answers: more } of turns) {
          answers.push(...more)
          if (what === 'append') logs[log]!.append(...sizes)
          if (what === 'pass') await rig.clock.pass(seconds * 1000)
          if (what === 'drain') archiver.drain().catch(() => undefined) // refused, or thrown away with its archiver
          if (what === 'change') {
            const { certificate } = logs[log]!
            logs[log]!.certificate = certificate
              ? null
              : new TextEncoder().encode(`certificate of ${logs[log]!.source}`)
            rig.team.changed()
          }
          rig.cursors.failure = what === 'full_disk' ? new Error('disk is full') : null
          if (what === 'close') {
            const closed = archiver.close()
            await rig.clock.pass(11_000)
            await closed
          }
          if (what === 'crash' || what === 'close') {
            // The old one keeps nothing any more, whatever it still does.
            const { kept } = rig.cursors
            rig.cursors = new Rig().cursors
            rig.cursors.kept = new Map(kept)
            archiver = await rig.start({ random })
          }
        }
        answers.length = 0
        rig.cursors.failure = null
        for (const log of logs) log.certificate ??= new TextEncoder().encode(`certificate of ${log.source}`)
        rig.team.changed()
        await rig.clock.pass(70 * MINUTE_MS)
        await settled()
        expect(rig.archive.stored.toSorted()).toEqual(logs.flatMap((log) => log.ids()).toSorted())
        expect(logs.map((log) => rig.cursor(log))).toEqual(logs.map(({ length }) => length))
        expect(archiver.status()).toMatchObject({ state: 'idle', behind: 0, held: [] })
        expect(rig.archive.calls.length).toBeLessThan(1000)
        expect(rig.errors).toEqual([])
      },
    ),
    { numRuns: 150 },
  )
}, 60_000)

test('a block without a batch is passed over, also where the call beside it is parted by log', async () => {
  const [ada, bruno, chen] = ['ada', 'bruno', 'chen'].map((name) => new TestLog(name)) as [
    TestLog,
    TestLog,
    TestLog,
  ]
  const rig = new Rig(ada, bruno, chen)
  const answers = ['unknown'] as const
  rig.archive.instead = (call) => answer(rig.archive, call, answers[rig.archive.calls.length - 1] ?? 'taken')
  ada.append(0)
  bruno.append(3)
  chen.append(3)
  await rig.start()
  await rig.clock.pass(MINUTE_MS)
  expect([ada, bruno, chen].map((log) => rig.cursor(log))).toEqual([1, 1, 1])
  ada.append(5)
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.stored.toSorted()).toEqual([ada, bruno, chen].flatMap((log) => log.ids()).toSorted())
})

test('what happens to one log does not hold up another', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 20 }),
      fc.constantFrom(401, 413, 422),
      async (known, status) => {
        const bad = new TestLog('bad').append(...known.map(() => 100))
        const good = new TestLog('good')
        const rig = new Rig(bad, good)
        rig.archive.instead = (call) => {
          const isBad = call.batches.some(
            (place) => place.startsWith('bad/') && !known[Number(place.slice(4))],
          )
          if (!isBad) return null
          return error(
            status,
            status === 401 ? 'unknown_source' : status === 422 ? 'source_mismatch' : 'large',
          )
        }
        await rig.start()
        for (let minute = 0; minute < 5; minute++) {
          good.append(30)
          await rig.clock.pass(MINUTE_MS + 2000)
          expect(rig.cursor(good)).toBe(good.length)
        }
        expect(rig.archive.stored).toEqual(expect.arrayContaining(good.ids()))
      },
    ),
    { numRuns: 15 },
  )
})
