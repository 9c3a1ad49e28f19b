import { expect, test } from 'vitest'
import { MAX_INGEST_BYTES } from '../../core/archive.ts'
import { json, MINUTE_MS, never, Rig, settled, TestLog } from './support.ts'

const text = (bytes: string) => new TextEncoder().encode(bytes)
const base64 = (bytes: string) => Buffer.from(bytes).toString('base64')

test('what is here is sent at once, with the team’s records, and what comes later a minute after', async () => {
  const ada = new TestLog('ada').append(2, 1)
  const rig = new Rig(ada)
  const archiver = await rig.start()
  expect(rig.archive.calls).toHaveLength(1)
  expect(rig.archive.calls[0]).toMatchObject({
    url: 'https://tea.example/functions/v1/ingest',
    batches: ['ada/0', 'ada/1'],
    request: { records: [base64('record of epoch 1')] },
  })
  expect(rig.archive.calls[0]!.headers.get('content-type')).toBe('application/json')
  expect(rig.archive.calls[0]!.headers.has('apikey')).toBe(false)
  expect(rig.cursor(ada)).toBe(2)
  expect(archiver.status()).toMatchObject({ state: 'idle', behind: 0, sent: 3, inserted: 3, problem: null })

  ada.append(1)
  expect(archiver.status().behind).toBe(1)
  await rig.clock.pass(MINUTE_MS / 2)
  expect(rig.archive.calls).toHaveLength(1)
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.calls.map(({ batches }) => batches)).toEqual([['ada/0', 'ada/1'], ['ada/2']])
  expect(rig.archive.calls[1]!.request.records).toBeUndefined()
  expect(rig.archive.stored).toEqual(ada.ids())
})

test('a project that wants its key gets it', async () => {
  const rig = new Rig(new TestLog('ada').append(1))
  await rig.start({ place: { url: 'https://tea.example', key: 'sb_publishable_1' } })
  expect(rig.archive.calls[0]!.headers.get('apikey')).toBe('sb_publishable_1')
})

test('where nothing happens nothing is called and nothing is read', async () => {
  const ada = new TestLog('ada').append(1)
  const rig = new Rig(ada)
  await rig.start()
  const { reads } = ada
  await rig.clock.pass(24 * 60 * MINUTE_MS)
  expect(rig.archive.calls).toHaveLength(1)
  expect(ada.reads).toBe(reads)
  expect(rig.clock.waiting).toBe(0)
})

test('a call that is full does not wait', async () => {
  const ada = new TestLog('ada').append(1)
  const rig = new Rig(ada)
  await rig.start()
  ada.append(...Array.from({ length: 25 }, () => 100))
  await rig.clock.pass(2000)
  expect(rig.archive.calls.map(({ batches }) => batches.length)).toEqual([1, 10, 10])
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.stored).toEqual(ada.ids())
})

test('blocks that hold no batch are passed over without a call', async () => {
  const ada = new TestLog('ada').append(0, 0, 0)
  const bruno = new TestLog('bruno').append(0, 1, 0)
  const rig = new Rig(ada)
  await rig.start()
  expect(rig.archive.calls).toHaveLength(0)
  expect(rig.cursor(ada)).toBe(3)
  rig.team.all.push(bruno)
  rig.team.changed()
  await settled()
  expect(rig.archive.calls.map(({ batches }) => batches)).toEqual([['bruno/1']])
  expect(rig.cursor(bruno)).toBe(3)
})

test('a long log does not hold up the others', async () => {
  const long = new TestLog('long').append(...Array.from({ length: 60 }, () => 100))
  const others = ['ada', 'bruno', 'chen'].map((name) => new TestLog(name).append(5))
  const rig = new Rig(long, ...others)
  await rig.start()
  const first = rig.archive.calls.slice(0, 2).flatMap(({ batches }) => batches)
  expect(first).toEqual(expect.arrayContaining(['ada/0', 'bruno/0', 'chen/0']))
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.stored.toSorted()).toEqual([long, ...others].flatMap((log) => log.ids()).toSorted())
})

test('two long logs advance side by side', async () => {
  const blocks = Array.from({ length: 100 }, () => 100)
  const rig = new Rig(new TestLog('ada').append(...blocks), new TestLog('bruno').append(...blocks))
  await rig.start()
  for (const { batches } of rig.archive.calls.slice(2, 15)) {
    const ofAda = batches.filter((batch) => batch.startsWith('ada')).length
    expect(ofAda).toBeGreaterThan(2)
    expect(ofAda).toBeLessThan(8)
  }
})

test('a call holds at most 1000 events and 64 certificates', async () => {
  const crowd = Array.from({ length: 150 }, (_, i) => new TestLog(`device${i}`).append(300, 1))
  const rig = new Rig(...crowd)
  await rig.start()
  await rig.clock.pass(MINUTE_MS)
  for (const { request } of rig.archive.calls) {
    const events = request.batches.reduce((sum, { body }) => sum + (JSON.parse(body) as unknown[]).length, 0)
    expect(events).toBeLessThanOrEqual(1000)
    expect(new Set(request.batches.map(({ certificate }) => certificate)).size).toBeLessThanOrEqual(64)
  }
  expect(rig.archive.stored.toSorted()).toEqual(crowd.flatMap((log) => log.ids()).toSorted())
})

test('64 certificates fill a call', async () => {
  const crowd = Array.from({ length: 70 }, (_, i) => new TestLog(`device${i}`).append(1))
  const rig = new Rig(...crowd)
  await rig.start()
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.calls.map(({ batches }) => batches.length)).toEqual([64, 6])
})

test('the largest batches are sent, in calls of at most 8 MiB', async () => {
  // Every quotation mark takes two bytes in the call.
  const event = '"'.repeat(2048)
  const body = JSON.stringify(Array.from({ length: 500 }, (_, i) => `${i}${event}`))
  const ada = new TestLog('ada')
  for (let i = 0; i < 5; i++) ada.appendBody(body, 500)
  const small = new TestLog('small')
  for (let i = 0; i < 12; i++) small.appendBody(JSON.stringify([`${i}${'x'.repeat(1_000_000)}`]), 1)
  const rig = new Rig(ada, small)
  await rig.start()
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.calls.every(({ bytes }) => bytes <= MAX_INGEST_BYTES)).toBe(true)
  expect(rig.archive.calls.flatMap(({ batches }) => batches)).toHaveLength(17)
  expect([rig.cursor(ada), rig.cursor(small)]).toEqual([5, 12])
})

test('a body arrives byte for byte', async () => {
  const body = '["\ufeff\u2028\\u0000 \\ud800 tea \ud83c\udf75 \\"quoted\\"",\n\t1e400]'
  const ada = new TestLog('ada').appendBody(body)
  const rig = new Rig(ada)
  await rig.start()
  const [{ request }] = rig.archive.calls as [(typeof rig.archive.calls)[number]]
  expect(request.batches).toEqual([
    { certificate: base64('certificate of ada'), seq: 0, signature: base64('signature of 0'), body },
  ])
})

test('records that are new are sent, in calls of at most 64 and in their order', async () => {
  const ada = new TestLog('ada').append(1)
  const rig = new Rig(ada)
  rig.team.theRecords = Array.from({ length: 150 }, (_, i) => text(`record ${i}`))
  await rig.start()
  expect(rig.archive.calls.map(({ request }) => request.records?.length)).toEqual([64, 64, 22])
  expect(rig.archive.calls.flatMap(({ request }) => request.records!)).toEqual(
    rig.team.theRecords.map((record) => Buffer.from(record).toString('base64')),
  )
  ada.append(1)
  rig.team.theRecords.push(text('record 150'))
  rig.team.changed()
  await settled()
  expect(rig.archive.calls.slice(3).map(({ request }) => request.records?.length)).toEqual([64, 64, 23])
  rig.team.changed()
  ada.append(1)
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.calls.at(-1)!.request.records).toBeUndefined()
})

test('records that are large go in several calls', async () => {
  const ada = new TestLog('ada').append(1)
  const rig = new Rig(ada)
  rig.team.theRecords = Array.from({ length: 40 }, (_, i) => text(`${i}`.padEnd(256 * 1024, 'x')))
  await rig.start()
  expect(rig.archive.calls.flatMap(({ request }) => request.records ?? [])).toHaveLength(40)
  expect(rig.archive.calls.every(({ bytes }) => bytes <= MAX_INGEST_BYTES)).toBe(true)
  expect(rig.cursor(ada)).toBe(1)
})

test('what was cleared before it was sent is passed over', async () => {
  const ada = new TestLog('ada').append(1, 1, 1, 1)
  ada.floor = 2
  const rig = new Rig(ada)
  const archiver = await rig.start()
  expect(rig.archive.stored).toEqual(ada.ids(2))
  expect(rig.cursor(ada)).toBe(4)
  expect(archiver.status().behind).toBe(0)
})

test('a log waits for its certificate, and the others do not', async () => {
  const ada = new TestLog('ada').append(1)
  const bruno = new TestLog('bruno').append(1)
  ada.certificate = null
  const rig = new Rig(ada, bruno)
  const archiver = await rig.start()
  expect(rig.archive.stored).toEqual(bruno.ids())
  expect(archiver.status()).toMatchObject({ behind: 1, held: [] })
  ada.certificate = text('certificate of ada')
  rig.team.changed()
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.stored).toEqual([...bruno.ids(), ...ada.ids()])
})

test('what waits for its turn is sent with the certificate that counts then', async () => {
  const ada = new TestLog('ada').append(1)
  const rig = new Rig(ada)
  await rig.start()
  ada.append(1)
  await rig.clock.pass(5000)
  ada.certificate = text('later certificate of ada')
  rig.team.changed()
  await rig.clock.pass(MINUTE_MS)
  const sent = rig.archive.calls.flatMap(({ request }) =>
    request.batches.map(({ certificate }) => certificate),
  )
  expect(sent).toEqual([base64('certificate of ada'), base64('later certificate of ada')])
})

test('a log that is gone or cut is not sent any more, and goes on where it was when it comes again', async () => {
  const ada = new TestLog('ada').append(1)
  const bruno = new TestLog('bruno').append(1)
  const rig = new Rig(ada, bruno)
  const archiver = await rig.start()
  ada.append(1)
  bruno.append(1, 1)
  await rig.clock.pass(5000)
  rig.team.all = [bruno]
  bruno.length = 2
  rig.team.changed()
  await settled()
  expect(ada.listeners).toBe(0)
  expect(archiver.status().behind).toBe(1)
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.calls[1]!.batches).toEqual(['bruno/1'])
  rig.team.all = [bruno, ada]
  rig.team.changed()
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.calls[2]!.batches).toEqual(['ada/1'])
})

test('a log that is opened anew goes on where it was', async () => {
  const before = new TestLog('ada').append(1, 1)
  const rig = new Rig(before)
  await rig.start()
  rig.team.all = [new TestLog('ada').append(1, 1, 1)]
  rig.team.changed()
  await rig.clock.pass(MINUTE_MS)
  expect(before.listeners).toBe(0)
  expect(rig.archive.calls.map(({ batches }) => batches)).toEqual([['ada/0', 'ada/1'], ['ada/2']])
})

test('after a restart it goes on where it was', async () => {
  const ada = new TestLog('ada').append(1, 1)
  const rig = new Rig(ada)
  const first = await rig.start()
  await first.close()
  ada.append(1)
  await rig.start()
  expect(rig.archive.calls.map(({ batches }) => batches)).toEqual([['ada/0', 'ada/1'], ['ada/2']])
})

test('a log that cannot be read now is not asked again and again, and holds up nobody', async () => {
  const ada = new TestLog('ada').append(1)
  const bruno = new TestLog('bruno').append(1)
  ada.length = 5
  ada.floor = 1
  const rig = new Rig(ada, bruno)
  await rig.start()
  await rig.clock.pass(10 * MINUTE_MS)
  expect(ada.reads).toBe(1)
  expect(rig.archive.stored).toEqual(bruno.ids())
  ada.append(1)
  await rig.clock.pass(2000)
  expect(rig.archive.stored).toEqual([...bruno.ids(), ...ada.ids(1)])
})

test('a log that fails when it is read is tried again later, and holds up nobody', async () => {
  const ada = new TestLog('ada').append(1)
  const bruno = new TestLog('bruno').append(1)
  ada.beforeRead = () => {
    throw new Error('input/output error')
  }
  const rig = new Rig(ada, bruno)
  const archiver = await rig.start()
  expect(rig.archive.stored).toEqual(bruno.ids())
  const problem = 'The log of ada cannot be read here: input/output error.'
  expect(archiver.status().held).toEqual([{ source: 'ada', problem }])
  await rig.clock.pass(10 * MINUTE_MS)
  expect(ada.reads).toBe(4)
  expect(rig.said).toEqual([`warning: ${problem}`])
  ada.beforeRead = null
  await rig.clock.pass(10 * MINUTE_MS)
  expect(rig.archive.stored).toEqual([...bruno.ids(), ...ada.ids()])
  expect(archiver.status().held).toEqual([])
})

test('while a call is under way the next is read, and no more', async () => {
  const ada = new TestLog('ada').append(...Array.from({ length: 1000 }, () => 100))
  const rig = new Rig(ada)
  rig.archive.instead = (_call, signal) => never(signal)
  const archiver = await rig.start()
  expect(archiver.status().state).toBe('sending')
  const { reads } = ada
  expect(reads).toBeLessThan(20)
  await rig.clock.pass(20_000)
  expect(ada.reads).toBe(reads)
  expect(rig.cursor(ada)).toBe(0)
})

test('an answer later than 200 is one, too', async () => {
  const rig = new Rig(new TestLog('ada').append(1))
  rig.archive.instead = () => json(202, { inserted: 1, message: 'taken', rejected: [] })
  const archiver = await rig.start()
  expect(archiver.status()).toMatchObject({ state: 'idle', sent: 1, inserted: 1, behind: 0 })
})

test('the clock on the wall may be set to whatever time', async () => {
  const ada = new TestLog('ada').append(1)
  const rig = new Rig(ada)
  await rig.start()
  for (const hours of [-48, 48, 0]) {
    rig.clock.moved = hours * 60 * MINUTE_MS
    ada.append(1)
    await rig.clock.pass(MINUTE_MS)
  }
  expect(rig.archive.calls).toHaveLength(4)
  expect(rig.archive.stored).toEqual(ada.ids())
})

test('two that were started together do not go on together', async () => {
  const ada = new TestLog('ada').append(1)
  const rig = new Rig(ada)
  const times: number[] = []
  rig.archive.instead = () => {
    times.push(rig.clock.now())
    return null
  }
  await rig.start({ random: () => 0 })
  await rig.start({ random: () => 0.999, cursors: new Rig().cursors })
  ada.append(1)
  await rig.clock.pass(2 * MINUTE_MS)
  expect(times).toHaveLength(4)
  expect(times[3]! - times[2]!).toBeGreaterThan(20_000)
  expect(rig.archive.stored).toEqual(ada.ids())
})
