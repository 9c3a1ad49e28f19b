import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { openBrowser } from '../api/open-browser.ts'
import { START_CODE_MS } from '../api/tokens.ts'
import { DemoTeam } from '../demo-team.ts'
import { systemTimers } from '../system-timers.ts'
import type { Context } from './command.ts'
import { UI_DIRECTORY } from './run-node.ts'
import { launchDirectory } from './settings.ts'

/** How long everything may take to end. Nothing of it is kept, so nothing is lost where it takes longer. */
const ENDING_MS = 1500

/**
 * `vibetea demo`: runs until SIGINT or SIGTERM. All that it keeps lies in a temporary folder, which goes with the
 * process, however it ends by itself.
 */
export async function demo(context: Context, flags: { port?: string; open: boolean }): Promise<number> {
  const { env, signal, out, err } = context
  const directory = await mkdtemp(join(tmpdir(), 'vibetea-demo-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
  signal.addEventListener('abort', () => setTimeout(() => process.exit(0), ENDING_MS).unref(), { once: true })
  let team: DemoTeam
  try {
    team = await DemoTeam.start({
      directory,
      // A port of its own: what a browser keeps of the real dashboard is not the demo's.
      port: flags.port ?? '0',
      logLevel: env.VIBETEA_LOG_LEVEL || 'fatal',
      uiDirectory: UI_DIRECTORY,
      timers: systemTimers,
      random: randomBytes,
      signal,
      failed: (error) => err(`The demo cannot write a session: ${String(error)}`),
    })
  } catch (error) {
    if (signal.aborted) return 0
    throw error
  }
  const { visitor, home } = team
  out(`The demo is at ${visitor.url} (Ctrl-C ends it and leaves nothing behind)`)
  if (flags.open) {
    const options = { directory: launchDirectory(home), lifetimeMs: START_CODE_MS }
    const { isOpened } = await openBrowser(visitor.launchAddress(START_CODE_MS), options)
    if (!isOpened) out(`No browser could be started here; open ${visitor.launchAddress(START_CODE_MS)}`)
  }
  out(
    'You are Dana. Ada, Bruno, Chiyo and Emi are pretend teammates, and Finn watches: each with a node of their own on this machine.',
  )
  out(
    'Soon: an agent that waits for your permission, Bruno’s agent in the file that yours is in, and what Emi did on a plane.',
  )
  out(`In another terminal, with VIBETEA_HOME=${home}: vibetea open, who, tail, members, outbox.`)
  if (!(await hasGit())) err('Without git, which is missing here, nobody is seen to be in the same file.')
  if (!signal.aborted) await once(signal, 'abort')
  await team.stop()
  return 0
}

function hasGit(): Promise<boolean> {
  return new Promise((resolve) => execFile('git', ['--version'], (error) => resolve(error === null)))
}
