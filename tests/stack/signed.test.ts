import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { promptAt, responseAt } from '../support/events.ts'
import { postBatches, stored, wrongHours } from './calls.ts'
import { Stack } from './stack.ts'
import { base64, IDENTITY_POINT, secretNamed, TestDevice, TestTeam } from './team.ts'

const HOUR_MS = 3_600_000
const NOW = Date.now()

const team = new TestTeam()
const FIRST = team.nextEpoch()
const ada = new TestDevice('ada')
const bruno = new TestDevice('bruno')
const monitor = new TestDevice('monitor')
const promptOf = (device: TestDevice, n: number, at = NOW - HOUR_MS) =>
  promptAt(at, { id: n, source: device.source })

let stack: Stack
beforeAll(async () => {
  stack = await Stack.start({
    secrets: {
      VIBETEA_TEAM_ID: team.idText,
      VIBETEA_PUBLIC_KEYS: `${monitor.source}:${base64(bruno.key)}`,
    },
  })
})
afterAll(() => stack.stop())
beforeEach(() => stack.empty())

test('batches of several logs are stored, and stored once', async () => {
  const request = {
    records: [FIRST],
    batches: [
      team.batch(ada, 0, [promptOf(ada, 1), promptOf(ada, 2)]),
      team.batch(ada, 1, [promptOf(ada, 3)]),
      team.batch(bruno, 0, [promptOf(bruno, 1)]),
    ],
  }
  expect(await postBatches(stack, request)).toMatchObject({
    status: 200,
    answer: { inserted: 4, rejected: [] },
  })
  expect(await postBatches(stack, request)).toMatchObject({
    status: 200,
    answer: { inserted: 0, rejected: [] },
  })
  expect(await stored(stack)).toHaveLength(4)
  expect(await wrongHours(stack)).toEqual([])
})

test('what is stored is the event that was signed, without what nobody knows', async () => {
  const event = promptOf(ada, 1)
  const body = JSON.stringify([{ ...event, prompt: 'secret', payload: { ...event.payload, code: 'secret' } }])
  await postBatches(stack, { records: [FIRST], batches: [team.batch(ada, 0, body)] })
  expect(await stored(stack)).toEqual([event])
})

test('the order of batches, and one that comes twice, make no difference', async () => {
  const batches = [2, 0, 1, 2].map((seq) => team.batch(ada, seq, [promptOf(ada, seq)]))
  const { answer } = await postBatches(stack, { records: [FIRST], batches })
  expect(answer).toMatchObject({ inserted: 3, rejected: [] })
  expect(await stored(stack)).toHaveLength(3)
})

test('of a response that comes again the larger is kept, in whatever order they come', async () => {
  const at = (output: number) => responseAt(NOW - HOUR_MS, { output }, { id: 7, source: ada.source })
  const send = (seq: number, ...outputs: number[]) =>
    postBatches(stack, { records: [FIRST], batches: [team.batch(ada, seq, outputs.map(at))] })
  expect((await send(0, 20, 50, 30)).answer.inserted).toBe(1)
  expect(await stored(stack)).toEqual([at(50)])
  expect((await send(1, 40)).answer.inserted).toBe(0)
  expect(await stored(stack)).toEqual([at(50)])
  expect((await send(2, 90)).answer.inserted).toBe(0)
  expect(await stored(stack)).toEqual([at(90)])
  expect(await wrongHours(stack)).toEqual([])
})

test('a response that grows into the next hour counts there, once', async () => {
  const hour = Math.floor(NOW / HOUR_MS) * HOUR_MS
  const at = (ms: number, output: number) => responseAt(ms, { output }, { id: 7, source: ada.source })
  const batches = [team.batch(ada, 0, [at(hour - 2000, 1)]), team.batch(ada, 1, [at(hour - HOUR_MS - 5, 2)])]
  for (const batch of batches) await postBatches(stack, { records: [FIRST], batches: [batch] })
  expect(await stored(stack)).toEqual([at(hour - HOUR_MS - 5, 2)])
  expect(await wrongHours(stack)).toEqual([])
})

const batch = (seq = 0) => team.batch(ada, seq, [promptOf(ada, 1)])
const otherTeam = new TestTeam('another')
otherTeam.nextEpoch()
const flipped = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
/** A certificate in which the device is the key of order 1, and its signature zeros. */
function smallOrder(): string {
  const bytes = Buffer.from(team.certificate(ada), 'base64')
  bytes.set(IDENTITY_POINT, 1 + 32 + 8)
  bytes.set([...IDENTITY_POINT, ...new Uint8Array(32)], bytes.length - 64)
  return bytes.toString('base64')
}

test.each([
  ['forged', 401, 'invalid_signature', { ...batch(), signature: flipped(batch().signature) }],
  ['signed by no one', 401, 'invalid_signature', { ...batch(), signature: '' }],
  ['changed', 401, 'invalid_signature', { ...batch(), body: batch().body.replace('web-app', 'web-app2') }],
  ['written in other bytes', 401, 'invalid_signature', { ...batch(), body: `${batch().body} ` }],
  ['moved to another place', 401, 'invalid_signature', { ...batch(), seq: 1 }],
  [
    'under another device’s certificate',
    401,
    'invalid_signature',
    { ...batch(), certificate: team.certificate(bruno) },
  ],
  [
    'under a certificate that its device did not sign',
    401,
    'invalid_signature',
    { ...batch(), certificate: flipAt(team.certificate(ada), -1) },
  ],
  [
    'under a certificate that nobody issued',
    401,
    'unknown_source',
    { ...batch(), certificate: flipAt(team.certificate(ada), -65) },
  ],
  ['of a key of small order', 401, 'invalid_signature', { ...batch(), certificate: smallOrder() }],
  [
    'of a reader',
    401,
    'unknown_source',
    team.batch(ada, 0, [promptOf(ada, 1)], team.certificate(ada, { role: 'reader' })),
  ],
  [
    'of a mirror',
    401,
    'unknown_source',
    team.batch(ada, 0, [promptOf(ada, 1)], team.certificate(ada, { role: 'mirror' })),
  ],
  ['of another team', 401, 'unknown_source', otherTeam.batch(ada, 0, [promptOf(ada, 1)])],
  ['with no certificate', 400, 'invalid_request', { ...batch(), certificate: 'AAAA' }],
  ['of no list', 400, 'invalid_request', team.batch(ada, 0, '{"events":[]}')],
  ['of no JSON', 400, 'invalid_request', team.batch(ada, 0, '[')],
  ['of another’s source', 422, 'source_mismatch', team.batch(ada, 0, [promptOf(bruno, 1)])],
] as const)('a batch %s is %d %s, and left out of others', async (_what, status, error, wrong) => {
  const alone = await postBatches(stack, { records: [FIRST], batches: [wrong] })
  expect(alone).toMatchObject({ status, answer: { error } })
  expect(alone.answer.message).toMatch(/\w/)

  const among = await postBatches(stack, { batches: [wrong, team.batch(bruno, 0, [promptOf(bruno, 9)])] })
  expect(among).toMatchObject({ status: 200, answer: { inserted: 1, rejected: [{ batch: 0, error }] } })
  expect(await stored(stack)).toEqual([promptOf(bruno, 9)])
})

function flipAt(text: string, at: number): string {
  const bytes = Buffer.from(text, 'base64')
  bytes[bytes.length + at]! ^= 1
  return bytes.toString('base64')
}

test('a source is the first device’s that uses it, even where another key begins with the same characters', async () => {
  // Found among 40,000 keys, as whoever wants to speak for another could.
  const [first, second] = ['twin 23107', 'twin 36918'].map((name) => new TestDevice('box', secretNamed(name)))
  expect(first!.source).toBe(second!.source)
  const send = (device: TestDevice, n: number) =>
    postBatches(stack, { records: [FIRST], batches: [team.batch(device, n, [promptOf(device, n)])] })
  expect((await send(first!, 1)).answer.inserted).toBe(1)
  expect(await send(second!, 2)).toMatchObject({ status: 422, answer: { error: 'source_mismatch' } })
  expect((await send(first!, 3)).answer.inserted).toBe(1)
  expect(await stored(stack)).toHaveLength(2)
})

test('a device has eight sources and no more, so that no member fills the archive with names', async () => {
  const suffix = ada.source.split('-').at(-1)!
  const named = (n: number) => promptAt(NOW - HOUR_MS, { id: n, source: `box${n}-${suffix}` })
  const send = async (seq: number, names: readonly number[]) =>
    (await postBatches(stack, { records: [FIRST], batches: [team.batch(ada, seq, names.map(named))] })).answer
  expect(await send(0, [1, 2, 3, 4, 5])).toMatchObject({ inserted: 5, rejected: [] })
  expect(await send(1, [6, 7, 8, 9])).toMatchObject({
    inserted: 3,
    rejected: [{ batch: 0, index: 3, error: 'source_mismatch' }],
  })
  expect(await send(2, [1, 8, 10])).toMatchObject({ inserted: 0, rejected: [{ index: 2 }] })
  expect((await postBatches(stack, { batches: [team.batch(bruno, 0, [promptOf(bruno, 20)])] })).status).toBe(
    200,
  )
})

test('of two devices that use a source at once one has it, and all of it', async () => {
  const devices = ['twin 23107', 'twin 36918'].map((name) => new TestDevice('box', secretNamed(name)))
  await postBatches(stack, { records: [FIRST], batches: [] })
  for (let round = 0; round < 4; round++) {
    await stack.postgres.asSuperuser((sql) => sql`truncate public.events, vibetea.source_bindings`)
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const device = devices[i % 2]!
        return (await postBatches(stack, { batches: [team.batch(device, i, [promptOf(device, i)])] })).status
      }),
    )
    const [first, second] = [0, 1].map((owner) => answers.filter((_, i) => i % 2 === owner))
    expect([first, second].map(String).sort()).toEqual(['200,200,200,200', '422,422,422,422'])
    expect(await stored(stack)).toHaveLength(4)
  }
})

test('eight archivers with overlapping batches are all answered, and each event is there once', async () => {
  await postBatches(stack, { records: [FIRST], batches: [] })
  const devices = [ada, bruno, new TestDevice('chiyo')]
  const grown = (device: TestDevice, id: number, output: number) =>
    responseAt(NOW - ((id * 17 + output) % 90) * HOUR_MS, { output }, { id, source: device.source })
  const certificates = devices.map((device) => team.certificate(device))
  // A response grows over four batches of its log, its time with it; every archiver sends them all, in its own order.
  const batches = devices.flatMap((device, d) =>
    Array.from({ length: 12 }, (_, seq) =>
      team.batch(
        device,
        seq,
        Array.from({ length: 25 }, (_, i) => grown(device, (seq % 3) * 25 + i, 1 + (seq >> 2))),
        certificates[d],
      ),
    ),
  )
  const answers = await Promise.all(
    Array.from({ length: 8 }, async (_, archiver) => {
      const own = batches.map((_, i) => batches[(i * 5 + archiver * 7) % batches.length]!)
      const replies = []
      for (let i = 0; i < own.length; i += 12)
        replies.push(await postBatches(stack, { batches: own.slice(i, i + 12) }))
      return replies
    }),
  )
  expect(answers.flat().map(({ status }) => status)).toEqual(Array(24).fill(200))
  expect(answers.flat().reduce((sum, { answer }) => sum + answer.inserted, 0)).toBe(225)
  const largest = devices.flatMap((device) => Array.from({ length: 75 }, (_, id) => grown(device, id, 3)))
  const byKey = (events: readonly { source: string; id: string }[]) =>
    [...events].sort((a, b) => (a.source + a.id < b.source + b.id ? -1 : 1))
  expect(byKey(await stored(stack))).toEqual(byKey(largest))
  expect(await wrongHours(stack)).toEqual([])
})

test('an event that no database can hold is left out alone', async () => {
  const [odd, good] = [promptOf(ada, 1), promptOf(ada, 2)]
  const body = JSON.stringify([
    { ...odd, payload: { ...odd.payload, project: '\u0000' } },
    { ...good, note: '\u0000' },
  ])
  const { answer } = await postBatches(stack, { records: [FIRST], batches: [team.batch(ada, 0, body)] })
  expect(answer).toMatchObject({ inserted: 1, rejected: [{ batch: 0, index: 0, error: 'invalid_event' }] })
  expect(await stored(stack)).toEqual([good])
})

test('a source that has a key by configuration is nobody else’s', async () => {
  const event = promptAt(NOW - HOUR_MS, { id: 1, source: monitor.source })
  const request = { records: [FIRST], batches: [team.batch(monitor, 0, [event])] }
  expect(await postBatches(stack, request)).toMatchObject({
    status: 422,
    answer: { error: 'source_mismatch' },
  })
})

test('of a valid batch what is not an event, too old, too new or another’s is left out and named', async () => {
  const DAY_MS = 24 * HOUR_MS
  const events = [
    promptOf(ada, 1),
    { ...promptOf(ada, 2), payload: {} },
    { ...promptOf(ada, 3), eventType: 'brew' },
    promptOf(ada, 4, NOW - 30 * DAY_MS - 60_000),
    promptOf(ada, 5, NOW + DAY_MS + HOUR_MS),
    promptOf(bruno, 6),
    null,
  ]
  const { status, answer } = await postBatches(stack, {
    records: [FIRST],
    batches: [team.batch(ada, 0, JSON.stringify(events))],
  })
  expect(status).toBe(200)
  expect(answer.inserted).toBe(1)
  expect(answer.rejected).toEqual([
    { batch: 0, index: 1, error: 'invalid_event' },
    { batch: 0, index: 2, error: 'invalid_event_type' },
    { batch: 0, index: 3, error: 'too_old' },
    { batch: 0, index: 4, error: 'too_new' },
    { batch: 0, index: 5, error: 'source_mismatch' },
    { batch: 0, index: 6, error: 'invalid_event' },
  ])
})

test('what is ahead of time by less than a day is stored as of now', async () => {
  await postBatches(stack, {
    records: [FIRST],
    batches: [team.batch(ada, 0, [promptOf(ada, 1, NOW + 20 * HOUR_MS)])],
  })
  const [event] = await stored(stack)
  expect(Math.abs(Date.parse(event!.timestamp) - Date.now())).toBeLessThan(60_000)
})

test('a call holds at most 1000 events, 64 certificates and 8 MiB', async () => {
  const events = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => promptOf(ada, from + i))
  const batches = [team.batch(ada, 0, events(0, 500)), team.batch(ada, 1, events(500, 500))]
  const tooMany = [...batches, team.batch(ada, 2, events(1000, 1))]
  const refused = { status: 400, answer: { error: 'batch_too_large' } }
  expect(await postBatches(stack, { records: [FIRST], batches: tooMany })).toMatchObject(refused)
  expect(await stored(stack)).toEqual([])
  expect((await postBatches(stack, { batches })).answer.inserted).toBe(1000)

  const devices = Array.from({ length: 65 }, (_, i) => new TestDevice(`device ${i}`))
  const crowd = devices.map((device) => team.batch(device, 0, [promptOf(device, 1)]))
  expect(await postBatches(stack, { batches: crowd })).toMatchObject(refused)
  expect((await postBatches(stack, { batches: crowd.slice(1) })).answer.inserted).toBe(64)

  const heavy = { ...batch(), body: ' '.repeat(8 * 1024 * 1024) }
  expect(await postBatches(stack, { batches: [heavy] })).toMatchObject(refused)
})

test('a batch of more than 500 events is none', async () => {
  const events = Array.from({ length: 501 }, (_, i) => promptOf(ada, i))
  const answer = await postBatches(stack, { records: [FIRST], batches: [team.batch(ada, 0, events)] })
  expect(answer).toMatchObject({ status: 400, answer: { error: 'invalid_request' } })
})

test.each([
  ['nothing', '', 401, 'missing_auth'],
  ['no JSON', '{', 401, 'missing_auth'],
  ['an event that nobody signed', JSON.stringify(promptOf(ada, 1)), 401, 'missing_auth'],
  ['no batches', '{"batches":[]}', 400, 'empty_batch'],
  ['batches that are no list', '{"batches":{}}', 400, 'invalid_request'],
  ['a batch without its parts', '{"batches":[{"seq":0}]}', 400, 'invalid_request'],
  [
    'a place that is no number',
    JSON.stringify({ batches: [{ ...batch(), seq: -1 }] }),
    400,
    'invalid_request',
  ],
  ['records that are no text', JSON.stringify({ records: [1], batches: [] }), 400, 'invalid_request'],
])('a call with %s is refused', async (_what, body, status, error) => {
  const response = await fetch(`${stack.functionsUrl}/ingest`, { method: 'POST', body })
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({ error })
})

test('a thousand batches of 64 devices take a call less than half of the CPU time that a function has', async () => {
  const devices = Array.from({ length: 64 }, (_, i) => new TestDevice(`device ${i}`))
  const certificates = devices.map((device) => team.certificate(device))
  const batches = Array.from({ length: 1000 }, (_, i) => {
    const device = devices[i % 64]!
    return team.batch(device, i, [promptOf(device, i)], certificates[i % 64])
  })
  const before = stack.ingest.cpuMs
  expect((await postBatches(stack, { records: [FIRST], batches })).answer.inserted).toBe(1000)
  // Two seconds: https://supabase.com/docs/guides/functions/limits
  expect(stack.ingest.cpuMs - before).toBeLessThan(1000)
})
