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
const INPUT = JSON.stringify({
  session_id: '11111111-2222-4333-8444-555555555555',
  cwd: '/code/web-app',
  hook_event_name: 'PermissionRequest',
  tool_name: 'Bash',
  tool_input: { command: 'npm test' },
})

/** How long the assistant is kept by its hook: until nobody holds what it waits for. */
export async function benchHooks(): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'vibetea-bench-'))
  try {
    const machine = machineIn(directory, 'hooks')
    mkdirSync(machine.VIBETEA_CLAUDE_DIR)
    await run(['hooks', 'install'], machine)
    const command = commandIn(machine)
    const down = await figure('hook returns, no node', command)
    const node = await startNode(machine)
    const up = await figure('hook returns, node up', command)
    process.kill(node.pid, 'SIGSTOP')
    const hung = await figure('hook returns, node hung', command)
    process.kill(node.pid, 'SIGCONT')
    await node.stop()
    return [up, down, hung]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function commandIn({ VIBETEA_CLAUDE_DIR }: Machine): string {
  const text = readFileSync(join(VIBETEA_CLAUDE_DIR, 'settings.json'), 'utf8')
  const { hooks } = JSON.parse(text) as { hooks: Record<string, { hooks: { command: string }[] }[]> }
  return hooks.PermissionRequest![0]!.hooks[0]!.command
}

/** In turns with a shell that does nothing. */
async function figure(what: string, command: string): Promise<Figure> {
  const times: number[] = []
  const bare: number[] = []
  for (let i = 0; i < RUNS; i++) {
    times.push(await timeOf(command))
    await sleep(EVERY_MS)
    bare.push(await timeOf(':'))
  }
  const ratio = `${(quantile(times, 0.5) / quantile(bare, 0.5)).toFixed(1)}×`
  return { what, measured: shown(times), bare: `${shown(bare)}, \`sh -c :\``, ratio, target: TARGET }
}

const shown = (times: readonly number[]) =>
  `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms`

async function timeOf(command: string): Promise<number> {
  const from = performance.now()
  const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'] })
  // A shell that does nothing does not read it.
  child.stdin.on('error', () => undefined)
  child.stdin.end(INPUT)
  child.stdout.resume()
  child.stderr.resume()
  await once(child, 'close')
  return performance.now() - from
}
