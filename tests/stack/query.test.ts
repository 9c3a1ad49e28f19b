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
      select 'evt_' || lpad(to_hex(n), 20, '0'), source, date_trunc('hour', now(), 'UTC') - make_interval(hours => n),
        'activity', '{"kind": "prompt"}'
      from generate_series(0, ${DAYS} * 24 + 48) as n, unnest(${SOURCES}::text[]) as source`
  })
})
afterAll(() => stack.stop())

test('thirty days of three sources are all there, though they are more than a thousand rows', async () => {
  const { status, answer } = await query(stack, '?days=30')
  const rows = SOURCES.length * (DAYS * 24 + 1)
  expect(rows).toBeGreaterThan(1000)
  expect(status).toBe(200)
  expect(answer.aggregates).toHaveLength(rows)
  expect(answer.aggregates.every(({ eventCount }) => eventCount === 1)).toBe(true)
  expect(answer.meta).toMatchObject({ totalCount: rows, daysRequested: 30 })
  expect(Math.abs(Date.parse(answer.meta.fetchedAt) - Date.now())).toBeLessThan(60_000)
})

test('a node reads them', async () => {
  const place = { url: stack.functionsUrl, key: null, token: SUBSCRIBER_TOKEN }
  const counts = await queryArchive(place, fetch, AbortSignal.timeout(20_000))
  expect(counts).toHaveLength(SOURCES.length * (DAYS * 24 + 1))
})

test('seven days are told where nothing is said, and one source where it is named', async () => {
  expect((await query(stack)).answer.meta.daysRequested).toBe(7)
  expect((await query(stack)).answer.aggregates).toHaveLength(SOURCES.length * (7 * 24 + 1))
  const one = (await query(stack, `?days=7&source=${SOURCES[1]}`)).answer.aggregates
  expect(new Set(one.map(({ source }) => source))).toEqual(new Set([SOURCES[1]]))
  expect(one).toHaveLength(7 * 24 + 1)
  expect((await query(stack, '?source=nobody-ybndrf')).answer.aggregates).toEqual([])
})

test.each([
  ['no token', '?days=7', '', 401, 'missing_auth'],
  ['another scheme', '?days=7', 'Basic abc', 401, 'missing_auth'],
  ['a wrong token', '?days=7', 'Bearer wrong', 401, 'invalid_token'],
  ['a token cut short', '?days=7', `Bearer ${SUBSCRIBER_TOKEN.slice(0, -1)}`, 401, 'invalid_token'],
  ['days that are not told', '?days=8', undefined, 400, 'invalid_days'],
  ['days that are no number', '?days=7.0', undefined, 400, 'invalid_days'],
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
