import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Machine } from './processes.ts'
import { machineIn, run, startNode } from './processes.ts'
import type { Figure } from './table.ts'
import { quantile } from './table.ts'

const RUNS = Number(process.env.VIBETEA_BENCH_HOOKS ?? 100)
/** The process of one is over by the next: a session has few. */
const EVERY_MS = 150
const TARGET = 'p99 ≤ 50 ms'

/** How long the assistant is kept by its hook: until nobody holds what it waits for. */
export async function benchHooks(): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'vibetea-bench-'))
  try {
    const machine = machineIn(directory, 'hooks')
    mkdirSync(machine.VIBETEA_CLAUDE_DIR)
    await run(['hooks', 'install'], machine)
    const command = commandIn(machine)
    const bare = await times(':')
    const down = await times(command)
    const node = await startNode(machine)
    const up = await times(command)
    process.kill(node.pid, 'SIGSTOP')
    const hung = await times(command)
    process.kill(node.pid, 'SIGCONT')
    await node.stop()
    return [
      figure('hook returns, node up', up, bare),
      figure('hook returns, no node', down, bare),
      figure('hook returns, node stopped', hung, bare),
    ]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function commandIn({ VIBETEA_CLAUDE_DIR }: Machine): string {
  const text = readFileSync(join(VIBETEA_CLAUDE_DIR, 'settings.json'), 'utf8')
  const { hooks } = JSON.parse(text) as { hooks: Record<string, { hooks: { command: string }[] }[]> }
  return hooks.PermissionRequest![0]!.hooks[0]!.command
}

async function times(command: string): Promise<number[]> {
  const input = JSON.stringify({
    session_id: '11111111-2222-4333-8444-555555555555',
    cwd: '/code/web-app',
    hook_event_name: 'PermissionRequest',
    tool_name: 'Bash',
    tool_input: { command: 'npm test' },
  })
  const times: number[] = []
  for (let i = 0; i < RUNS; i++) {
    const from = performance.now()
    const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'] })
    // A command that does not read it, as the bare one.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    child.stdout.resume()
    child.stderr.resume()
    await once(child, 'close')
    times.push(performance.now() - from)
    await sleep(EVERY_MS)
  }
  return times
}

const shown = (times: readonly number[]) =>
  `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms`

function figure(what: string, times: readonly number[], bare: readonly number[]): Figure {
  const ratio = (quantile(times, 0.5) / quantile(bare, 0.5)).toFixed(1)
  return { what, measured: shown(times), bare: `\`sh -c :\` ${shown(bare)}`, ratio, target: TARGET }
}
