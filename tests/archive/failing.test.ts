import { expect, test } from 'vitest'
import { error, json, MINUTE_MS, never, Rig, START, TestLog } from './support.ts'

const HOUR_MS = 60 * MINUTE_MS

/** A rig with an event to send, and when calls were made, in s since the start. */
function failing() {
  const ada = new TestLog('ada').append(1)
  const rig = new Rig(ada)
  const times: number[] = []
  const answer = (make: (signal: AbortSignal) => Response | Promise<Response>) => {
    rig.archive.instead = (_call, signal) => {
      times.push((rig.clock.now() - START) / 1000)
      return make(signal)
    }
  }
  return { ada, rig, times, answer }
}

test('an archive that fails is tried again a second apart, then ever more rarely, to once a minute', async () => {
  const { ada, rig, times, answer } = failing()
  answer(() => error(500, 'internal_error', 'VIBETEA_TEAM_ID has no value.'))
  const archiver = await rig.start()
  expect(archiver.status()).toMatchObject({
    state: 'retrying',
    retryAt: new Date(START + 1000).toISOString(),
  })
  expect(rig.said).toEqual([])
  await rig.clock.pass(5 * MINUTE_MS)
  expect(times).toEqual([0, 1, 2, 3, 5, 9, 17, 33, 65, 125, 185, 245])
  expect(archiver.status()).toMatchObject({ behind: 1, sent: 0, lastSuccessAt: null })
  expect(archiver.status().problem).toContain('“VIBETEA_TEAM_ID has no value.”')
  expect(rig.said).toEqual([`warning: ${archiver.status().problem}`])

  rig.archive.instead = null
  await rig.clock.pass(MINUTE_MS)
  expect(rig.archive.stored).toEqual(ada.ids())
  expect(rig.said.at(-1)).toBe('info: The archive takes events again.')
  expect(archiver.status()).toMatchObject({ state: 'idle', problem: null, retryAt: null, behind: 0 })
})

test.each([
  [() => 0, [0, 1, 2, 3, 4, 6, 10]],
  [() => 0.999, [0, 1.499, 2.998, 4.497, 7.495, 13.491, 25.483]],
])('waits differ from one archiver to the other, %#', async (random, expected) => {
  const { rig, times, answer } = failing()
  answer(() => error(503, 'busy'))
  await rig.start({ random })
  await rig.clock.pass(30_000)
  expect(times.slice(0, 7)).toEqual(expected)
})

test('a blip is not worth a word', async () => {
  const { rig, times, answer } = failing()
  answer(() => (times.length < 3 ? error(502, 'bad_gateway') : json(200, { inserted: 1 })))
  const archiver = await rig.start()
  await rig.clock.pass(10_000)
  expect(times).toEqual([0, 1, 2])
  expect(archiver.status().behind).toBe(0)
  expect(rig.said).toEqual([])
})

test.each([
  ['so many seconds', '90', 90],
  ['a date', new Date(START + 300_000).toUTCString(), 300],
  ['less than it would wait anyway', '0', 1],
  ['a date that is past', new Date(START - HOUR_MS).toUTCString(), 1],
  ['longer than a day', '999999999999', 24 * 3600],
  ['nothing that it could mean', 'soon', 1],
  ['a fraction', '1.5', 1],
])('Retry-After: %s is obeyed', async (_what, header, seconds) => {
  const { rig, times, answer } = failing()
  answer(() => json(429, { error: 'slow_down' }, { 'retry-after': header }))
  await rig.start()
  await rig.clock.pass(seconds * 1000 - 1)
  expect(times).toEqual([0])
  await rig.clock.pass(1)
  expect(times).toEqual([0, seconds])
})

test.each([
  [401, 'VIBETEA_SUPABASE_KEY'],
  [403, 'VIBETEA_SUPABASE_KEY'],
  [404, 'VIBETEA_SUPABASE_URL'],
  [301, 'redirect'],
  [400, 'VIBETEA_SUPABASE_URL'],
])('what a person has to mend (%i) is said once, and tried ever more rarely', async (status, word) => {
  const { ada, rig, times, answer } = failing()
  answer(() => json(status, { message: 'No API key found' }, { location: 'https://elsewhere.example' }))
  const archiver = await rig.start()
  await rig.clock.pass(HOUR_MS)
  expect(times.map((at) => at / 60)).toEqual([0, 1, 3, 7, 15, 30, 45, 60])
  expect(archiver.status().state).toBe('refused')
  expect(rig.said).toEqual([`error: ${archiver.status().problem}`])
  expect(rig.said[0]).toContain(word)
  expect(rig.said[0]).toContain('“No API key found”')
  rig.archive.instead = null
  await rig.clock.pass(15 * MINUTE_MS)
  expect(rig.archive.stored).toEqual(ada.ids())
})

test('an answer of another method’s is no word about what is in the call', async () => {
  const { rig, answer } = failing()
  answer(() => error(405, 'invalid_request', 'This is called with GET.'))
  const archiver = await rig.start()
  expect(archiver.status()).toMatchObject({ state: 'refused', held: [] })
})

test('no answer within 30 s is a failure', async () => {
  const { rig, times, answer } = failing()
  answer(never)
  const archiver = await rig.start()
  await rig.clock.pass(29_999)
  expect(archiver.status().state).toBe('sending')
  await rig.clock.pass(2)
  expect(archiver.status()).toMatchObject({ state: 'retrying' })
  expect(archiver.status().problem).toContain('within 30 s')
  await rig.clock.pass(31_000)
  expect(times).toEqual([0, 31])
})

test('an answer that never ends is a failure', async () => {
  const { rig, answer } = failing()
  answer((signal) => {
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      controller.enqueue(new TextEncoder().encode('{'))
      signal.addEventListener('abort', () => controller.error(new Error('aborted')))
    }
    return new Response(new ReadableStream({ start }))
  })
  const archiver = await rig.start()
  await rig.clock.pass(30_500)
  expect(archiver.status().state).toBe('retrying')
})

test('what the system says of a network that fails is passed on', async () => {
  const { rig, answer } = failing()
  answer(() => {
    throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:54321') })
  })
  const archiver = await rig.start()
  expect(archiver.status().problem).toContain('ECONNREFUSED 127.0.0.1:54321')
})

const one = (rejected: unknown) => JSON.stringify({ inserted: 0, message: '', rejected: [rejected] })
test.each([
  ['nothing', ''],
  ['a page', '<html>Welcome</html>'],
  ['null', 'null'],
  ['a list', '[]'],
  ['no count', '{"inserted":"1","rejected":[]}'],
  ['less than none', '{"inserted":-1,"rejected":[]}'],
  ['a rejection that is none', one(null)],
  ['a batch that was not sent', one({ batch: 1, index: null, error: 'invalid_event' })],
  ['a batch before the first', one({ batch: -1, index: null, error: 'invalid_event' })],
  ['half an event', one({ batch: 0, index: 0.5, error: 'invalid_event' })],
  ['an event that none can be', one({ batch: 0, index: 1e9, error: 'invalid_event' })],
  ['no place', one({ batch: 0, error: 'invalid_event' })],
  ['no reason', one({ batch: 0, index: 0, error: {} })],
  ['a list that is no list', '{"inserted":0,"rejected":{"length":1}}'],
  [
    'more than was sent',
    JSON.stringify({ inserted: 0, rejected: Array(1100).fill({ batch: 0, index: 0, error: 'x' }) }),
  ],
  ['two megabytes', `{"inserted":1,"message":"${'x'.repeat(2 * 1024 * 1024)}","rejected":[]}`],
])('an answer that says %s moves nothing', async (_what, body) => {
  const { ada, rig, answer } = failing()
  answer(() => new Response(body))
  const archiver = await rig.start()
  await rig.clock.pass(MINUTE_MS)
  expect(archiver.status()).toMatchObject({
    state: 'retrying',
    behind: 1,
    sent: 0,
    inserted: 0,
    rejected: {},
  })
  expect(archiver.status().problem).toContain('not one that this version understands')
  expect(rig.cursor(ada)).toBe(0)
  expect(rig.archive.calls.length).toBeLessThan(10)
})

test('an archive that leaves nothing out need not say so', async () => {
  const { rig, answer } = failing()
  answer(() => json(200, { inserted: 1 }))
  const archiver = await rig.start()
  expect(archiver.status()).toMatchObject({ state: 'idle', sent: 1, inserted: 1, behind: 0 })
})

test('what the archive says is shown short and without control characters', async () => {
  const { rig, answer } = failing()
  answer(() => error(500, 'internal_error', `\u001b[31mred\u202e\n${'long '.repeat(100_000)}`))
  const archiver = await rig.start()
  const { problem } = archiver.status()
  expect(problem!.length).toBeLessThan(400)
  expect(problem).toContain('[31mred long')
  // eslint-disable-next-line no-control-regex
  expect(problem).not.toMatch(/[\u0000-\u001f\u202e]/)
})

test('a disk that is full keeps no cursor, and holds nothing up', async () => {
  const { ada, rig } = failing()
  rig.cursors.failure = new Error('SQLITE_FULL: database or disk is full')
  const archiver = await rig.start()
  for (let i = 0; i < 10; i++) {
    ada.append(1)
    await rig.clock.pass(MINUTE_MS)
  }
  expect(rig.archive.stored).toEqual(ada.ids())
  expect(archiver.status().behind).toBe(0)
  expect(rig.cursor(ada)).toBe(0)
  expect(rig.cursors.saves).toBeLessThan(20)
  expect(rig.said).toHaveLength(1)
  expect(rig.said[0]).toContain('disk is full')
  rig.cursors.failure = null
  await rig.clock.pass(MINUTE_MS)
  expect(rig.cursor(ada)).toBe(11)
  expect(rig.said).toHaveLength(2)
})
