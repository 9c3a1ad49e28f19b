import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StatusAnswer } from '../../core/api.ts'
import type { CrowdTask } from './crowd-peers.ts'
import type { Machine, Variables } from './processes.ts'
import { machineIn, memoryMb, peakMemoryMb, run, startBootstrap, startNode, until } from './processes.ts'
import type { Figure } from './table.ts'
import { withStack } from './with-stack.ts'

const LOGS = 20
const PER_BLOCK = 100
const SETTLE_MS = 10_000
/** What is left at the end does not wait for the next minute. */
const SOON: Variables = { VIBETEA_SUPABASE_BATCH_INTERVAL_SECS: '1' }

/** `vibetea archive` takes the logs of a whole team and feeds a real archive; beside the same without an archive. */
export async function benchArchiveMemory(isFull: boolean): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const events of isFull ? [20_000, 100_000] : [10_000]) figures.push(await memory(events))
  return figures
}

async function memory(events: number): Promise<Figure> {
  const directory = mkdtempSync(join(tmpdir(), 'vibetea-archive-'))
  const { network, stop } = await startBootstrap()
  const machine = (name: string, more: Variables = {}) => {
    return machineIn(join(directory, name), 'pot', { ...network, ...more })
  }
  const founder = machine('founder')
  mkdirSync(founder.HOME, { recursive: true })
  const made = await run(['create', 'bench', '--share', 'none', '--name', 'Ada', '--json'], founder)
  const { teamId, teamKey } = JSON.parse(made) as { teamId: string; teamKey: string }
  const bootstrap = network.VIBETEA_BOOTSTRAP!
  const task: CrowdTask = { directory, bootstrap, teamKey, peers: LOGS, events, perBlock: PER_BLOCK }
  const others = fork(new URL('./crowd-peers.js', import.meta.url), [JSON.stringify(task)])
  try {
    await once(others, 'message')
    const home = (name: string) => cpSync(founder.HOME, join(directory, name), { recursive: true })
    home('without')
    const bare = await archiveAll(machine('without'), events)
    home('with')
    const ours = await withStack({ secrets: { VIBETEA_TEAM_ID: teamId } }, (stack) =>
      archiveAll(machine('with', { ...SOON, VIBETEA_SUPABASE_URL: stack.functionsUrl }), events),
    )
    return {
      what: `${LOGS} logs of ${events.toLocaleString('en')} events fetched, indexed and archived: memory at most, and after it`,
      measured: say(ours),
      bare: `${say(bare)}, nothing archived`,
      ratio: `${(ours.peakMb / bare.peakMb).toFixed(2)}, ${(ours.afterMb / bare.afterMb).toFixed(2)}`,
      target: '',
    }
  } finally {
    others.kill('SIGKILL')
    await stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

interface Measured {
  peakMb: number
  afterMb: number
  seconds: number
}

const say = ({ peakMb, afterMb, seconds }: Measured) =>
  `${peakMb.toFixed(0)} MB, ${afterMb.toFixed(0)} MB (in ${seconds.toFixed(0)} s)`

/** Runs the node until it has all logs, in its index and in the archive where it has one. */
async function archiveAll(machine: Machine, events: number): Promise<Measured> {
  const from = performance.now()
  const node = await startNode(machine, ['archive'])
  try {
    await until(
      async () => {
        const { logs, archive } = await node.get<StatusAnswer>('/api/status')
        const full = logs.filter(
          ({ kind, blocks, behind }) => kind === 'team' && blocks >= events / PER_BLOCK && behind === 0,
        )
        return full.length === LOGS && (archive?.behind ?? 0) === 0
      },
      'all logs',
      { everyMs: 1000, timeoutMs: 1_800_000 },
    )
    const seconds = (performance.now() - from) / 1000
    await sleep(SETTLE_MS)
    return { peakMb: peakMemoryMb(node.pid), afterMb: memoryMb(node.pid), seconds }
  } finally {
    await node.stop()
  }
}
