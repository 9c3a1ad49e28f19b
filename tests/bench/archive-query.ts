import type { Event } from '../../core/events.ts'
import { SECRET_KEY } from '../stack/keys.ts'
import type { Stack } from '../stack/stack.ts'
import type { Figure } from './table.ts'
import { quantile } from './table.ts'
import { madeUpBlocks } from './team-parts.ts'
import { withStack } from './with-stack.ts'

const TOKEN = 'subscriber-token'
const SOURCES = 20
const DAYS = 30
/** Rows of one insert, which the counts follow. */
const CHUNK = 250_000
/** Events whose payloads are used again and again. */
const TEMPLATES = 1000
const ROUNDS = 30

/** What a question to a large archive takes, what an event takes on disk, and what letting go of a day takes. */
export async function benchArchiveQuery(isFull: boolean): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const events of isFull ? [1_000_000, 10_000_000] : [1_000_000]) {
    figures.push(
      ...(await withStack({ secrets: { VIBETEA_SUBSCRIBER_TOKEN: TOKEN } }, (stack) =>
        figuresAt(stack, events),
      )),
    )
  }
  return figures
}

async function figuresAt(stack: Stack, events: number): Promise<Figure[]> {
  await fill(stack, events)
  const size = events.toLocaleString('en')
  return [await queries(stack, size), await sizes(stack, events, size), await purge(stack, size)]
}

/** Events of the last 30 days, evenly, whose ids are in no order. */
async function fill(stack: Stack, events: number): Promise<void> {
  const templates: Event[] = []
  for await (const lists of madeUpBlocks('cup-ybndrf', TEMPLATES, 100)) templates.push(...lists.flat())
  await stack.postgres.asSuperuser(async (sql) => {
    await sql`create table templates as
      select place - 1 as place, event ->> 'eventType' as event_type, event -> 'payload' as payload
      from jsonb_array_elements(${JSON.stringify(templates)}::text::jsonb) with ordinality as given(event, place)`
    for (let from = 0; from < events; from += CHUNK) {
      await sql.unsafe(`
        insert into public.events (id, source, "timestamp", event_type, payload)
        select
          'evt_' || substr(md5(n::text), 1, 20),
          'cup-' || substr('ybndrfg8ejkmcpqxot1uwisza345h769', 1 + n % ${SOURCES}, 6),
          now() - make_interval(secs => ${DAYS * 86_400} * (1 - n / ${events}::float8)),
          event_type,
          payload
        from generate_series(${from}, ${Math.min(from + CHUNK, events) - 1}) as n
        join templates on templates.place = n % ${TEMPLATES}`)
    }
    await sql.unsafe('vacuum analyze public.events')
    await sql.unsafe('vacuum analyze vibetea.events_hourly')
  })
}

async function queries(stack: Stack, size: string): Promise<Figure> {
  const milliseconds = { query: [] as number[], row: [] as number[], sql: [] as number[] }
  const timed = async (list: number[], work: () => Promise<unknown>) => {
    const from = performance.now()
    await work()
    list.push(performance.now() - from)
  }
  const get = async (url: string, headers: Record<string, string>) => {
    const response = await fetch(url, { headers })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return text
  }
  const ask = () => get(`${stack.functionsUrl}/query?days=30`, { authorization: `Bearer ${TOKEN}` })
  const row = () => get(`${stack.gateway.url}/rest/v1/events?select=id&limit=1`, { apikey: SECRET_KEY })
  const { aggregates } = JSON.parse(await ask()) as { aggregates: unknown[] }
  await stack.postgres.asSuperuser(async (sql) => {
    for (let round = 0; round < ROUNDS; round++) {
      await timed(milliseconds.query, ask)
      await timed(milliseconds.row, row)
      await timed(milliseconds.sql, () => sql`select public.get_hourly_aggregates_json(30)`)
    }
  })
  const say = (list: number[]) => `${quantile(list, 0.5).toFixed(1)} (${Math.max(...list).toFixed(0)})`
  return {
    what: `${size} events: query of 30 days, p50 (max) ms`,
    measured: `${say(milliseconds.query)}, ${aggregates.length.toLocaleString('en')} hours; in PostgreSQL alone ${say(milliseconds.sql)}`,
    bare: `${say(milliseconds.row)}, one row by PostgREST`,
    ratio: (quantile(milliseconds.query, 0.5) / quantile(milliseconds.row, 0.5)).toFixed(1),
    target: '',
  }
}

async function sizes(stack: Stack, events: number, size: string): Promise<Figure> {
  const [row] = await stack.postgres.asSuperuser((sql) =>
    sql.unsafe(`
      select
        pg_table_size('public.events')::float8 as rows,
        pg_indexes_size('public.events')::float8 as indexes,
        pg_total_relation_size('vibetea.events_hourly')::float8 as counts,
        (select avg(pg_column_size(events.*))::float8 from public.events tablesample system (1)) as row`),
  )
  const { rows, indexes, counts, row: bare } = row as Record<'rows' | 'indexes' | 'counts' | 'row', number>
  const each = (bytes: number) => (bytes / events).toFixed(0)
  return {
    what: `${size} events: on disk`,
    measured: `${each(rows + indexes + counts)} B an event: rows ${each(rows)}, keys and indexes ${each(indexes)}, counts ${each(counts)}`,
    bare: `${bare.toFixed(0)} B, a row alone`,
    ratio: ((rows + indexes + counts) / events / bare).toFixed(2),
    target: '',
  }
}

/** The oldest day goes; beside the same delete without what counts. */
async function purge(stack: Stack, size: string): Promise<Figure> {
  return stack.postgres.asSuperuser(async (sql) => {
    const timed = async (text: string) => {
      const from = performance.now()
      await sql.unsafe(text)
      return (performance.now() - from) / 1000
    }
    const ours = () => timed(`begin; select public.purge_events(${DAYS - 1}); rollback`)
    const bare = () =>
      timed(`begin; alter table public.events disable trigger count_removed;
        delete from public.events where "timestamp" < now() - make_interval(days => ${DAYS - 1}); rollback`)
    const times = { bare: [await bare()], ours: [await ours()] }
    times.bare.push(await bare())
    times.ours.push(await ours())
    const [row] = await sql.unsafe(`select public.purge_events(${DAYS - 1})::integer as purged`)
    const seconds = (list: number[]) => Math.min(...list)
    return {
      what: `${size} events: the oldest day goes`,
      measured: `${seconds(times.ours).toFixed(2)} s, ${(row!.purged as number).toLocaleString('en')} events`,
      bare: `${seconds(times.bare).toFixed(2)} s, nothing counted`,
      ratio: (seconds(times.ours) / seconds(times.bare)).toFixed(1),
      target: '',
    }
  })
}
