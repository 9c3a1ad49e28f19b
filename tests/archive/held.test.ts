import { expect, test } from 'vitest'
import type { Rejected } from '../../core/archive.ts'
import { error, MINUTE_MS, Rig, settled, TestLog, type Call } from './support.ts'

const text = (bytes: string) => new TextEncoder().encode(bytes)

/** Rejects all batches of a log from a block on. */
const unknown =
  (source: string, from = 0) =>
  (rig: Rig) =>
  (call: Call) => {
    const rejected: Rejected[] = []
    call.batches.forEach((place, batch) => {
      const [name, seq] = place.split('/')
      if (name === source && Number(seq) >= from)
        rejected.push({ batch, index: null, error: 'unknown_source' })
    })
    return rejected.length === call.batches.length && rejected.length > 0
      ? error(401, 'unknown_source', 'No member.')
      : rig.archive.take(call, rejected)
  }

test('a log that the archive does not know is held, and the others flow', async () => {
  const ada = new TestLog('ada').append(1, 1, 1)
  const bruno = new TestLog('bruno').append(1)
  const rig = new Rig(ada, bruno)
  rig.archive.instead = unknown('ada', 1)(rig)
  const archiver = await rig.start()
  expect(rig.cursor(ada)).toBe(1)
  expect(archiver.status().held).toEqual([
    { source: 'ada', problem: expect.stringContaining('no member of the team') as string },
  ])
  for (let i = 0; i < 60; i++) {
    bruno.append(1)
    await rig.clock.pass(MINUTE_MS)
  }
  expect(rig.archive.stored).toEqual(expect.arrayContaining(bruno.ids()))
  expect(rig.cursor(bruno)).toBe(61)
  expect(rig.cursor(ada)).toBe(1)
  expect(archiver.status()).toMatchObject({ state: 'idle', behind: 2 })
  const retries = rig.archive.calls.filter(({ batches }) => batches.includes('ada/1'))
  expect(retries.length).toBeGreaterThan(3)
  expect(retries.length).toBeLessThan(9)
  expect(rig.said.filter((sentence) => sentence.includes('ada'))).toHaveLength(1)

  rig.archive.instead = null
  await rig.clock.pass(60 * MINUTE_MS)
  expect(rig.archive.stored.toSorted()).toEqual([...ada.ids(), ...bruno.ids()].toSorted())
  expect(archiver.status().held).toEqual([])
  expect(rig.said.at(-1)).toBe('info: The log of ada is archived again.')
})

test('an archive that has lost the team’s records is given them again, at once', async () => {
  const ada = new TestLog('ada').append(1)
  const rig = new Rig(ada)
  const archiver = await rig.start()
  rig.archive.instead = ({ request }) => (request.records ? null : error(401, 'unknown_source'))
  ada.append(1)
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.stored).toEqual(ada.ids())
  expect(rig.archive.calls.map(({ request }) => request.records?.length)).toEqual([1, undefined, 1])
  expect(archiver.status().held).toEqual([])
  expect(rig.said).toEqual([])
})

test('a log that is held alone is tried after one minute, then ever more rarely, to once an hour', async () => {
  const ada = new TestLog('ada').append(1)
  const rig = new Rig(ada)
  const minutes: number[] = []
  const start = rig.clock.now()
  rig.archive.instead = () => {
    minutes.push((rig.clock.now() - start) / MINUTE_MS)
    return error(401, 'unknown_source', 'A record is of another team than VIBETEA_TEAM_ID.')
  }
  const archiver = await rig.start()
  await rig.clock.pass(5 * 60 * MINUTE_MS)
  expect(minutes).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
  expect(archiver.status().held[0]!.problem).toContain('VIBETEA_TEAM_ID')
  expect(archiver.status().state).toBe('idle')
})

test.each(['certificate', 'records'])('a log that is held is tried at once with other %s', async (what) => {
  const ada = new TestLog('ada').append(1)
  const rig = new Rig(ada)
  rig.archive.instead = () => error(401, 'unknown_source')
  await rig.start()
  await rig.clock.pass(10 * MINUTE_MS)
  const calls = rig.archive.calls.length
  rig.archive.instead = null
  rig.team.changed()
  await settled()
  expect(rig.archive.calls).toHaveLength(calls)
  if (what === 'certificate') ada.certificate = text('new certificate of ada')
  else rig.team.theRecords.push(text('record of epoch 2'))
  rig.team.changed()
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.stored).toEqual(ada.ids())
})

test('of a call that is refused each log is sent alone', async () => {
  const logs = ['ada', 'bruno', 'chen'].map((name) => new TestLog(name).append(1))
  const rig = new Rig(...logs)
  rig.archive.instead = (call) =>
    call.batches.some((place) => place.startsWith('bruno'))
      ? error(422, 'source_mismatch', 'Another’s.')
      : null
  const archiver = await rig.start()
  expect(rig.archive.calls.map(({ batches }) => batches)).toEqual([
    ['ada/0', 'bruno/0', 'chen/0'],
    ['ada/0'],
    ['bruno/0'],
    ['chen/0'],
  ])
  expect(logs.map((log) => rig.cursor(log))).toEqual([1, 0, 1])
  expect(archiver.status().held.map(({ source }) => source)).toEqual(['bruno'])
})

test('a batch that its device did not sign is left out and counted, and the log goes on', async () => {
  const ada = new TestLog('ada').append(1, 1, 1)
  const rig = new Rig(ada)
  rig.archive.instead = (call) =>
    rig.archive.take(call, [{ batch: 1, index: null, error: 'invalid_signature' }])
  const archiver = await rig.start()
  expect(rig.cursor(ada)).toBe(3)
  expect(archiver.status()).toMatchObject({ behind: 0, held: [], rejected: { invalid_signature: 1 } })
  expect(rig.said).toEqual(['error: The archive left out a batch of ada: their device did not sign them so.'])
})

test('events that are left out are counted, and said once', async () => {
  const ada = new TestLog('ada').append(4)
  const rig = new Rig(ada)
  rig.archive.instead = (call) =>
    rig.archive.take(call, [
      { batch: 0, index: 0, error: 'invalid_event' },
      { batch: 0, index: 1, error: 'too_old' },
      { batch: 0, index: 2, error: 'too_old' },
      { batch: 0, index: 3, error: '__proto__' as 'too_old' },
    ])
  const archiver = await rig.start()
  ada.append(4)
  await rig.clock.pass(MINUTE_MS)
  expect(archiver.status()).toMatchObject({ behind: 0, rejected: { invalid_event: 2, too_old: 4, other: 2 } })
  expect(rig.said).toEqual([
    expect.stringMatching(/^warning: .*ada/),
    expect.stringMatching(/^info: /),
    expect.stringMatching(/^warning: .*ada/),
  ])
})

test.each([
  ['413', () => new Response('', { status: 413 })],
  ['batch_too_large', () => error(400, 'batch_too_large')],
])(
  'a call that is too large (%s) is sent in parts, and what is too large alone is held',
  async (_what, answer) => {
    const ada = new TestLog('ada').append(10, 10, 10)
    const bruno = new TestLog('bruno').append(10, 100, 10)
    const rig = new Rig(ada, bruno)
    rig.archive.instead = ({ request }) =>
      request.batches.reduce((sum, { body }) => sum + (JSON.parse(body) as unknown[]).length, 0) > 20
        ? answer()
        : null
    const archiver = await rig.start()
    expect(rig.archive.stored.toSorted()).toEqual([...ada.ids(), ...bruno.ids().slice(0, 10)].toSorted())
    expect([rig.cursor(ada), rig.cursor(bruno)]).toEqual([3, 1])
    expect(archiver.status().held.map(({ source }) => source)).toEqual(['bruno'])
  },
)

test('records that the archive does not take hold up nothing', async () => {
  const ada = new TestLog('ada').append(1)
  const rig = new Rig(ada)
  rig.team.theRecords = Array.from({ length: 65 }, (_, i) => text(`record ${i}`))
  rig.archive.instead = ({ batches }) =>
    batches.length === 0 ? error(400, 'invalid_request', 'The team has too many records.') : null
  await rig.start()
  expect(rig.archive.stored).toEqual(ada.ids())
  expect(rig.said).toEqual([expect.stringMatching(/^error: .*too many records/)])
})

test.each(['unknown_source', 'invalid_signature', 'batch_too_large', 'whole', 'later'])(
  'an archive that always answers %s is not called in a loop',
  async (kind) => {
    const logs = Array.from({ length: 5 }, (_, i) => new TestLog(`log${i}`).append(1, 1, 1))
    const rig = new Rig(...logs)
    rig.archive.instead = (call) => {
      if (kind === 'batch_too_large') return error(400, kind)
      if (kind === 'unknown_source' || kind === 'invalid_signature') return error(401, kind)
      const name = kind === 'whole' ? 'unknown_source' : ('a_later_reason' as 'unknown_source')
      return rig.archive.take(
        call,
        call.batches.map((_, batch) => ({ batch, index: null, error: name })),
      )
    }
    await rig.start()
    await rig.clock.pass(24 * 60 * MINUTE_MS)
    // 24 + 6 tries of each, each of at most 1 + 2 calls, and one of all of them before.
    expect(rig.archive.calls.length).toBeLessThan(30 * 5 * 5)
    expect(rig.archive.stored).toEqual([])
    expect(logs.map((log) => rig.cursor(log))).toEqual([0, 0, 0, 0, 0])
    rig.archive.instead = null
    await rig.clock.pass(60 * MINUTE_MS)
    expect(rig.archive.stored).toHaveLength(15)
  },
)
