import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { StatsBy } from '../../core/api.ts'
import { handleOf } from '../../core/handle.ts'
import type { Arrival, ArrivalStore } from '../../node/index/port.ts'
import { Index } from '../../node/index/index.ts'
import { columnsOf, INSERT_EVENTS } from '../../node/index/rows.ts'
import { Database } from '../../node/sqlite.ts'
import { MadeUpLog } from './index-log.ts'
import type { Figure } from './table.ts'
import { printTable, quantile } from './table.ts'

const NOW = Date.parse('2026-11-20T10:00:00.000Z')
const DAYS = 30
const LOGS = 5
const ROUNDS = 40
const BATCH = 1000

/** All blocks came at once, as after a first sync. */
class FirstSync implements ArrivalStore {
  readonly orderId = 'bench'
  readonly #ranges: Arrival[] = []

  all(): Promise<Arrival[]> {
    return Promise.resolve([...this.#ranges])
  }

  note(core: string, seq: number, blocks: number, receivedAt: number): Promise<Arrival> {
    const last = this.#ranges.at(-1)
    const range = { number: last ? last.number + last.blocks : 0, core, seq, blocks, receivedAt }
    this.#ranges.push(range)
    return Promise.resolve(range)
  }
}

/** The figures of the index at `size` events. */
export async function benchIndex(size = 1_000_000): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'vibetea-bench-'))
  try {
    const logs = Array.from({ length: LOGS }, (_, i) => {
      return new MadeUpLog(i, size / LOGS, NOW - DAYS * 86_400_000, NOW)
    })
    const bare = await bareInserts(join(directory, 'bare.db'), logs)
    const path = join(directory, 'index.db')
    const log = (level: string, message: string) => console.error(`${level}: ${message}`)
    const index = await Index.open(path, { arrivals: new FirstSync(), now: () => NOW, log })
    const delay = monitorEventLoopDelay({ resolution: 1 })
    const cpuBefore = process.cpuUsage()
    const start = performance.now()
    delay.enable()
    for (const each of logs) index.follow(each)
    await index.caughtUp()
    delay.disable()
    const seconds = (performance.now() - start) / 1000
    const cpu = process.cpuUsage(cpuBefore)
    const figures = [
      {
        what: `indexing ${size.toLocaleString('en')} events`,
        measured: `${perSecond(size / seconds)}, ${((cpu.user + cpu.system) / size).toFixed(1)} µs of CPU each`,
        bare: perSecond(size / bare),
        ratio: (seconds / bare).toFixed(1),
        target: '≥ 30k/s',
      },
      {
        what: 'event-loop delay meanwhile, p99 (max)',
        measured: `${ms(delay.percentile(99) / 1e6)} (${ms(delay.max / 1e6)})`,
        bare: '–',
        ratio: '–',
        target: 'p99 ≤ 10 ms',
      },
    ]
    figures.push(...(await queries(index)))
    await index.close()
    const bytes = (await stat(path)).size / size
    figures.splice(2, 0, {
      what: 'on disk',
      measured: `${Math.round(bytes)} B an event`,
      bare: '–',
      ratio: '–',
      target: '≤ 300 B',
    })
    return figures
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The same rows, without an index, search or rollups: how many seconds. */
async function bareInserts(path: string, logs: readonly MadeUpLog[]): Promise<number> {
  const db = await Database.open(path)
  await db.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
     CREATE TABLE events (row INTEGER PRIMARY KEY, id, scope, type, at, received_at, detail, timestamp, carried)`,
  )
  const start = performance.now()
  let row = 0
  for (const log of logs) {
    for (let seq = 0; seq < log.length; seq += BATCH / 100) {
      const blocks = await log.read(seq, BATCH / 100)
      const rows = blocks
        .flatMap(({ events }) => events)
        .map((event) => {
          const at = Date.parse(event.timestamp)
          return columnsOf({ row: ++row, receivedAt: NOW, event, at, isAhead: false, carried: row }, 1)
        })
      await db.run(INSERT_EVENTS, [JSON.stringify(rows)])
    }
  }
  const seconds = (performance.now() - start) / 1000
  await db.close()
  return seconds
}

async function queries(index: Index): Promise<Figure[]> {
  const feed = (query: object) => () => index.events({ limit: 500, order: 'arrival', ...query })
  const stats = (options: { by: StatsBy; days?: number; timeZone?: string; source?: string[] }) => () =>
    index.stats({ days: 30, timeZone: 'Europe/Berlin', ...options })
  const [newest] = (await index.events({ limit: 1, order: 'arrival' })).events
  const handle = handleOf(newest!.payload.sessionId)
  const { next } = await index.events({ limit: 1000, order: 'arrival' })
  const day = NOW - 10 * 86_400_000
  const works: [what: string, work: () => Promise<unknown>][] = [
    ['heatmap, 30 days', () => index.heatmap({ days: 30, timeZone: 'Europe/Berlin' })],
    ['sessions', () => index.sessions()],
    ['feed, newest 500', feed({})],
    ['feed, older 500', feed({ before: next! })],
    ['feed in time order, 500', feed({ order: 'time' })],
    ['feed, project and type', feed({ project: ['project-7'], type: ['tool'] })],
    ['feed, rare type (1 in 500)', feed({ type: ['error'] })],
    ['feed, rare type of one source', feed({ type: ['error'], source: [newest!.source] })],
    ['feed, a session', feed({ session: newest!.payload.sessionId })],
    ['feed, an hour ten days ago', feed({ from: day, to: day + 3_600_000 })],
    ['feed, a day ten days ago, project', feed({ from: day, to: day + 86_400_000, project: ['project-7'] })],
    ['feed in time order, day, project', feed({ order: 'time', to: day, project: ['project-7'] })],
    ['search, file (`file-1234`)', feed({ q: 'file-1234' })],
    ['search, prefix (`file-12`)', feed({ q: 'file-12' })],
    ['search, every file (`file-`)', feed({ q: 'file-' })],
    ['search, one letter (`e`)', feed({ q: 'e' })],
    [`search, session (\`${handle}\`)`, feed({ q: handle })],
    ['search, two words (`edit project-7`)', feed({ q: 'edit project-7' })],
    ['counts by tool, 7 days', stats({ by: 'tool', days: 7 })],
    ['counts by tool, 30 days', stats({ by: 'tool' })],
    ['counts by project, 30 days', stats({ by: 'project' })],
    ['counts by day, 30 days', stats({ by: 'day' })],
    ['counts by day, 30 days in India', stats({ by: 'day', timeZone: 'Asia/Kolkata' })],
    ['counts by model of one source, 30 days', stats({ by: 'model', source: [newest!.source] })],
    ['counts of today', stats({ by: 'source', days: 1 })],
    ['overlaps', () => index.overlaps('nobody')],
    ['overlaps of 24 hours', () => index.meetings('nobody', NOW - 86_400_000, NOW)],
    ['timeline, 4 hours', () => index.timeline({ from: NOW - 4 * 3_600_000, to: NOW, stepMs: 300_000 })],
    ['timeline, 24 hours', () => index.timeline({ from: NOW - 86_400_000, to: NOW, stepMs: 300_000 })],
  ]
  const figures: Figure[] = []
  for (const [what, work] of works) {
    for (let i = 0; i < 3; i++) await work()
    const times: number[] = []
    for (let i = 0; i < ROUNDS; i++) {
      const start = performance.now()
      await work()
      times.push(performance.now() - start)
    }
    figures.push({
      what: `${what}, p50 (max)`,
      measured: `${ms(quantile(times, 0.5))} (${ms(Math.max(...times))})`,
      bare: '–',
      ratio: '–',
      target: '≤ 10 (20) ms',
    })
  }
  return figures
}

const ms = (value: number): string => `${value.toFixed(1)} ms`
const perSecond = (value: number): string => `${Math.round(value / 1000)}k/s`

if (process.argv[1] === import.meta.filename) {
  printTable('Index', await benchIndex(Number(process.argv[2] ?? 1_000_000)))
}
