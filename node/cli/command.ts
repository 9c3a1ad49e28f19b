import { hostname, homedir } from 'node:os'
import process from 'node:process'
import type { Output } from './output.ts'

/** What a command has of the world. */
export interface Context extends Output {
  env: NodeJS.ProcessEnv
  homeDirectory: string
  hostname: string
  /** Aborted by SIGINT and SIGTERM. */
  signal: AbortSignal
}

/** The world as this process has it. Ctrl-C twice ends the process at once. */
export function processContext(): Context {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130)
      controller.abort()
    })
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that went away has what it wanted; on a full disk something is missing.
    if (error.code === 'EPIPE') process.exit(0)
    process.stderr.write(`The output cannot be written: ${error.message}.\n`)
    process.exit(1)
  })
  return {
    env: process.env,
    homeDirectory: homedir(),
    hostname: hostname(),
    signal: controller.signal,
    isTerminal: process.stdout.isTTY,
    status: (line) => void process.stdout.write(`\r\u001b[K${line}`),
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
  }
}
