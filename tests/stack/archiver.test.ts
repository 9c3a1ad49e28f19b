import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { Archiver, type ArchiverOptions } from '../../archive/archiver.ts'
import type { ArchivedLog, ArchivedTeam, SignedBlock } from '../../archive/port.ts'
import type { Timers } from '../../core/timers.ts'
import { promptAt } from '../support/events.ts'
import { wrongHours } from './calls.ts'
import { Stack } from './stack.ts'
import { TestDevice, TestTeam } from './team.ts'

/** Waits of a second take so many times less. */
const FASTER = 10
const timers: Timers = {
  now: Date.now,
  after(ms, call) {
    const timer = setTimeout(call, ms / FASTER)
    return () => clearTimeout(timer)
  },
}

const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'))
const testTeam = new TestTeam()
const RECORD = bytes(testTeam.nextEpoch())
const PEOPLE = ['ada', 'bruno', 'chen', 'dora'].map((name) => new TestDevice(name))

/** The log of a device with so many signed batches of events of the last days. */
function logOf(
  device: TestDevice,
  batches: number,
  events: number,
): ArchivedLog & { certificate: Uint8Array } {
  const now = Date.now()
  const blocks = Array.from({ length: batches }, (_, seq): SignedBlock => {
    const all = Array.from({ length: events }, (_, i) => {
      const id = seq * events + i
      return promptAt(now - id * 60_000 - 1, { id, source: device.source })
    })
    const { signature, body } = testTeam.batch(device, seq, all)
    return { seq, batch: { signature: bytes(signature), body, events } }
  })
  return {
    core: device.source,
    source: device.source,
    floor: 0,
    length: batches,
    certificate: bytes(testTeam.certificate(device)),
    readSigned: async (seq, limit) => blocks.slice(seq, seq + limit),
    onAppend: () => () => undefined,
  }
}

function teamOf(logs: readonly ReturnType<typeof logOf>[]): ArchivedTeam {
  return {
    logs: () => logs,
    certificateOf: ({ core }) => logs.find((log) => log.core === core)!.certificate,
    records: () => [RECORD],
    onChange: () => () => undefined,
  }
}

let stack: Stack
beforeAll(async () => {
  stack = await Stack.start({ secrets: { VIBETEA_TEAM_ID: testTeam.idText }, isDurable: true })
})
afterAll(() => stack.stop())
beforeEach(() => stack.empty())

const archivers: Archiver[] = []
afterEach(async () => {
  stack.gateway.instead = null
  await Promise.all(archivers.splice(0).map((archiver) => archiver.close()))
})

/** An archiver that is fed by a team. */
async function archive(team: ArchivedTeam, options: Partial<ArchiverOptions> = {}): Promise<Archiver> {
  const archiver = new Archiver({
    team,
    cursors: {
      load: async () => new Map(),
      save: async () => undefined,
    },
    place: { url: stack.functionsUrl, key: null },
    fetch,
    timers,
    random: Math.random,
    intervalMs: 1000,
    retryLimit: 3,
    say: () => undefined,
    onChanged: () => undefined,
    onError: (error) => {
      throw error
    },
    ...options,
  })
  archivers.push(archiver)
  await archiver.start()
  return archiver
}

const behind = (archiver: Archiver) => archiver.status().behind

/** What the archive holds: its events, and the hours whose count is wrong. */
async function held(): Promise<{ events: number; wrong: unknown[] }> {
  const [row] = await stack.postgres.asSuperuser(
    (sql) => sql<{ count: number }>`select count(*)::int from public.events`,
  )
  return { events: row!.count, wrong: await wrongHours(stack) }
}

test('a database that is killed in the middle of 100,000 events has each of them in the end, once', async () => {
  const team = teamOf(PEOPLE.map((device) => logOf(device, 50, 500)))
  const archiver = await archive(team)
  await expect.poll(() => archiver.status().sent, { timeout: 20_000, interval: 5 }).toBeGreaterThan(20_000)
  await stack.postgres.kill()
  await expect.poll(() => archiver.status().state, { timeout: 20_000 }).toBe('retrying')
  expect(behind(archiver)).toBeGreaterThan(0)
  await stack.postgres.start()
  await expect.poll(() => behind(archiver), { timeout: 60_000 }).toBe(0)
  expect(archiver.status()).toMatchObject({
    state: 'idle',
    problem: null,
    held: [],
    rejected: {},
    sent: 100_000,
  })
  expect(await held()).toEqual({ events: 100_000, wrong: [] })
})

test('a function that fails, hangs, asks for time or is kept by its gateway gets everything in the end', async () => {
  const [ada, bruno] = PEOPLE as [TestDevice, TestDevice]
  const seen: string[] = []
  let calls = 0
  stack.gateway.instead = ({ url }, response) => {
    if (!url!.startsWith('/functions')) return false
    switch (calls++) {
      case 1:
        response.writeHead(500).end('{"error":"internal_error","message":"no"}')
        return true
      case 2:
        response.writeHead(429, { 'retry-after': '2' }).end()
        return true
      case 3:
        return true
      case 4:
        response.writeHead(401).end('{"message":"No API key found in request"}')
        return true
      case 5:
        response.socket!.destroy()
        return true
      default:
        return false
    }
  }
  const archiver = await archive(teamOf([logOf(ada, 25, 100), logOf(bruno, 25, 100)]), {
    onChanged: () => seen.push(archivers.at(-1)?.status().state ?? 'idle'),
    // As long as a real call needs on a busy machine, and no longer.
    timers: { now: Date.now, after: (ms, call) => timers.after(Math.min(ms, 2000 * FASTER), call) },
  })
  await expect.poll(() => behind(archiver), { timeout: 20_000 }).toBe(0)
  expect(new Set(seen)).toEqual(new Set(['idle', 'sending', 'retrying', 'refused']))
  expect(await held()).toEqual({ events: 5000, wrong: [] })
})

const DEATHS = ['before it sends', 'before it is answered', 'before it keeps how far it is'] as const

test('archivers that are killed at any moment leave nothing out and nothing twice', async () => {
  const team = teamOf(PEOPLE.map((device) => logOf(device, 60, 50)))
  const kept = new Map<string, number>()
  for (let life = 0; ; life++) {
    const lastCall = 1 + (life % 4)
    const death = DEATHS[life % DEATHS.length]
    let calls = 0
    let die = () => {}
    const dead = new Promise<'dead'>((resolve) => (die = () => resolve('dead')))
    const dying = () => {
      die()
      return new Promise<never>(() => undefined)
    }
    const archiver = await archive(team, {
      fetch: async (...args) => {
        const isLast = ++calls >= lastCall
        if (isLast && death === DEATHS[0]) return dying()
        const response = await fetch(...args)
        return isLast && death === DEATHS[1] ? dying() : response
      },
      cursors: {
        load: async () => new Map(kept),
        save: async (cursors) => {
          if (calls >= lastCall) return dying()
          for (const [core, cursor] of cursors) kept.set(core, cursor)
        },
      },
    })
    const end = await Promise.race([dead, archiver.drain().then(() => 'drained')])
    archivers.pop()
    if (end === 'drained') break
    expect(life).toBeLessThan(200)
  }
  expect(await held()).toEqual({ events: 12_000, wrong: [] })
})

test('two archivers of a team do each other no harm', async () => {
  const logs = PEOPLE.map((device) => logOf(device, 20, 250))
  const both = await Promise.all([archive(teamOf(logs)), archive(teamOf(logs.toReversed()))])
  await expect.poll(() => both.map(behind), { timeout: 20_000 }).toEqual([0, 0])
  expect(await held()).toEqual({ events: 20_000, wrong: [] })
})
