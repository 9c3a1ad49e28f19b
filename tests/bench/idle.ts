import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { StatusAnswer } from '../../core/api.ts'
import { sessionText } from './claude-sessions.ts'
import type { Figure } from './table.ts'

const FILES = 5000
const FOLDERS = 300
const IDLE_MS = 30_000
const DAYS_MS = 30 * 86_400_000
/** USER_HZ, in which Linux counts CPU time in /proc/<pid>/stat (proc(5)). */
const TICKS_PER_SECOND = 100

const MAIN = fileURLToPath(new URL('../../node/cli/main.js', import.meta.url))
/** The least that a process with a server on localhost costs. */
const BARE = "require('node:http').createServer().listen(0, '127.0.0.1', () => console.log('up'))"

interface Cost {
  cpuPercent: number
  memoryMb: number
}

/** A whole node that follows 5,000 session files in which nothing happens, beside a bare server; Linux only. */
export async function benchIdle(): Promise<Figure[]> {
  if (process.platform !== 'linux')
    throw new Error('the idle figures are read from /proc, which only Linux has')
  const directory = mkdtempSync(join(tmpdir(), 'vibetea-idle-'))
  try {
    const variables = { VIBETEA_HOME: join(directory, 'home'), VIBETEA_CLAUDE_DIR: join(directory, 'claude') }
    for (let i = 0; i < FILES; i++) {
      const folder = join(variables.VIBETEA_CLAUDE_DIR, 'projects', `-code-project-${i % FOLDERS}`)
      mkdirSync(folder, { recursive: true })
      const id = `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`
      const path = join(folder, `${id}.jsonl`)
      writeFileSync(path, sessionText(i, 2, id))
      // As after a month of work: a few of today, the rest older.
      const writtenAt = new Date(Date.now() - (i / FILES) * DAYS_MS)
      utimesSync(path, writtenAt, writtenAt)
    }
    const first = await nodeCost(variables)
    const again = await nodeCost(variables)
    const bare = await costOf(spawn(process.execPath, ['-e', BARE], { stdio: ['ignore', 'pipe', 'inherit'] }))
    return [figure('after reading them all', first, bare), figure('after a restart', again, bare)]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function figure(when: string, cost: Cost, bare: Cost): Figure {
  const say = ({ cpuPercent, memoryMb }: Cost) =>
    `${cpuPercent.toFixed(2)} % of a core, ${memoryMb.toFixed(0)} MB`
  return {
    what: `idle node, ${FILES} files in ${FOLDERS} folders, ${when}`,
    measured: say(cost),
    bare: say(bare),
    ratio: `${(cost.memoryMb / bare.memoryMb).toFixed(1)} (memory)`,
    target: '< 1 %, ≤ 150 MB after a restart',
  }
}

async function nodeCost(variables: Record<string, string>): Promise<Cost> {
  const env = { ...process.env, ...variables, VIBETEA_PORT: '0', VIBETEA_LOG_LEVEL: 'error' }
  const child = spawn(process.execPath, [MAIN, 'start', '--no-open'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const match = /http:\/\/127\.0\.0\.1:\d+/.exec(chunk.toString())
      if (match) resolve(match[0])
    })
  })
  const authorization = `Bearer ${readFileSync(join(variables.VIBETEA_HOME!, 'api-token'), 'utf8').trim()}`
  for (;;) {
    const status = (await (
      await fetch(`${url}/api/status`, { headers: { authorization } })
    ).json()) as StatusAnswer
    if (status.sources.every(({ backfill }) => backfill === null)) break
    await sleep(200)
  }
  await sleep(5000)
  return costOf(child)
}

/** What a process costs while nothing happens; ends it. */
async function costOf(child: ChildProcess): Promise<Cost> {
  await sleep(1000)
  const before = cpuSeconds(child.pid!)
  await sleep(IDLE_MS)
  const cpuPercent = ((cpuSeconds(child.pid!) - before) / (IDLE_MS / 1000)) * 100
  const memoryMb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGTERM')
  await ended
  return { cpuPercent, memoryMb }
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}
