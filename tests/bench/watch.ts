import { execFile } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, utimesSync, watch, writeFileSync } from 'node:fs'
import { mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Cursor, CursorStore } from '../../node/sources/tail-port.ts'
import { Tail } from '../../node/sources/tail.ts'
import { systemTimers } from '../../node/system-timers.ts'
import { printTable, quantile, type Figure } from './table.ts'

const FILES = 5000
const FOLDERS = 300
const IDLE_MS = 10_000
const APPENDS = 500
/** Between two of them; long enough that each is noticed by itself. */
const APPEND_EVERY_MS = 15
const CHILD = '--watch-child'

interface Measured {
  startMs: number
  memoryMb: number
  watches: number
  idlePercent: number
  latenciesMs: number[]
  appendCpuMs: number
}

/** What follows files: `noticed` is called with the bytes of each append. */
type Follow = (directory: string, noticed: () => void) => Promise<{ watches: number }>

/**
 * Watching 5,000 session files in 300 folders, as after a restart when nothing has changed: start, memory, idle CPU,
 * and from an append to its line; against one fs.watch a folder and a read, each in a process of its own.
 */
export async function benchWatch(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'vibetea-bench-watch-'))
  try {
    layOut(directory)
    await savePlaces(directory)
    const [ours, bare] = [await measureIn('ours', directory), await measureIn('bare', directory)]
    const row = (what: string, unit: string, target: string, of: (measured: Measured) => number): Figure => ({
      what,
      measured: `${of(ours).toFixed(1)}${unit}`,
      bare: `${of(bare).toFixed(1)}${unit}`,
      ratio: (of(ours) / of(bare)).toFixed(1),
      target,
    })
    return [
      row('start', ' ms', '≤ 300 ms', ({ startMs }) => startMs),
      row('memory', ' MB', '≤ 50 MB', ({ memoryMb }) => memoryMb),
      row('watches', '', 'one a folder', ({ watches }) => watches),
      row('idle, of one core', ' %', '< 1 %', ({ idlePercent }) => idlePercent),
      row('append → line, p50', ' ms', '', ({ latenciesMs }) => quantile(latenciesMs, 0.5)),
      row('append → line, p99', ' ms', '', ({ latenciesMs }) => quantile(latenciesMs, 0.99)),
      row('CPU for an append', ' ms', '', ({ appendCpuMs }) => appendCpuMs),
    ]
  } finally {
    await rm(directory, { recursive: true })
  }
}

const folderOf = (directory: string, n: number) => join(directory, 'projects', `folder-${n % FOLDERS}`)
const fileOf = (directory: string, n: number) => join(folderOf(directory, n), `${n}.jsonl`)
const placesOf = (directory: string) => join(directory, 'places.json')

/** Files of a month, none of which was written within the last hour. */
function layOut(directory: string): void {
  for (let n = 0; n < FOLDERS; n++) mkdirSync(folderOf(directory, n), { recursive: true })
  for (let n = 0; n < FILES; n++) {
    writeFileSync(fileOf(directory, n), '{"type":"user"}\n'.repeat(50))
    const time = new Date(Date.now() - 3_600_000 - (n / FILES) * 30 * 86_400_000)
    utimesSync(fileOf(directory, n), time, time)
  }
}

async function savePlaces(directory: string): Promise<void> {
  const cursors: Cursor[] = []
  const tail = tailOf(directory, () => undefined, {
    load: () => Promise.resolve([]),
    save: (moved) => Promise.resolve(void cursors.push(...moved)),
    remove: () => Promise.resolve(),
  })
  await tail.start()
  await tail.close()
  writeFileSync(placesOf(directory), JSON.stringify(cursors))
}

const none = new Error('nothing but lines is followed')

function tailOf(directory: string, noticed: () => void, cursors: CursorStore): Tail {
  return new Tail({
    timers: systemTimers,
    roots: [
      {
        directory: join(directory, 'projects'),
        formOf: (name) => (name.endsWith('.jsonl') ? 'lines' : null),
      },
    ],
    cursors,
    sink: {
      begin: () => undefined,
      lines: (_path, lines) => {
        if (lines.length > 0) noticed()
        return Promise.resolve(Infinity)
      },
      forget: () => undefined,
    },
    documents: { document: () => Promise.reject(none), forget: () => undefined },
    databases: { changes: () => Promise.reject(none), forget: () => undefined },
    problems: { problem: (_path, message) => console.error(message), solved: () => undefined },
  })
}

const ours: Follow = async (directory, noticed) => {
  const tail = tailOf(directory, noticed, {
    load: () => Promise.resolve(JSON.parse(readFileSync(placesOf(directory), 'utf8')) as Cursor[]),
    save: () => Promise.resolve(),
    remove: () => Promise.resolve(),
  })
  await tail.start()
  return { watches: tail.status.watched }
}

const bare: Follow = async (directory, noticed) => {
  const projects = join(directory, 'projects')
  const buffer = Buffer.alloc(256 * 1024)
  const read = async (path: string) => {
    const handle = await open(path)
    const { size } = await handle.stat()
    await handle.read(buffer, 0, buffer.length, Math.max(0, size - 16))
    await handle.close()
    noticed()
  }
  const folders = [projects, ...(await readdir(projects)).map((name) => join(projects, name))]
  for (const folder of folders) watch(folder, (_kind, name) => void (name && read(join(folder, name))))
  return { watches: folders.length }
}

async function measure(follow: Follow, directory: string): Promise<Measured> {
  let noticed: () => void = () => undefined
  const memoryBefore = process.memoryUsage.rss()
  const from = performance.now()
  const { watches } = await follow(directory, () => noticed())
  const startMs = performance.now() - from
  await sleep(1000)
  const memoryMb = (process.memoryUsage.rss() - memoryBefore) / 1e6
  const idle = process.cpuUsage()
  await sleep(IDLE_MS)
  const { user, system } = process.cpuUsage(idle)

  const latenciesMs: number[] = []
  const busy = process.cpuUsage()
  // The first append to a file after a restart reads the file anew; what counts here are those that follow.
  for (let i = -20; i < APPENDS; i++) {
    const path = fileOf(directory, ((i + 20) % 20) * 7)
    const line = new Promise<void>((resolve) => (noticed = resolve))
    const at = performance.now()
    appendFileSync(path, '{"type":"user"}\n')
    await line
    if (i >= 0) latenciesMs.push(performance.now() - at)
    await sleep(APPEND_EVERY_MS)
  }
  const spent = process.cpuUsage(busy)
  return {
    startMs,
    memoryMb,
    watches,
    idlePercent: (user + system) / 1000 / (IDLE_MS / 100),
    latenciesMs,
    appendCpuMs: (spent.user + spent.system) / 1000 / (APPENDS + 20),
  }
}

async function measureIn(which: 'ours' | 'bare', directory: string): Promise<Measured> {
  const self = fileURLToPath(import.meta.url)
  const options = { maxBuffer: 16 * 1024 * 1024 }
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...process.execArgv, self, CHILD, which, directory],
    options,
  )
  return JSON.parse(stdout) as Measured
}

if (process.argv[2] === CHILD) {
  const measured = await measure(process.argv[3] === 'ours' ? ours : bare, process.argv[4]!)
  process.stdout.write(JSON.stringify(measured), () => process.exit())
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  printTable('Watching 5,000 files in 300 folders', await benchWatch())
}
