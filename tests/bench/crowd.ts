import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StatusAnswer } from '../../core/api.ts'
import type { CrowdTask } from './crowd-peers.ts'
import type { Cost, Machine } from './processes.ts'
import { costsOf, machineIn, run, startBootstrap, startNode, until } from './processes.ts'
import type { Figure } from './table.ts'

const SETTLE_MS = 10_000
const IDLE_MS = 30_000

interface Crowd {
  what: string
  peers: number
  events: number
  perBlock: number
  target: string
}

/** People who let an assistant work: 1,000 events a day of each, of which some go together. */
const days = (count: number): Crowd => ({
  what: `10 teammates, ${count} days of 1,000 events of each in blocks of 10`,
  peers: 10,
  events: count * 1000,
  perBlock: 10,
  target: '< 1 %; ≤ 200 MB at first, ≤ 150 MB after a restart',
})
const MANY: Crowd = {
  what: '50 teammates, 1,000 blocks of one event each',
  peers: 50,
  events: 1000,
  perBlock: 1,
  target: '',
}

/** One node among many teammates: what it costs when it has all their logs, and after a restart. */
export async function benchCrowd(isFull: boolean): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const crowd of isFull ? [days(30), MANY] : [days(3)]) figures.push(...(await among(crowd)))
  return figures
}

async function among(crowd: Crowd): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'vibetea-crowd-'))
  const { network, stop } = await startBootstrap()
  const machine = machineIn(join(directory, 'machine'), 'pot', network)
  mkdirSync(machine.HOME, { recursive: true })
  const made = await run(['create', 'bench', '--share', 'none', '--name', 'Ada', '--json'], machine)
  const { teamKey } = JSON.parse(made) as { teamKey: string }
  const { peers, events, perBlock } = crowd
  const bootstrap = network.VIBETEA_BOOTSTRAP!
  const task: CrowdTask = { directory, bootstrap, teamKey, peers, events, perBlock }
  const others = fork(new URL('./crowd-peers.js', import.meta.url), [JSON.stringify(task)])
  try {
    await once(others, 'message')
    const first = await nodeAmong(machine, crowd)
    const again = await nodeAmong(machine, crowd)
    return [
      figure(crowd, `after the first sync (${first.syncSeconds.toFixed(0)} s)`, first),
      figure(crowd, 'after a restart', again),
    ]
  } finally {
    others.kill('SIGKILL')
    await stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

function figure({ what, target }: Crowd, when: string, { cpuPercent, memoryMb }: Cost): Figure {
  const measured = `${cpuPercent.toFixed(2)} % of a core, ${memoryMb.toFixed(0)} MB`
  return { what: `${what}: idle ${when}`, measured, bare: '', ratio: '', target }
}

/** Starts the node, waits until it is connected with all and has indexed their logs, and ends it. */
async function nodeAmong(machine: Machine, { peers, events, perBlock }: Crowd) {
  const from = performance.now()
  const node = await startNode(machine)
  try {
    const hasAll = async () => {
      const status = await node.get<StatusAnswer>('/api/status')
      const full = status.logs.filter(
        ({ kind, blocks, behind }) => kind === 'team' && blocks >= events / perBlock && behind === 0,
      )
      const direct = status.peers.filter(({ connection }) => connection === 'direct')
      return full.length === peers && direct.length === peers
    }
    await until(hasAll, 'all logs', { everyMs: 500 })
    const syncSeconds = (performance.now() - from) / 1000
    await sleep(SETTLE_MS)
    const [cost] = await costsOf([node.pid], IDLE_MS)
    return { ...cost!, syncSeconds }
  } finally {
    await node.stop()
  }
}
