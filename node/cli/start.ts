import type { StatusAnswer } from '../../core/api.ts'
import { VibeTeaError } from '../../core/errors.ts'
import { START_CODE_MS } from '../api/tokens.ts'
import type { Opened } from '../api/open-browser.ts'
import { openBrowser } from '../api/open-browser.ts'
import { AlreadyRunningError } from '../home/lock.ts'
import { readTeam } from '../home/team-file.ts'
import type { VibeTeaNode } from '../node.ts'
import { findNode } from './client.ts'
import type { Context } from './command.ts'
import { MIRROR_ARCHIVES_NOTHING, noArchive } from './no-archive.ts'
import { startNode, untilEnded } from './run-node.ts'
import { launchDirectory, settingsOf } from './settings.ts'

export interface StartFlags {
  port?: string
  open: boolean
  archive?: boolean
}

/** `vibetea start`: runs until SIGINT or SIGTERM. The exit code. Throws a `VibeTeaError`. */
export async function start(
  context: Context,
  { port, open, archive: archives = false }: StartFlags,
): Promise<number> {
  const settings = await settingsOf(context, port === undefined ? {} : { port })
  const { home } = settings
  if (archives && settings.supabaseUrl === null) throw noArchive()
  const onProgress = progressLine(context)
  let node: VibeTeaNode
  try {
    node = await startNode(context, settings, { watches: true, archives, onProgress })
  } catch (error) {
    if (!(error instanceof AlreadyRunningError) || error.url === null) throw error
    if (archives) await requireArchiver(home, error.url)
    context.out(`VibeTea already runs: ${error.url} (vibetea open opens it)`)
    return 0
  }
  context.out(`VibeTea is at ${node.url} (Ctrl-C ends it)`)
  if (archives) await sayWhatIsArchived(context, home)
  const launched = open ? await launch(node, home, context) : null
  await untilEnded(context)
  await launched?.remove()
  await node.stop()
  return 0
}

/** Throws a `VibeTeaError` `not_archiving` where the node that runs archives nothing. */
async function requireArchiver(home: string, url: string): Promise<void> {
  const status = await (await findNode(home))?.get<StatusAnswer>('/api/status')
  if (status?.archive) return
  throw new VibeTeaError(
    'not_archiving',
    `VibeTea already runs: ${url}. It archives nothing.`,
    'End it, with Ctrl-C where it was started, and start it again with: vibetea start --archive',
  )
}

async function sayWhatIsArchived({ out }: Context, home: string): Promise<void> {
  const team = await readTeam(home)
  if (!team) out('You are in no team; once you have made or joined one, its logs are archived.')
  else if (team.role === 'mirror') out(MIRROR_ARCHIVES_NOTHING)
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
