import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { START_CODE_MS } from '../api/tokens.ts'
import type { Opened } from '../api/open-browser.ts'
import { openBrowser } from '../api/open-browser.ts'
import { AlreadyRunningError } from '../home/lock.ts'
import { createLogger } from '../home/logger.ts'
import { VibeTeaNode } from '../node.ts'
import type { Context } from './command.ts'
import { launchDirectory, settingsOf } from './settings.ts'

/** The built dashboard, beside the built node. */
export const UI_DIRECTORY = fileURLToPath(new URL('../../ui/', import.meta.url))

/** `vibetea start`: runs until SIGINT or SIGTERM. The exit code. */
export async function start(context: Context, flags: { port?: string; open: boolean }): Promise<number> {
  const settings = await settingsOf(context, flags.port === undefined ? {} : { port: flags.port })
  const log = createLogger(settings.logLevel)
  const progress = progressLine(context)
  let node: VibeTeaNode
  try {
    node = await VibeTeaNode.start({
      settings,
      environment: { env: context.env, homeDirectory: context.homeDirectory },
      log,
      uiDirectory: UI_DIRECTORY,
      watches: true,
      archives: false,
      random: randomBytes,
      onProgress: progress,
    })
  } catch (error) {
    if (!(error instanceof AlreadyRunningError) || error.url === null) throw error
    context.out(`VibeTea already runs: ${error.url} (vibetea open opens it)`)
    return 0
  }
  context.out(`VibeTea is at ${node.url} (Ctrl-C ends it)`)
  const launched = flags.open ? await launch(node, settings.home, context) : null
  await new Promise<void>((resolve) => {
    if (context.signal.aborted) resolve()
    context.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await launched?.remove()
  await node.stop()
  return 0
}

/** Opens the dashboard; where that cannot be done the node goes on, and the person is told how to. */
async function launch(node: VibeTeaNode, home: string, context: Context): Promise<Opened | null> {
  try {
    const options = { directory: launchDirectory(home), lifetimeMs: START_CODE_MS }
    const opened = await openBrowser(node.launchAddress(START_CODE_MS), options)
    if (!opened.isOpened) context.out('No browser could be started here; see: vibetea open --print')
    return opened
  } catch (error) {
    context.err(
      `The dashboard could not be opened: ${String(error instanceof Error ? error.message : error)}`,
    )
    context.err('Open it with: vibetea open --print')
    return null
  }
}

/** Shows on a terminal how far the sessions that were there have been read; elsewhere nothing. */
function progressLine(context: Context): (done: number, total: number) => void {
  if (!context.isTerminal) return () => undefined
  return (done, total) => {
    context.status(done < total ? `Reading your sessions: ${done} of ${total} files` : '')
  }
}
