import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** The built command, as `npx vibetea` runs it. */
export const MAIN = fileURLToPath(new URL('../../dist/node/cli/main.js', import.meta.url))

type Variables = Record<string, string | undefined>

/** This process's environment without anything that names an assistant's or VibeTea's own directories. */
export function cleanEnvironment(variables: Variables): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VIBETEA|CLAUDE|CODEX|GEMINI|OPENCODE|COPILOT|QWEN|PI)_|^XDG_DATA_HOME$/.test(name),
  )
  return { ...Object.fromEntries(inherited), ...variables }
}

export interface Finished {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs one command to its end. */
export function vibetea(args: readonly string[], variables: Variables): Promise<Finished> {
  return start(args, variables).finished
}

/** Starts a command, until `signal` ends it; what it has printed so far, and its end. */
export function start(
  args: readonly string[],
  variables: Variables,
  signal?: AbortSignal,
): { stdout(): string; finished: Promise<Finished> } {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: cleanEnvironment(variables),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  signal?.addEventListener('abort', () => child.kill(), { once: true })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const finished = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }))
  return { stdout: () => stdout, finished }
}

export interface RunningNode {
  url: string
  /** Its home, as this process sees it. */
  home: string
  process: ChildProcess
  /** What it has written to stderr so far. */
  log(): string
  get<Answer>(path: string): Promise<Answer>
  token(): string
  /** Ends it with a signal; the exit code and how long it took, in ms. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; tookMs: number }>
}

/** Runs a command that starts a node, and waits for the line with its address. It is killed when the test ends. */
export async function startNode(
  variables: Variables & { VIBETEA_HOME: string },
  { tmpfs, args = ['start', '--no-open'] }: { tmpfs?: string; args?: readonly string[] } = {},
): Promise<RunningNode> {
  const command = [process.execPath, MAIN, ...args]
  const [program, ...programArgs] =
    tmpfs === undefined ? command : onSmallDisk(tmpfs, variables.VIBETEA_HOME, command)
  const child = spawn(program!, programArgs, {
    env: cleanEnvironment({ VIBETEA_PORT: '0', ...variables }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const closed = once(child, 'close') as Promise<[number | null]>
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const address = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const match = /http:\/\/127\.0\.0\.1:\d+/.exec(line)
      if (match) return match[0]
    }
    throw new Error(`the node ended without an address:\n${stderr}`)
  })()
  const url = await address
  child.stdout.resume()
  const seen = tmpfs === undefined ? '' : `/proc/${child.pid}/root`
  const home = join(seen, variables.VIBETEA_HOME)
  const token = () => readFileSync(join(home, 'api-token'), 'utf8').trim()
  return {
    url,
    home,
    process: child,
    log: () => stderr,
    token,
    async get<Answer>(path: string): Promise<Answer> {
      const response = await fetch(url + path, { headers: { authorization: `Bearer ${token()}` } })
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return (await response.json()) as Answer
    },
    async end(signal) {
      const from = performance.now()
      child.kill(signal)
      const [code] = await closed
      return { code, tookMs: performance.now() - from }
    },
  }
}

/** The same command in a mount namespace of its own (Linux), where a disk of `size` lies at `path`. */
function onSmallDisk(size: string, path: string, command: readonly string[]): string[] {
  const script = 'mount -t tmpfs -o "size=$0,mode=700" tmpfs "$1" && shift && exec "$@"'
  const flags = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user']
  return ['unshare', ...flags, 'sh', '-c', script, size, path, ...command]
}

/** Asks again until the answer is right, for at most twenty seconds; the last answer. */
export async function until<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
  const end = performance.now() + 20_000
  // What takes long is asked for more and more seldom: many ask at once on one machine.
  for (let pauseMs = 20; ; pauseMs = Math.min(200, pauseMs * 1.5)) {
    const answer = await ask()
    if (isRight(answer) || performance.now() > end) return answer
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
