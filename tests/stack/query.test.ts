import { afterAll, beforeAll, expect, test } from 'vitest'
import { queryArchive } from '../../node/archive/query.ts'
import { query } from './calls.ts'
import { Stack, SUBSCRIBER_TOKEN } from './stack.ts'

const DAYS = 30
const SOURCES = ['ada-ybndrf', 'bruno-g8ejkm', 'chiyo-cpqxot']

let stack: Stack
beforeAll(async () => {
  stack = await Stack.start()
  await stack.postgres.asSuperuser(async (sql) => {
    await sql`
      insert into public.events (id, source, "timestamp", event_type, payload)
      select 'evt_' || lpad(to_hex(n * 10 + m), 20, '0'), source, date_trunc('hour', now(), 'UTC') - make_interval(hours => n),
        'activity', '{"kind": "prompt"}'
      from generate_series(0, ${DAYS} * 24 + 48) as n, unnest(${SOURCES}::text[]) as source,
        generate_series(1, case when n = 5 then 3 else 1 end) as m`
  })
})
afterAll(() => stack.stop())

test('thirty days of three sources are all there, though they are more than a thousand rows', async () => {
  const { status, answer } = await query(stack, '?days=30')
  const rows = SOURCES.length * (DAYS * 24 + 1)
  expect(rows).toBeGreaterThan(1000)
  expect(status).toBe(200)
  expect(answer.aggregates).toHaveLength(rows)
  expect(answer.aggregates.filter(({ eventCount }) => eventCount !== 1)).toHaveLength(SOURCES.length)
  expect(answer.aggregates[0]).toMatchObject({ source: SOURCES[0] })
  expect(answer.meta).toMatchObject({ totalCount: rows, daysRequested: 30 })
  expect(Math.abs(Date.parse(answer.meta.fetchedAt) - Date.now())).toBeLessThan(60_000)
})

test('a node reads them', async () => {
  const place = { url: stack.functionsUrl, key: null, token: SUBSCRIBER_TOKEN }
  const { counts, unreadable } = await queryArchive(place, fetch, AbortSignal.timeout(20_000))
  expect(unreadable).toBe(0)
  expect(counts).toHaveLength(SOURCES.length * (DAYS * 24 + 1))
})

test('seven days are told where nothing is said, and one source where it is named', async () => {
  expect((await query(stack)).answer.meta.daysRequested).toBe(7)
  expect((await query(stack)).answer.aggregates).toHaveLength(SOURCES.length * (7 * 24 + 1))
  const one = (await query(stack, `?days=7&source=${SOURCES[1]}`)).answer.aggregates
  expect(new Set(one.map(({ source }) => source))).toEqual(new Set([SOURCES[1]]))
  expect(one).toHaveLength(7 * 24 + 1)
})

test.each(['nobody-ybndrf', '', '%00', '%ED%A0%80', "' or true --", 'x'.repeat(5000)])(
  'a source that nobody has, %j, has no hours',
  async (source) => {
    const { status, answer } = await query(stack, `?source=${source}`)
    expect([status, answer.aggregates, answer.meta.totalCount]).toEqual([200, [], 0])
  },
)

test.each([
  ['no token', '?days=7', '', 401, 'missing_auth'],
  ['another scheme', '?days=7', 'Basic abc', 401, 'missing_auth'],
  ['a token without its scheme', '?days=7', SUBSCRIBER_TOKEN, 401, 'missing_auth'],
  ['no token after the scheme', '?days=7', 'Bearer ', 401, 'missing_auth'],
  ['a wrong token', '?days=7', 'Bearer wrong', 401, 'invalid_token'],
  ['a token with more behind it', '?days=7', `Bearer ${SUBSCRIBER_TOKEN}x`, 401, 'invalid_token'],
  ['a token cut short', '?days=7', `Bearer ${SUBSCRIBER_TOKEN.slice(0, -1)}`, 401, 'invalid_token'],
  ['days that are not told', '?days=8', undefined, 400, 'invalid_days'],
  ['days that are no number', '?days=7.0', undefined, 400, 'invalid_days'],
  ['days that are written otherwise', '?days=07', undefined, 400, 'invalid_days'],
  ['days that are nothing', '?days=', undefined, 400, 'invalid_days'],
])('with %s a call is refused', async (_what, parameters, authorization, status, error) => {
  const reply = await query(stack, parameters, authorization)
  expect(reply).toMatchObject({ status, answer: { error } })
  expect(reply.answer.message).toMatch(/\w/)
})

test('nobody learns from a wrong token what days there are', async () => {
  expect((await query(stack, '?days=8', 'Bearer wrong')).answer.error).toBe('invalid_token')
})

test('a page of any origin may ask, and only by GET', async () => {
  const asked = await fetch(`${stack.functionsUrl}/query`, { method: 'OPTIONS' })
  expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
  expect((await fetch(`${stack.functionsUrl}/query`, { method: 'POST', body: '{}' })).status).toBe(405)
})
