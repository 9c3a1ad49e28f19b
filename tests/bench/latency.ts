import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'
import type { ServerMessage } from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import type { Draft } from '../../core/rule.ts'
import { systemTimers } from '../../node/system-timers.ts'
import { startApi } from '../../node/api/server.ts'
import { Tokens } from '../../node/api/tokens.ts'
import { NodeBackend } from '../../node/backend.ts'
import { projectsOf, ruleOf, TagKeys } from '../../node/device.ts'
import { Membership } from '../../node/membership.ts'
import { createLogger } from '../../node/home/logger.ts'
import { readSettings } from '../../node/home/settings.ts'
import { Batcher } from '../../node/log/batcher.ts'
import { recordedIn } from '../../node/recorded.ts'
import { ADAPTERS } from '../../node/sources/adapters.ts'
import { Recorder } from '../../node/sources/recorder.ts'
import { Sources } from '../../node/sources/sources.ts'
import type { Closes } from '../../node/stores.ts'
import { closeAll, openStores } from '../../node/stores.ts'
import { promptLine } from './prompt-line.ts'
import type { Figure } from './table.ts'
import { quantile } from './table.ts'

/** Lines a second. */
export const RATES = [1, 20, 200]
/** Lines at each rate; a thousand at one a second would take a quarter of an hour. */
const LINES = Number(process.env.VIBETEA_BENCH_LINES ?? 0)
export const linesAt = (rate: number): number => LINES || (rate === 1 ? 60 : 1000)

/** Times of one line, ms of `performance.now()`. */
type Hop = 'written' | 'read' | 'stored' | 'indexed' | 'received'
type Times = Partial<Record<Hop, number>>

const SESSION = '11111111-2222-4333-8444-555555555555'
/** Each line is a prompt of its own millisecond, by which it is recognised all along the way. */
const FIRST_AT = Date.now() - 3_600_000

const line = (n: number): string => promptLine(SESSION, n, FIRST_AT)

export interface Writing {
  path: string
  /** The n-th line. */
  line: (n: number) => string
  first: number
  count: number
  /** Lines a second. */
  rate: number
}

/** Writes lines evenly and waits until all have come, at most ten seconds. */
export async function writeLines(
  { path, line, first, count, rate }: Writing,
  onWritten: (n: number) => void,
  missing: () => number,
): Promise<void> {
  const from = performance.now()
  for (let i = 0; i < count; i++) {
    const due = from + (i * 1000) / rate
    const wait = due - performance.now()
    if (wait > 1) await sleep(wait)
    onWritten(first + i)
    appendFileSync(path, line(first + i))
  }
  for (const end = performance.now() + 10_000; missing() > 0 && performance.now() < end;) await sleep(10)
}

/** The whole node in this process, with a mark at every hop. */
async function nodeTimes(interval: number): Promise<Map<number, Times[]>> {
  const directory = mkdtempSync(join(tmpdir(), 'vibetea-latency-'))
  const closes: Closes = []
  try {
    const times = new Map<number, Times>()
    const mark = (hop: Hop, n: number) => {
      const known = times.get(n) ?? {}
      known[hop] ??= performance.now()
      times.set(n, known)
    }
    const numberOf = (event: Event) =>
      event.eventType === 'activity' && event.payload.kind === 'prompt'
        ? Date.parse(event.timestamp) - FIRST_AT
        : null
    const markAll = (hop: Hop, events: readonly Event[]) => {
      for (const event of events) {
        const n = numberOf(event)
        if (n !== null) mark(hop, n)
      }
    }
    const environment = { env: {}, homeDirectory: directory }
    const settings = readSettings({
      env: { VIBETEA_HOME: join(directory, 'home'), VIBETEA_CLAUDE_DIR: join(directory, 'claude') },
      flags: {},
      configText: null,
      homeDirectory: directory,
      hostname: 'bench',
      workingDirectory: directory,
    })
    const log = createLogger('error')
    const path = join(directory, 'claude', 'projects', '-code-web-app', `${SESSION}.jsonl`)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, '')
    const stores = await openStores({ settings, log, random: randomBytes, now: Date.now }, closes)
    const { device, sharing, state, privateLog, index } = stores
    const batcher = new Batcher((blocks) => privateLog.append(blocks), systemTimers)
    const recorder = new Recorder({
      rule: ruleOf(device, settings, sharing),
      projects: projectsOf(device, directory),
      recorded: recordedIn(index, device.source),
      append: async (events, isLive) => {
        await batcher.add(events, !isLive)
        markAll('stored', events)
      },
      settled: () => index.caughtUp(),
      now: Date.now,
    })
    const record = recorder.record.bind(recorder)
    recorder.record = (drafts: readonly Draft[]) => {
      for (const { at, fact } of drafts) if (fact.type === 'prompt') mark('read', at - FIRST_AT)
      return record(drafts)
    }
    const sources = new Sources({
      adapters: ADAPTERS,
      directories: settings.directories,
      environment,
      recorder,
      cursors: state.cursors,
      timers: systemTimers,
      onProgress: () => undefined,
      onProblem: () => undefined,
      onError: (error) => {
        throw error
      },
    })
    index.onRows((rows) => markAll('indexed', rows))
    const tokens = new Tokens({ randomBytes, now: Date.now })
    const membership = await Membership.open({
      ...stores,
      settings,
      archives: false,
      tagKeys: new TagKeys(device.key),
      timers: systemTimers,
      random: randomBytes,
      utcOffsetAt: () => 0,
      log,
      history: async function* () {
        // It is in no team.
      },
      onError: (error) => {
        throw error
      },
    })
    const backend = new NodeBackend({
      ...stores,
      settings,
      sources,
      membership,
      history: null,
      utcOffsetAt: () => 0,
      now: Date.now,
    })
    const uiDirectory = join(import.meta.dirname, '../../ui')
    const api = await startApi({
      backend,
      port: 0,
      uiDirectory,
      tokens,
      clock: systemTimers,
      version: 'bench',
      log,
    })
    closes.push(() => api.close())
    await sources.start()
    closes.push(() => sources.close())
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/ws?type=activity&interval=${interval}`, [
      'vibetea.v1',
      `bearer.${tokens.api}`,
    ])
    await new Promise((resolve) => socket.once('message', resolve))
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as ServerMessage
      if (message.type === 'events') markAll('received', message.events)
    })
    const byRate = new Map<number, Times[]>()
    let first = 1
    for (const rate of RATES) {
      const count = linesAt(rate)
      const numbers = Array.from({ length: count }, (_, i) => first + i)
      const missing = () => numbers.filter((n) => times.get(n)?.received === undefined).length
      await writeLines({ path, line, first, count, rate }, (n) => mark('written', n), missing)
      byRate.set(
        rate,
        numbers.map((n) => times.get(n)!),
      )
      first += count
    }
    socket.close()
    return byRate
  } finally {
    await closeAll(closes)
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The least that the way costs: write, fs.watch, read, parse, WebSocket. */
export async function bareTimes(): Promise<Map<number, number[]>> {
  const directory = mkdtempSync(join(tmpdir(), 'vibetea-bare-'))
  const path = join(directory, 'bare.jsonl')
  writeFileSync(path, '')
  const file = openSync(path, 'r')
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`)
  await new Promise((resolve) => socket.once('open', resolve))
  const buffer = Buffer.alloc(1024 * 1024)
  let rest = ''
  const watcher = watch(directory, () => {
    const length = readSync(file, buffer, 0, buffer.length, null)
    const lines = (rest + buffer.toString('utf8', 0, length)).split('\n')
    rest = lines.pop()!
    for (const text of lines) {
      const { timestamp } = JSON.parse(text) as { timestamp: string }
      for (const client of server.clients) client.send(String(Date.parse(timestamp) - FIRST_AT))
    }
  })
  try {
    const byRate = new Map<number, number[]>()
    for (const rate of RATES) {
      const count = Math.min(linesAt(rate), 10 * rate + 20)
      const writtenAt = new Map<number, number>()
      const latencies: number[] = []
      const receive = (data: Buffer) =>
        latencies.push(performance.now() - writtenAt.get(Number(data.toString()))!)
      socket.on('message', receive)
      await writeLines(
        { path, line, first: 1, count, rate },
        (n) => writtenAt.set(n, performance.now()),
        () => count - latencies.length,
      )
      socket.off('message', receive)
      byRate.set(rate, latencies)
    }
    return byRate
  } finally {
    watcher.close()
    closeSync(file)
    socket.close()
    server.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

const HOPS: [what: string, from: Hop, to: Hop][] = [
  ['noticed, read, parsed', 'written', 'read'],
  ['signed and in the log', 'read', 'stored'],
  ['in the index', 'stored', 'indexed'],
  ['sent and received', 'indexed', 'received'],
]

const ms = (value: number): string => value.toFixed(1)
const pair = (values: readonly number[]): string =>
  `${ms(quantile(values, 0.5))} / ${ms(quantile(values, 0.99))}`

/** Line written → event on `/ws`, p50 / p99 in ms, in all and by hop. */
export async function benchLatency(): Promise<Figure[]> {
  const bare = await bareTimes()
  const figures: Figure[] = []
  for (const interval of [10, 100]) {
    for (const [rate, times] of await nodeTimes(interval)) {
      const between = (from: Hop, to: Hop) =>
        times.map((hops) => hops[to]! - hops[from]!).filter((x) => !Number.isNaN(x))
      const all = between('written', 'received')
      const least = bare.get(rate)!
      const lost = times.length - all.length
      figures.push({
        what: `${rate} lines/s, /ws?interval=${interval}: p50 / p99 ms${lost > 0 ? ` (${lost} LOST)` : ''}`,
        measured: pair(all),
        bare: pair(least),
        ratio: (quantile(all, 0.5) / quantile(least, 0.5)).toFixed(1),
        target: rate === 200 ? '≤ 25 / 50' : '≤ 8 / 30',
      })
      if (interval !== 10) continue
      for (const [what, from, to] of HOPS) {
        figures.push({
          what: `– ${what}`,
          measured: pair(between(from, to)),
          bare: '',
          ratio: '',
          target: '',
        })
      }
    }
  }
  return figures
}
