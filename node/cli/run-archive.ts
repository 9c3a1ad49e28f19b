import type { ArchiveStatus, StatusAnswer } from '../../core/api.ts'
import { VibeTeaError } from '../../core/errors.ts'
import { printable } from '../../core/printable.ts'
import type { Role } from '../../core/team-key.ts'
import type { Settings } from '../home/settings.ts'
import type { VibeTeaNode } from '../node.ts'
import { systemTimers } from '../system-timers.ts'
import { requireNode } from './client.ts'
import type { Context } from './command.ts'
import { startNode, untilEnded } from './run-node.ts'
import { SEARCH_MS, untilTaken } from './taking.ts'

/** A home that serves its team, and how. */
export interface Served {
  settings: Settings
  role: Role
  /** Ends when all that can be archived now has been. */
  once: boolean
}

/** Runs the node of `vibetea archive`, until SIGINT or SIGTERM where it does not end by itself. The exit code. */
export async function runArchive(context: Context, { settings, role, once }: Served): Promise<number> {
  const archives = settings.supabaseUrl !== null && role !== 'mirror'
  const node = await startNode(context, settings, {
    watches: false,
    archives,
    onProgress: () => undefined,
  })
  try {
    if (once) return await archiveOnce(context, settings, node)
    const what = archives ? 'archiver' : role === 'mirror' ? 'mirror' : 'node'
    context.out(`The team's ${what} is at ${node.url} (Ctrl-C ends it)`)
    await untilEnded(context)
    return 0
  } finally {
    await node.stop()
  }
}

const NOTHING_LOST = 'Nothing is lost: the next run goes on from there.'

/** Takes what teammates have, sends what the archive has not, and says what that was. */
async function archiveOnce(context: Context, { home }: Settings, node: VibeTeaNode): Promise<number> {
  const { signal, err } = context
  const client = await requireNode(home)
  const status = () => client.get<StatusAnswer>('/api/status')
  if (context.isTerminal) context.status('Taking what teammates have…')
  const taken = await untilTaken(status, systemTimers, signal)
  if (context.isTerminal) context.status('')
  if (taken && !taken.hasMet)
    err(`No teammate was reached within ${SEARCH_MS / 1000} s; what is here already is archived.`)
  if (taken && taken.missing > 0)
    err(`Nobody who is reached has ${taken.missing} blocks that were written; a later run takes them.`)
  try {
    if (taken) await node.drainArchive(signal)
  } catch (error) {
    if (!signal.aborted) {
      if (!(error instanceof VibeTeaError)) throw error
      err(error.sentence)
      err(NOTHING_LOST)
      return 1
    }
  }
  if (signal.aborted) {
    err(`Ended before all was archived. ${NOTHING_LOST}`)
    return 1
  }
  const { archive } = await status()
  if (!archive) throw new TypeError('there is no archiver in a team that is archived')
  for (const line of archivedLines(archive)) context.out(line)
  for (const { source, problem } of archive.held)
    err(printable(`Not taken: the log of ${source}. ${problem}`))
  if (archive.held.length === 0) return 0
  err(NOTHING_LOST)
  return 1
}

const number = new Intl.NumberFormat('en')

/** What has been archived since the start. */
export function archivedLines({
  sent,
  inserted,
  rejected,
}: Pick<ArchiveStatus, 'sent' | 'inserted' | 'rejected'>) {
  const lines = [
    sent === 0
      ? 'There was nothing new to archive.'
      : `Archived ${number.format(sent)} events; ${number.format(inserted)} of them were new there.`,
  ]
  const reasons = Object.entries(rejected).map(([error, count]) => `${number.format(count)} ${error}`)
  if (reasons.length > 0) lines.push(`The archive left out: ${reasons.join(', ')}.`)
  return lines
}
