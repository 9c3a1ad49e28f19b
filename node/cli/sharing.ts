import type { Sharing } from '../../core/rule.ts'
import process from 'node:process'
import { DURATION_FORM, parseDuration } from '../../core/duration.ts'
import { VibeTeaError } from '../../core/errors.ts'
import { projectKey } from '../../core/project-key.ts'
import { findNode } from './client.ts'
import type { Context } from './command.ts'
import type { EnteredTeam } from './enter-team.ts'
import { teamOfHome } from './enter-team.ts'
import { openHome } from '../home/home.ts'
import { decideOffline } from '../home/decide-offline.ts'
import type { SharingDecisions } from '../home/sharing.ts'
import { VERSION } from '../version.ts'
import { settingsOf } from './settings.ts'

type Verb = 'share' | 'private' | 'exclude'

const SHARING: Record<Verb, Sharing> = { share: 'shared', private: 'private', exclude: 'excluded' }
const SAYS: Record<Verb, string> = {
  share: 'is shared from now on',
  private: 'is recorded for you alone',
  exclude: 'is not recorded',
}

/** `vibetea share|private|exclude <project>`: through the running node, else for its next start. */
export async function setSharing(context: Context, verb: Verb, name: string): Promise<void> {
  const project = projectKey(name)
  const { home } = await settingsOf(context)
  const client = await findNode(home)
  if (client) await client.act(verb, { project })
  else await offline(home, context, (decisions) => decisions.setSharing(project, SHARING[verb], Date.now()))
  const condition = verb === 'share' ? sharedWhere(await teamOfHome(home, client)) : ''
  context.out(`${project} ${SAYS[verb]}${condition}.`)
}

function sharedWhere(team: EnteredTeam | null): string {
  if (!team) return ', once you are in a team'
  return team.role === 'member' ? '' : ', but not in this team, which you only watch'
}

/** `vibetea pause [duration]` */
export async function pause(context: Context, duration?: string): Promise<void> {
  const now = Date.now()
  const length = duration === undefined ? null : parseDuration(duration)
  if (duration !== undefined && length === null) {
    throw new VibeTeaError(
      'invalid_duration',
      `"${duration}" is not a length of time.`,
      `Write ${DURATION_FORM}.`,
    )
  }
  const until = length && now + length
  const { home } = await settingsOf(context)
  const client = await findNode(home)
  if (client) await client.act('pause', { until: until === null ? null : new Date(until).toISOString() })
  else await offline(home, context, (decisions) => decisions.pause(now, until))
  const end = until === null ? 'vibetea resume' : new Date(until).toLocaleString('sv')
  context.out(`Nothing is recorded until ${end}. What happens meanwhile is never recorded later.`)
}

/** `vibetea resume` */
export async function resume(context: Context): Promise<void> {
  const { home } = await settingsOf(context)
  const client = await findNode(home)
  if (client) await client.act('resume', {})
  else await offline(home, context, (decisions) => decisions.resume(Date.now()))
  context.out('Recording.')
}

async function offline(
  home: string,
  context: Context,
  decide: (decisions: SharingDecisions) => Promise<void>,
): Promise<void> {
  await openHome(home, context.err)
  const startedAt = new Date().toISOString()
  await decideOffline(home, { pid: process.pid, startedAt, version: VERSION }, decide)
}
