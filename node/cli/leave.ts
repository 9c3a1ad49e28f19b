import { VibeTeaError } from '../../core/errors.ts'
import { findNode } from './client.ts'
import type { Context } from './command.ts'
import { inDialogue } from './dialogue.ts'
import { UsageError } from './ends.ts'
import { lifeOptions, nameOfTeam, teamOfHome } from './enter-team.ts'
import { settingsOf } from './settings.ts'
import type { TeamLifeOptions } from '../team-life.ts'

/** `vibetea leave`: the exit code; 1 where the person stays after all. */
export async function leave(
  context: Context,
  flags: { yes?: boolean },
  leaveTeam: (options: TeamLifeOptions) => Promise<void>,
): Promise<number> {
  const settings = await settingsOf(context)
  const client = await findNode(settings.home)
  const team = await teamOfHome(settings.home, client)
  if (!team) throw new VibeTeaError('no_team', 'This home is in no team.', 'There is nothing to leave.')
  const name = nameOfTeam(team, 'the team')
  if (!flags.yes && !(await isSure(context, name))) {
    context.out(`You stay in ${name}.`)
    return 1
  }
  if (client) await client.act('leave', {})
  else await leaveTeam(lifeOptions(context, settings))
  context.out(`You have left ${name}. Your own history is still here; nothing more is shared.`)
  return 0
}

async function isSure(context: Context, team: string): Promise<boolean> {
  if (!context.isInteractive) {
    throw new UsageError('Nobody can be asked here whether to leave.', 'Say it: vibetea leave --yes')
  }
  const answer = await inDialogue(context, (dialogue) => {
    dialogue.say(
      [
        `Leaving ${team} deletes its keys and the teammates' logs from this machine; your own history stays.`,
        'What you have shared stays with those who have it. To come back you need the team key again.',
      ].join('\n'),
    )
    return dialogue.ask('Leave? [y/N] ')
  })
  return /^y(es)?$/i.test(answer)
}
