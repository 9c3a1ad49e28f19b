import { setImmediate as nextTurn } from 'node:timers/promises'
import type { IngestAnswer } from '../../core/archive.ts'
import { Archiver } from '../../archive/archiver.ts'
import type { ArchivedLog, ArchivedTeam } from '../../archive/port.ts'
import { systemTimers } from '../../node/system-timers.ts'
import { SECRET_KEY } from '../stack/keys.ts'
import type { Stack } from '../stack/stack.ts'
import { BenchArchiveTeam, callsOf, rowsOf, type SignedLog } from './archive-team.ts'
import type { Figure } from './table.ts'
import { quantile } from './table.ts'
import { withStack } from './with-stack.ts'

const LOGS = 5
const ROUNDS = 3
const JSON_TYPE = { 'content-type': 'application/json' }

/** Signed logs into a real archive, one call after the other, beside the same rows by ever less of the way. */
export async function benchArchive(isFull: boolean): Promise<Figure[]> {
  const team = new BenchArchiveTeam()
  const secrets = { VIBETEA_TEAM_ID: team.id }
  const figures = await withStack({ secrets, isDurable: true }, async (stack) => {
    const figures: Figure[] = []
    for (const perBlock of [100, 20, 1]) {
      const events = isFull && perBlock > 1 ? 100_000 : 20_000
      figures.push(await throughput(stack, team, events, perBlock))
    }
    return figures
  })
  for (const [what, logs, perBlock] of [
    ['2 batches of 500', 1, 500],
    ['10 batches of 100', 5, 100],
    ['1000 batches of one event, of 64 devices', 64, 1],
  ] as const) {
    figures.push(await withStack({ secrets }, (stack) => cpuOfCall(stack, team, what, logs, perBlock)))
  }
  return figures
}

async function throughput(
  stack: Stack,
  team: BenchArchiveTeam,
  events: number,
  perBlock: number,
): Promise<Figure> {
  const logs = await team.logs(LOGS, events / LOGS, perBlock)
  const calls = callsOf(logs, team.record)
  const lists = rowsOf(logs)
  const ways = {
    archiver: () => archive(stack, team, logs),
    calls: () => send(stack, calls),
    api: () => insertByApi(stack, lists),
    bare: () => insertBare(stack, lists),
  }
  type Way = keyof typeof ways
  const seconds: Record<Way, number[]> = { archiver: [], calls: [], api: [], bare: [] }
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of Object.keys(ways) as Way[]) {
      await emptyAll(stack)
      const from = performance.now()
      await ways[way]()
      seconds[way].push((performance.now() - from) / 1000)
      await expectRows(stack, way === 'bare' ? 'bare_events' : 'public.events', events)
    }
  }
  const rate = (way: Way) => events / quantile(seconds[way], 0.5)
  const say = (way: Way) => Math.round(rate(way)).toLocaleString('en')
  return {
    what: `${events.toLocaleString('en')} events, ${perBlock} a block: archiver, gateway, function, PostgREST, PostgreSQL`,
    measured: `${say('archiver')} events/s (${say('calls')} with calls that were prepared)`,
    bare: `${say('api')} events/s, the rows by PostgREST; ${say('bare')}, straight into a bare table`,
    ratio: `${(rate('archiver') / rate('api')).toFixed(2)}; ${(rate('archiver') / rate('bare')).toFixed(2)}`,
    target: perBlock === 100 ? '≥ 20k/s' : '',
  }
}

async function archive(stack: Stack, team: BenchArchiveTeam, logs: readonly SignedLog[]): Promise<void> {
  const fail = (error: unknown) => {
    throw error
  }
  const archiver = new Archiver({
    team: archivedTeam(team, logs),
    cursors: { load: () => Promise.resolve(new Map()), save: () => Promise.resolve() },
    place: { url: stack.functionsUrl, key: null },
    fetch,
    timers: systemTimers,
    random: Math.random,
    intervalMs: 60_000,
    retryLimit: 1,
    say: (level, sentence) => level !== 'info' && fail(new Error(sentence)),
    onChanged: () => undefined,
    onError: fail,
  })
  await archiver.start()
  await archiver.drain()
  await archiver.close()
}

/** The logs as a node hands them over, without the reading and decrypting of their blocks. */
function archivedTeam(team: BenchArchiveTeam, logs: readonly SignedLog[]): ArchivedTeam {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))
  const certificates = new Map(logs.map(({ source, certificate }) => [source, bytes(certificate)]))
  const archived = logs.map(({ source, batches }): ArchivedLog => ({
    core: source,
    source,
    floor: 0,
    length: batches.length,
    // Lets go of the event loop, as a log on disk does.
    readSigned: async (seq, limit) => {
      await nextTurn()
      return batches.slice(seq, seq + limit).map(({ signature, body, events }, i) => ({
        seq: seq + i,
        batch: { signature, body, events: events.length },
      }))
    },
    onAppend: () => () => undefined,
  }))
  return {
    logs: () => archived,
    certificateOf: ({ source }) => certificates.get(source)!,
    records: () => [bytes(team.record)],
    onChange: () => () => undefined,
  }
}

async function send(stack: Stack, calls: readonly string[]): Promise<void> {
  for (const body of calls) {
    const response = await fetch(`${stack.functionsUrl}/ingest`, { method: 'POST', headers: JSON_TYPE, body })
    const answer = (await response.json()) as IngestAnswer
    if (!response.ok || answer.rejected.length > 0) throw new Error(JSON.stringify(answer).slice(0, 500))
  }
}

/** The same rows by what the function calls, through the gateway and PostgREST. */
async function insertByApi(stack: Stack, lists: readonly string[]): Promise<void> {
  for (const list of lists) {
    const response = await fetch(`${stack.gateway.url}/rest/v1/rpc/bulk_insert_events?columns=events`, {
      method: 'POST',
      headers: { ...JSON_TYPE, apikey: SECRET_KEY },
      body: `{"events":${list}}`,
    })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
  }
}

/** The least: the same rows into a table with the same keys, nothing checked or counted. */
async function insertBare(stack: Stack, lists: readonly string[]): Promise<void> {
  await stack.postgres.asSuperuser(async (sql) => {
    for (const list of lists) {
      await sql`insert into bare_events (id, source, "timestamp", event_type, payload)
        select * from jsonb_to_recordset(${list}::text::jsonb)
          as (id text, source text, "timestamp" timestamptz, event_type text, payload jsonb)`
    }
  })
}

async function emptyAll(stack: Stack): Promise<void> {
  await stack.empty()
  await stack.postgres.asSuperuser((sql) =>
    sql.unsafe(`drop table if exists bare_events;
      create table bare_events (like public.events including defaults including indexes)`),
  )
}

async function expectRows(stack: Stack, table: string, events: number): Promise<void> {
  const [row] = await stack.postgres.asSuperuser((sql) =>
    sql.unsafe(`select count(*)::integer as count from ${table}`),
  )
  if (row!.count !== events) throw new Error(`${String(row!.count)} of ${events} events are in ${table}`)
}

/** CPU that the function takes for a call of 1000 events, all its threads: its first one, and those after it. */
async function cpuOfCall(
  stack: Stack,
  team: BenchArchiveTeam,
  what: string,
  devices: number,
  perBlock: number,
): Promise<Figure> {
  const CALLS = 11
  const logs = await team.logs(devices, Math.ceil((CALLS * 1000) / devices / perBlock) * perBlock, perBlock)
  const calls = callsOf(logs, team.record).slice(0, CALLS)
  const cpuOf = async (work: () => Promise<unknown>) => {
    const before = stack.ingest.cpuMs
    await work()
    return stack.ingest.cpuMs - before
  }
  const first = await cpuOf(() => send(stack, calls.slice(0, 1)))
  const later = (await cpuOf(() => send(stack, calls.slice(1)))) / (CALLS - 1)
  // The same bytes, read and parsed, in which it finds nothing that it knows.
  const bare = (await cpuOf(() => sendUnknown(stack, calls.slice(1)))) / (CALLS - 1)
  return {
    what: `CPU of the function for a call with ${what}`,
    measured: `${later.toFixed(0)} ms, its first ${first} ms`,
    bare: `${bare.toFixed(0)} ms, the same bytes read and parsed`,
    ratio: (later / bare).toFixed(1),
    target: '≤ 1000 ms of 2000',
  }
}

async function sendUnknown(stack: Stack, calls: readonly string[]): Promise<void> {
  for (const call of calls) {
    const body = call.replace('"batches":', '"botches":')
    const response = await fetch(`${stack.functionsUrl}/ingest`, { method: 'POST', headers: JSON_TYPE, body })
    await response.text()
    if (response.status !== 401) throw new Error(`it answers ${response.status}`)
  }
}
