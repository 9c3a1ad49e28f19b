import { hostname, homedir, userInfo } from 'node:os'
import process from 'node:process'
import type { Readable, Writable } from 'node:stream'
import { isatty } from 'node:tty'
import type { Output } from './output.ts'

/** What a command has of the world. */
export interface Context extends Output {
  env: NodeJS.ProcessEnv
  homeDirectory: string
  hostname: string
  /** Of the account that this runs in; '' where the system does not tell. */
  userName: string
  /** Where keys and answers come from. */
  readonly stdin: Readable
  /** Where questions are written. */
  readonly questions: Writable
  /** Whether somebody is there who can be asked. */
  isInteractive: boolean
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
    userName: userName(),
    // Opened by those that read it alone.
    get stdin() {
      return process.stdin
    },
    questions: process.stderr,
    isInteractive: isatty(0) && isatty(2),
    signal: controller.signal,
    isTerminal: process.stdout.isTTY,
    status: (line) => void process.stdout.write(`\r\u001b[K${line}`),
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
  }
}

/** A container may run as a user that no list of accounts has. */
function userName(): string {
  try {
    return userInfo().username
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return ''
    throw error
  }
}
