import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import process from 'node:process'
import { parseArgs } from 'node:util'
import installPackages from '../support/needs-stack.ts'
import { PUBLISHABLE_KEY } from './keys.ts'
import type { Program } from './program.ts'

const DEFAULT_PORT = 54321
/** The functions' secrets, by the names that they have in a hosted project. */
const SECRETS = ['VIBETEA_TEAM_ID', 'VIBETEA_PUBLIC_KEYS', 'VIBETEA_SUBSCRIBER_TOKEN'] as const

/**
 * `npm run stack`: an archive on this machine for trying things out, until SIGINT or SIGTERM; what it holds goes with
 * it. The functions' secrets are those of the environment. Prints what nodes have to set. `load` imports the stack once
 * its packages are there. The exit code.
 */
export async function main(
  args: readonly string[],
  load: () => Promise<typeof import('./stack.ts')>,
): Promise<number> {
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  const port = portOf(args)
  if (port === null) {
    say(`Usage: npm run stack -- [--port ${DEFAULT_PORT}]`)
    return 2
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    say(`The archive of this machine alone runs on Linux x64, not on ${process.platform} ${process.arch}.`)
    say('Use a hosted project instead: docs/archive.md.')
    return 1
  }
  const given = SECRETS.map((name) => [name, process.env[name] ?? ''] as const)
  const secrets = Object.fromEntries(given.filter(([, value]) => value !== ''))
  if (!secrets.VIBETEA_TEAM_ID && !secrets.VIBETEA_PUBLIC_KEYS) {
    say('Whose archive is it? Set VIBETEA_TEAM_ID, which `vibetea create --json` prints as teamId.')
    return 1
  }
  const token = secrets.VIBETEA_SUBSCRIBER_TOKEN ?? randomBytes(24).toString('base64url')

  const stopping = new AbortController()
  const stop = () => stopping.abort()
  process.on('SIGINT', stop).on('SIGTERM', stop)
  installPackages()
  const { Stack } = await load()
  const stack = await Stack.start({
    secrets: { ...secrets, VIBETEA_SUBSCRIBER_TOKEN: token },
    port,
  }).catch(portTaken)
  if (!stack) {
    say(`Port ${port} is in use. Another one: npm run stack -- --port <port>`)
    return 1
  }
  for (const program of stack.functions) logOf(program)
  say('An archive runs on this machine (Ctrl-C ends it, with all that it holds). Nodes set this:')
  process.stdout.write(
    [
      `VIBETEA_SUPABASE_URL=${stack.functionsUrl}`,
      `VIBETEA_SUPABASE_KEY=${PUBLISHABLE_KEY}`,
      `VIBETEA_SUBSCRIBER_TOKEN=${token}\n`,
    ].join('\n'),
  )
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
  await stack.stop()
  return 0
}

/** null for what is no command line of this. */
function portOf(args: readonly string[]): number | null {
  try {
    const { values } = parseArgs({ args: [...args], options: { port: { type: 'string' } } })
    const port = Number(values.port ?? DEFAULT_PORT)
    return Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : null
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}

function portTaken(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return null
  throw error
}

/** A function's own log, which its answers send people to. */
function logOf({ process: { stderr } }: Program): void {
  stderr!.pipe(process.stderr, { end: false })
}
