import type { Consent, TeamMade } from '../../core/api.ts'
import { findNode } from './client.ts'
import type { Context } from './command.ts'
import { sharedLine } from './consent.ts'
import { inDialogue } from './dialogue.ts'
import type { EnterFlags } from './enter-team.ts'
import {
  askMember,
  lifeOptions,
  nameOfTeam,
  projectsToAsk,
  refuseSecondTeam,
  wishesOf,
} from './enter-team.ts'
import { personName, validName } from './person.ts'
import { keyCode } from './qr.ts'
import { settingsOf } from './settings.ts'
import type { recentProjects } from '../recent-projects.ts'
import { createTeam } from '../team-life.ts'

export interface CreateFlags extends EnterFlags {
  qr?: boolean
  json?: boolean
}

/** `vibetea create [name]`: makes a team and says how others come in. Without a person to ask nothing is shared. */
export async function create(
  context: Context,
  argument: string | undefined,
  flags: CreateFlags,
  find: typeof recentProjects,
): Promise<void> {
  const wishes = wishesOf(flags)
  const named = argument === undefined ? null : validName('The team name', argument)
  const settings = await settingsOf(context)
  const client = await findNode(settings.home)
  await refuseSecondTeam(settings.home, client)
  const { name, share, backfillMs } = wishes
  const isAsked = context.isInteractive && !flags.json
  const args: { teamName: string | null } & Consent = isAsked
    ? await inDialogue(context, async (dialogue) => {
        const sought = { settings, client, share }
        const projects = projectsToAsk(context, sought, find, dialogue.signal)
        dialogue.say(`Making ${nameOfTeam({ teamName: named }, 'a team')}.`)
        return { teamName: named, ...(await askMember(context, dialogue, wishes, projects)) }
      })
    : { teamName: named, name: await personName(context, name, null), share: share ?? 'none', backfillMs }
  const made = client
    ? await client.act<'create', TeamMade>('create', args)
    : await createTeam(lifeOptions(context, settings), args)
  const { teamId, teamKey, readOnlyKey, adminBackup } = made
  if (flags.json) {
    context.err(backupLines(adminBackup).join('\n'))
    return context.out(JSON.stringify({ teamId, teamKey, readOnlyKey }, null, 2))
  }
  for (const line of madeLines(args, made)) context.out(line)
  if (flags.qr) context.out(`\n${keyCode(teamKey, context.isTerminal)}`)
  if (!client) context.out('\nTeammates can reach you once your node runs: vibetea start')
}

function madeLines({ teamName, share }: { teamName: string | null } & Consent, made: TeamMade): string[] {
  return [
    `Made ${nameOfTeam({ teamName }, 'a team')}. ${sharedLine(share)}`,
    '',
    'Team key. Treat it as a password: anyone with this key can read and join until you rotate it.',
    '',
    made.teamKey,
    '',
    'Teammates join with this (without the key it asks, and the shell keeps no copy):',
    '',
    `vibetea join ${made.teamKey}`,
    '',
    ...backupLines(made.adminBackup),
  ]
}

function backupLines(path: string): string[] {
  return [
    `Admin backup: ${path}`,
    'Keep a copy elsewhere. Without it a lost laptop means that nobody can ever be removed from this team.',
  ]
}
