import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { promptAt } from '../support/events.ts'
import { query } from './calls.ts'
import { PUBLISHABLE_KEY, SECRET_KEY, tokenOf, type ApiRole } from './keys.ts'
import { Stack } from './stack.ts'

const EVENT = promptAt(Date.now() - 60_000)
const ROW = {
  id: EVENT.id,
  source: EVENT.source,
  timestamp: EVENT.timestamp,
  event_type: EVENT.eventType,
  payload: EVENT.payload,
}
const CALLS: Record<string, Record<string, unknown>> = {
  bulk_insert_events: { events: [ROW] },
  get_hourly_aggregates: { days_back: 7 },
  get_hourly_aggregates_json: { days_back: 7 },
  purge_events: { retention_days: 1 },
  get_epoch_records: { team: 'y'.repeat(52) },
  add_epoch_records: { team: 'y'.repeat(52), records: [] },
  bind_sources: { bindings: { [ROW.source]: 'y'.repeat(52) } },
}

describe.each([
  ['a new project, which grants nothing by itself', false],
  ['an older project, which grants everything by itself', true],
])('in %s', (_what, hasOldGrants) => {
  let stack: Stack
  beforeAll(async () => {
    // Older projects have a JWT for the service role, newer ones a dictionary of keys.
    const older = { SUPABASE_SECRET_KEYS: '', SUPABASE_SERVICE_ROLE_KEY: tokenOf('service_role') }
    stack = await Stack.start({ hasOldGrants, secrets: hasOldGrants ? older : {} })
    await stack.client(SECRET_KEY).rpc('bulk_insert_events', { events: [ROW] })
  })
  afterAll(() => stack.stop())

  /** The status of a call of the project's API. */
  async function status(
    role: Exclude<ApiRole, 'service_role'>,
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ) {
    const headers = {
      ...more,
      apikey: PUBLISHABLE_KEY,
      authorization: `Bearer ${tokenOf(role)}`,
      'content-type': 'application/json',
    }
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
    const response = await fetch(`${stack.gateway.url}/rest/v1/${path}`, init)
    await response.arrayBuffer()
    return response.status
  }

  // PostgREST answers 401 to who is nobody and 403 to who is somebody; 404 is what it does not expose.
  test.each([
    ['anon', 401],
    ['authenticated', 403],
  ] as const)('%s can neither read nor write', async (role, refused) => {
    const one = `events?id=eq.${ROW.id}`
    expect(await status(role, 'GET', 'events')).toBe(refused)
    expect(await status(role, 'POST', 'events', ROW)).toBe(refused)
    expect(await status(role, 'PATCH', one, { payload: {} })).toBe(refused)
    expect(await status(role, 'DELETE', one)).toBe(refused)
    for (const [name, parameters] of Object.entries(CALLS)) {
      expect([name, await status(role, 'POST', `rpc/${name}`, parameters)]).toEqual([name, refused])
    }
    for (const table of ['events_hourly', 'epoch_records', 'source_bindings']) {
      expect(await status(role, 'GET', table)).toBe(404)
      expect(await status(role, 'GET', table, undefined, { 'accept-profile': 'vibetea' })).toBe(406)
    }
    expect(await status(role, 'POST', 'rpc/weight', {}, { 'content-profile': 'vibetea' })).toBe(406)
    expect(await status(role, 'GET', 'rpc/get_hourly_aggregates_json')).toBe(refused)
  })

  test('the service role can do what the functions do, and no more', async () => {
    const service = stack.client(SECRET_KEY)
    for (const [name, parameters] of Object.entries(CALLS)) {
      expect([name, (await service.rpc(name, parameters)).error]).toEqual([name, null])
    }
    expect((await service.from('events').select()).data).toHaveLength(1)
    expect((await service.from('events').update({ source: 'thief-ybndrf' }).eq('id', ROW.id)).status).toBe(
      403,
    )
    expect((await service.from('events_hourly').select()).status).toBe(404)
  })

  test('the functions reach the database by the key that the project gives them', async () => {
    expect((await query(stack)).answer.aggregates).toMatchObject([{ source: ROW.source, eventCount: 1 }])
  })

  test('no table is without row-level security, and none has a policy', async () => {
    const rows = await stack.postgres.asSuperuser(
      (sql) => sql<{ name: string; forced: boolean }>`
        select relname as name, relforcerowsecurity as forced from pg_class
        where relkind = 'r' and relnamespace in ('public'::regnamespace, 'vibetea'::regnamespace)
          and (not relrowsecurity or exists (select from pg_policy where polrelid = pg_class.oid))`,
    )
    expect(rows).toEqual([])
  })

  test('nobody but the service role and the owner has a right to anything', async () => {
    const rows = await stack.postgres.asSuperuser(
      (sql) => sql`
        select kind, name, role from (
          select 'table' as kind, c.oid::regclass::text as name, role,
            has_table_privilege(role, c.oid, 'select, insert, update, delete, truncate, references, trigger') as has
          from pg_class c, unnest(array['anon', 'authenticated']) as role
          where relkind in ('r', 'S') and relnamespace in ('public'::regnamespace, 'vibetea'::regnamespace)
          union all
          select 'function', p.oid::regprocedure::text, role, has_function_privilege(role, p.oid, 'execute')
          from pg_proc p, unnest(array['anon', 'authenticated']) as role
          where pronamespace in ('public'::regnamespace, 'vibetea'::regnamespace)
          union all
          select 'schema', 'vibetea', role, has_schema_privilege(role, 'vibetea', 'usage, create')
          from unnest(array['anon', 'authenticated']) as role
        ) as rights where has`,
    )
    expect(rows).toEqual([])
  })

  test('the service role has the rights that the functions need, and no other', async () => {
    const rows = await stack.postgres.asSuperuser(
      (sql) => sql<{ granted: string }>`
        select granted from (
          select privilege || ' ' || c.oid::regclass as granted,
            has_table_privilege('service_role', c.oid, privilege) as has
          from pg_class c,
            unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger', 'maintain']) privilege
          where relkind = 'r' and relnamespace in ('public'::regnamespace, 'vibetea'::regnamespace)
          union all
          select 'update ' || attrelid::regclass || '.' || attname,
            has_column_privilege('service_role', attrelid, attnum, 'update')
          from pg_attribute join pg_class c on c.oid = attrelid
          where attnum > 0 and relkind = 'r' and relnamespace in ('public'::regnamespace, 'vibetea'::regnamespace)
          union all
          select 'execute ' || proname, has_function_privilege('service_role', oid, 'execute')
          from pg_proc where pronamespace in ('public'::regnamespace, 'vibetea'::regnamespace)
          union all
          select 'create in ' || name, has_schema_privilege('service_role', name, 'create')
          from unnest(array['public', 'vibetea']) as name
        ) as rights where has order by granted collate "C"`,
    )
    expect(rows.map(({ granted }) => granted)).toEqual([
      'delete events',
      ...[...Object.keys(CALLS), 'weight'].sort().map((name) => `execute ${name}`),
      'insert events',
      'insert vibetea.epoch_records',
      'insert vibetea.source_bindings',
      'select events',
      'select vibetea.epoch_records',
      'select vibetea.events_hourly',
      'select vibetea.source_bindings',
      'update events.payload',
      'update events.timestamp',
    ])
  })

  test('only the trigger’s function runs with its owner’s rights, and none looks along a path', async () => {
    const rows = await stack.postgres.asSuperuser(
      (sql) => sql<{ name: string; definer: boolean; config: string[] | null }>`
        select proname as name, prosecdef as definer, proconfig as config from pg_proc
        where pronamespace in ('public'::regnamespace, 'vibetea'::regnamespace)`,
    )
    expect(rows.length).toBeGreaterThan(Object.keys(CALLS).length)
    expect(rows.filter(({ definer }) => definer).map(({ name }) => name)).toEqual(['count_events'])
    expect(rows.filter(({ config }) => !config?.includes('search_path=""'))).toEqual([])
  })
})
