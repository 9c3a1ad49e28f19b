import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StatusAnswer } from '../../core/api.ts'
import type { Cost, Variables } from './processes.ts'
import { costsOf, machineIn, startNode, until } from './processes.ts'
import { Invented } from './sessions/invented.ts'
import { LAYOUTS } from './sessions/layouts.ts'
import { mixedSessions } from './sessions/mixed.ts'
import type { Figure } from './table.ts'
import { inTemporaryFolder } from './temporary.ts'

const FILES = 5000
const SETTLE_MS = 6000
const IDLE_MS = 30_000
const DAYS_MS = 30 * 86_400_000

/** The least that a process with a server on localhost costs. */
const BARE = "require('node:http').createServer().listen(0, '127.0.0.1', () => console.log('up'))"

/** A whole node that follows 5,000 session files in which nothing happens, beside a bare server; Linux only. */
export async function benchIdle(): Promise<Figure[]> {
  if (process.platform !== 'linux')
    throw new Error('the idle figures are read from /proc, which only Linux has')
  const bare = await bareCost()
  return [
    ...(await inTemporaryFolder((folder) => idleOn('of Claude Code', folder, claudeSessions(folder), bare))),
    ...(await inTemporaryFolder(async (folder) =>
      idleOn('of eight assistants', folder, await mixedSessions(folder, FILES), bare),
    )),
  ]
}

function claudeSessions(folder: string): Variables {
  const { adapter, write } = LAYOUTS.claude
  const directory = join(folder, adapter.assistant)
  for (let seed = 0; seed < FILES; seed++) {
    const writtenAt = new Date(Date.now() - (seed / FILES) * DAYS_MS)
    for (const path of write(directory, new Invented(seed), 2)) utimesSync(path, writtenAt, writtenAt)
  }
  return { [adapter.variable]: directory }
}

async function idleOn(what: string, folder: string, variables: Variables, bare: Cost): Promise<Figure[]> {
  const machine = machineIn(folder, 'idle', { ...variables, XDG_DATA_HOME: folder })
  return [
    figure(`${what}, after reading them all`, await nodeCost(machine), bare),
    figure(`${what}, after a restart`, await nodeCost(machine), bare),
  ]
}

function figure(what: string, cost: Cost, bare: Cost): Figure {
  const say = ({ cpuPercent, memoryMb }: Cost) =>
    `${cpuPercent.toFixed(2)} % of a core, ${memoryMb.toFixed(0)} MB`
  return {
    what: `idle node, ${FILES} files ${what}`,
    measured: say(cost),
    bare: say(bare),
    ratio: `${(cost.memoryMb / bare.memoryMb).toFixed(1)} (memory)`,
    target: '< 1 %, ≤ 150 MB after a restart',
  }
}

async function nodeCost(machine: ReturnType<typeof machineIn>): Promise<Cost> {
  const node = await startNode(machine)
  const isRead = async () =>
    (await node.get<StatusAnswer>('/api/status')).sources.every(({ backfill }) => backfill === null)
  await until(isRead, 'the end of the first reading', { everyMs: 200 })
  await sleep(SETTLE_MS)
  const [cost] = await costsOf([node.pid], IDLE_MS)
  await node.stop()
  return cost!
}

async function bareCost(): Promise<Cost> {
  const child = spawn(process.execPath, ['-e', BARE], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const [cost] = await costsOf([child.pid!], IDLE_MS)
  const ended = once(child, 'close')
  child.kill('SIGTERM')
  await ended
  return cost!
}
