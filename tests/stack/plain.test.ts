import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { sign } from '../../core/identity.ts'
import { promptAt, toolAt } from '../support/events.ts'
import { post, postPlain, stored, wrongHours } from './calls.ts'
import { Stack } from './stack.ts'
import { base64, IDENTITY_POINT, TestDevice } from './team.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NOW = Date.now()

const monitor = new TestDevice('monitor')
const other = new TestDevice('other')
const anyone = new TestDevice('anyone')
const event = (n: number, at = NOW - HOUR_MS) => promptAt(at, { id: n, source: monitor.source })

let stack: Stack
beforeAll(async () => {
  const keys = [
    `${monitor.source}:${base64(monitor.key)}`,
    ` ${other.source}:${base64(other.key)}`,
    `${anyone.source}:${base64(IDENTITY_POINT)}`,
  ]
  stack = await Stack.start({ secrets: { VIBETEA_PUBLIC_KEYS: keys.join(',') } })
})
afterAll(() => stack.stop())
beforeEach(() => stack.empty())

const signatureOf = (text: string) => base64(sign(new TextEncoder().encode(text), monitor.secret))

test('one event, or an array of them, is stored once', async () => {
  expect(await postPlain(stack, monitor, event(1))).toMatchObject({
    status: 200,
    answer: { inserted: 1, rejected: [] },
  })
  expect((await postPlain(stack, monitor, [event(1), event(2), event(2)])).answer.inserted).toBe(1)
  expect(await stored(stack)).toEqual([event(1), event(2)])
  expect(await wrongHours(stack)).toEqual([])
})

test('two sources may have events of one id', async () => {
  await postPlain(stack, monitor, event(1))
  await postPlain(stack, other, { ...event(1), source: other.source })
  expect(await stored(stack)).toHaveLength(2)
})

test.each([
  ['no source', { 'x-source-id': '' }, 'missing_auth'],
  ['no signature', { 'x-signature': '' }, 'missing_auth'],
  ['a source without a key', { 'x-source-id': 'nobody-ybndrf' }, 'unknown_source'],
  ['another source’s signature', { 'x-source-id': other.source }, 'invalid_signature'],
  ['a signature that is no base64', { 'x-signature': '?' }, 'invalid_signature'],
  ['a signature of zeros', { 'x-signature': base64(new Uint8Array(64)) }, 'invalid_signature'],
])('with %s a call is refused', async (_what, headers, error) => {
  const { status, answer } = await postPlain(stack, monitor, event(1), headers)
  expect([status, answer.error]).toEqual([401, error])
  expect(await stored(stack)).toEqual([])
})

test('a body that was changed on its way is refused', async () => {
  const text = JSON.stringify(event(1))
  const response = await postPlain(stack, monitor, text)
  expect(response.status).toBe(200)
  const headers = { 'x-source-id': monitor.source, 'x-signature': base64(new Uint8Array(64).fill(7)) }
  expect((await post(stack, text, headers)).answer.error).toBe('invalid_signature')
})

test('a key of small order, with which any signature would pass, is refused', async () => {
  const body = JSON.stringify({ ...event(1), source: anyone.source })
  const signature = base64(Uint8Array.of(...IDENTITY_POINT, ...new Uint8Array(32)))
  const headers = { 'x-source-id': anyone.source, 'x-signature': signature }
  expect(await post(stack, body, headers)).toMatchObject({
    status: 401,
    answer: { error: 'invalid_signature' },
  })
})

test.each([
  ['one of two headers', { 'x-source-id': monitor.source }],
  ['the other', { 'x-signature': base64(new Uint8Array(64)) }],
])('a call with %s is one that nobody signed', async (_what, headers) => {
  const { status, answer } = await post(stack, JSON.stringify(event(1)), headers)
  expect([status, answer.error]).toEqual([401, 'missing_auth'])
})

/** Numbers as Ed25519 writes them, little-endian. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n
const PRIME = 2n ** 255n - 19n
const fromLittleEndian = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
const littleEndian = (n: bigint) => Buffer.from(n.toString(16).padStart(64, '0'), 'hex').reverse()

// Each stands for the same number or point as what was signed, but only one spelling of a signature counts.
test.each([
  [
    'S + L',
    (s: Uint8Array) =>
      Buffer.concat([s.subarray(0, 32), littleEndian(fromLittleEndian(s.subarray(32)) + ORDER)]),
  ],
  ['S with a bit above', (s: Uint8Array) => Buffer.concat([s.subarray(0, 63), Uint8Array.of(s[63]! | 0x80)])],
  [
    'R = 0 written beyond the field',
    (s: Uint8Array) => Buffer.concat([littleEndian(PRIME + 1n), s.subarray(32)]),
  ],
  ['R = 0 with a sign', (s: Uint8Array) => Buffer.concat([littleEndian(1n | (1n << 255n)), s.subarray(32)])],
  ['base64 for URLs', null],
  ['base64 without its end', null],
  ['base64 with bits that stand for nothing', null],
] as const)('a signature in another spelling, %s, is refused', async (what, respell) => {
  // One whose base64 has both characters that are others in URLs.
  const body = Array.from({ length: 500 }, (_, i) => JSON.stringify(event(i))).find((text) =>
    /\+.*\/|\/.*\+/.test(signatureOf(text)),
  )!
  const signature = signatureOf(body)
  const spelled = respell
    ? base64(respell(Buffer.from(signature, 'base64')))
    : what === 'base64 for URLs'
      ? signature.replaceAll('+', '-').replaceAll('/', '_')
      : what === 'base64 without its end'
        ? signature.replace(/=+$/, '')
        : signature.replace(/.==$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}==`)
  const send = (given: string) => post(stack, body, { 'x-source-id': monitor.source, 'x-signature': given })
  expect((await send(spelled)).answer.error).toBe('invalid_signature')
  expect((await send(signature)).status).toBe(200)
})

test.each([
  ['no JSON', '{', 400, 'invalid_request'],
  ['no UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), 400, 'invalid_request'],
  ['no event and no array', '7', 400, 'invalid_request'],
  ['an empty array', [], 400, 'empty_batch'],
  ['1001 events', Array.from({ length: 1001 }, (_, i) => event(i)), 400, 'batch_too_large'],
  ['something else than an event', [event(1), {}], 400, 'invalid_event'],
  ['an event without a type', [event(1), { ...event(2), eventType: undefined }], 400, 'invalid_event'],
  [
    'an event whose field is out of shape',
    [toolAt(NOW, 'started', { source: monitor.source, context: '/etc/passwd' })],
    400,
    'invalid_event',
  ],
  ['an event more than a day ahead', [event(1), event(2, NOW + 25 * HOUR_MS)], 400, 'invalid_event'],
  ['an event of an unknown type', [event(1), { ...event(2), eventType: 'brew' }], 422, 'invalid_event_type'],
  ['an event of another source', [event(1), { ...event(2), source: other.source }], 422, 'source_mismatch'],
])('%s is refused, with all that comes with it', async (_what, body, status, error) => {
  const reply = await postPlain(stack, monitor, body)
  expect(reply).toMatchObject({ status, answer: { error } })
  expect(reply.answer.message).toMatch(/\w/)
  expect(await stored(stack)).toEqual([])
})

test.each(['2026-11-19T23:59:60Z', '2026-02-31T10:00:00Z', '2026-11-20T10:00:00+00:00', 'now', 'infinity'])(
  'a time that is written %s is none',
  async (timestamp) => {
    expect((await postPlain(stack, monitor, { ...event(1), timestamp })).answer.error).toBe('invalid_event')
  },
)

test('the last moment of an hour is in that hour, however finely it is told', async () => {
  const hour = Math.floor(NOW / HOUR_MS) * HOUR_MS - HOUR_MS
  const timestamp = new Date(hour).toISOString().replace('00:00.000Z', '59:59.999999999Z')
  await postPlain(stack, monitor, { ...event(1), timestamp })
  const counted = await stack.postgres.asSuperuser(
    (sql) => sql<{ hour: Date }>`select hour from vibetea.events_hourly`,
  )
  expect(counted.map((row) => row.hour.getTime())).toEqual([hour])
})

test('what no database can hold is refused by its event alone where it is known, and left behind where it is not', async () => {
  const { payload, ...head } = event(1)
  const odd = '\u0000\ud800'
  expect(
    (await postPlain(stack, monitor, { ...head, payload: { ...payload, project: odd } })).answer.error,
  ).toBe('invalid_event')
  const text = JSON.stringify({ ...head, odd, payload: { ...payload, odd, constructor: odd } })
  const withProto = text.replace('"odd"', '"__proto__":{"source":"other-ybndrf"},"odd"')
  expect((await postPlain(stack, monitor, withProto)).answer.inserted).toBe(1)
  expect(await stored(stack)).toEqual([event(1)])
})

test('events that are too old are skipped and named, the others are stored', async () => {
  const { status, answer } = await postPlain(stack, monitor, [event(1, NOW - 31 * DAY_MS), event(2)])
  expect(status).toBe(200)
  expect(answer).toMatchObject({ inserted: 1, rejected: [{ batch: 0, index: 0, error: 'too_old' }] })
  expect(await stored(stack)).toEqual([event(2)])
})

test('a thousand events at once are taken', async () => {
  const events = Array.from({ length: 1000 }, (_, i) => event(i, NOW - i * 60_000))
  expect((await postPlain(stack, monitor, events)).answer.inserted).toBe(1000)
  expect(await wrongHours(stack)).toEqual([])
})

test('a body of more than 8 MiB is refused after it was read', async () => {
  const reply = await postPlain(stack, monitor, ' '.repeat(8 * 1024 * 1024) + JSON.stringify(event(1)))
  expect(reply).toMatchObject({ status: 400, answer: { error: 'batch_too_large' } })
})

test('batches of logs are not taken where no team is set', async () => {
  const batch = { certificate: '', seq: 0, signature: '', body: '[]' }
  const { status, answer } = await post(stack, JSON.stringify({ batches: [batch] }))
  expect([status, answer.error]).toEqual([500, 'internal_error'])
  expect(answer.message).toContain('VIBETEA_TEAM_ID')
})

test('a list of keys that is written wrong is said to whoever calls', async () => {
  const wrong = await Stack.start({
    secrets: { VIBETEA_PUBLIC_KEYS: `${monitor.source}=${base64(monitor.key)}` },
  })
  const { status, answer } = await postPlain(wrong, monitor, event(1))
  await wrong.stop()
  expect([status, answer.error]).toEqual([500, 'internal_error'])
  expect(answer.message).toContain('VIBETEA_PUBLIC_KEYS')
})

test('a database that fails is an internal error, which tells nobody more', async () => {
  stack.gateway.instead = ({ url }, response) => {
    if (!url!.startsWith('/rest/')) return false
    response.writeHead(503).end('{"message":"secret of the database"}')
    return true
  }
  const { status, answer } = await postPlain(stack, monitor, event(1))
  stack.gateway.instead = null
  expect([status, answer.error]).toEqual([500, 'internal_error'])
  expect(JSON.stringify(answer)).not.toContain('secret')
  expect(stack.log).toContain('secret of the database')
  expect((await postPlain(stack, monitor, event(1))).answer.inserted).toBe(1)
})

test('a page of any origin may call, and only by POST', async () => {
  const url = `${stack.functionsUrl}/ingest`
  const asked = await fetch(url, {
    method: 'OPTIONS',
    headers: { origin: 'https://example.org', 'access-control-request-method': 'POST' },
  })
  expect(asked.status).toBe(204)
  expect(asked.headers.get('access-control-allow-origin')).toBe('*')
  expect(asked.headers.get('access-control-allow-headers')).toContain('x-signature')
  expect((await fetch(url)).status).toBe(405)
})
