import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freeUdpPort } from '../../node/free-port.ts'

/** The built command. */
const MAIN = fileURLToPath(new URL('../../node/cli/main.js', import.meta.url))
/** USER_HZ, in which Linux counts CPU time in /proc/<pid>/stat (proc(5)). */
const TICKS_PER_SECOND = 100

export type Variables = Record<string, string>

/** A machine of its own in a directory: the environment of its commands. */
export function machineIn(directory: string, name: string, more: Variables = {}) {
  return {
    HOME: directory,
    VIBETEA_HOME: join(directory, 'home'),
    VIBETEA_CLAUDE_DIR: join(directory, 'claude'),
    VIBETEA_SOURCE_ID: name,
    VIBETEA_PORT: '0',
    VIBETEA_LOG_LEVEL: 'error',
    ...more,
  }
}

export type Machine = ReturnType<typeof machineIn>

function start(args: readonly string[], variables: Variables, stderr: 'ignore' | 'inherit'): ChildProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VIBETEA|CLAUDE|CODEX|GEMINI)_/.test(name),
  )
  return spawn(process.execPath, [MAIN, ...args], {
    env: { ...Object.fromEntries(inherited), ...variables },
    stdio: ['ignore', 'pipe', stderr],
  })
}

/** Runs a command to its end; what it printed. */
export async function run(args: readonly string[], variables: Variables): Promise<string> {
  const child = start(args, variables, 'ignore')
  let out = ''
  child.stdout!.on('data', (chunk: Buffer) => (out += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`vibetea ${args[0]} ended with ${code}`)
  return out
}

/** Starts a command that goes on; resolves with what it prints first that looks so. */
async function startUntil(args: readonly string[], variables: Variables, sign: RegExp) {
  const child = start(args, variables, args[0] === 'start' ? 'inherit' : 'ignore')
  for await (const line of createInterface({ input: child.stdout! })) {
    const match = sign.exec(line)
    if (!match) continue
    child.stdout!.resume()
    return { child, said: match[0] }
  }
  throw new Error(`vibetea ${args[0]} ended`)
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, 'close')
  child.kill(signal)
  await ended
}

/** A bootstrap node of one's own on this machine, as its variable. */
export async function startBootstrap(): Promise<{ network: Variables; stop: () => Promise<void> }> {
  const port = String(await freeUdpPort('127.0.0.1'))
  const args = ['bootstrap', '--host', '127.0.0.1', '--port', port]
  const { child, said } = await startUntil(args, {}, /127\.0\.0\.1:\d+/)
  return { network: { VIBETEA_BOOTSTRAP: said }, stop: () => end(child, 'SIGTERM') }
}

/** A node in a process of its own. */
export interface NodeProcess {
  pid: number
  url: string
  token: string
  get<Answer>(path: string): Promise<Answer>
  stop: () => Promise<void>
}

/** Starts a node, with `start` or another command; resolves once its API answers. */
export async function startNode(
  machine: Machine,
  args: readonly string[] = ['start', '--no-open'],
): Promise<NodeProcess> {
  const { child, said } = await startUntil(args, machine, /http:\/\/127\.0\.0\.1:\d+/)
  const token = readFileSync(join(machine.VIBETEA_HOME, 'api-token'), 'utf8').trim()
  return {
    pid: child.pid!,
    url: said,
    token,
    async get<Answer>(path: string): Promise<Answer> {
      const response = await fetch(said + path, { headers: { authorization: `Bearer ${token}` } })
      if (!response.ok) throw new Error(`${path}: ${response.status}`)
      return (await response.json()) as Answer
    },
    stop: () => end(child, 'SIGTERM'),
  }
}

/** What a process costs; Linux only. */
export interface Cost {
  cpuPercent: number
  memoryMb: number
}

/** What processes cost on average while they are watched. */
export async function costsOf(pids: readonly number[], durationMs: number): Promise<Cost[]> {
  const before = pids.map(cpuSeconds)
  await sleep(durationMs)
  return pids.map((pid, i) => ({
    cpuPercent: ((cpuSeconds(pid) - before[i]!) / (durationMs / 1000)) * 100,
    memoryMb: memoryMb(pid),
  }))
}

export const memoryMb = (pid: number): number => statusMb(pid, 'VmRSS')

/** The most that it has had. */
export const peakMemoryMb = (pid: number): number => statusMb(pid, 'VmHWM')

function statusMb(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)![1]) / 1024
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Asks again until something is so. Throws after `timeoutMs`. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  { everyMs = 50, timeoutMs = 300_000 } = {},
): Promise<void> {
  for (const end = performance.now() + timeoutMs; !(await isSo());) {
    if (performance.now() > end) throw new Error(`${what} did not come about in ${timeoutMs / 1000} s`)
    await sleep(everyMs)
  }
}
