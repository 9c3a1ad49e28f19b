import type { Consent, TeamJoined } from '../../core/api.ts'
import { joinRole } from '../../core/join-key.ts'
import { formatTeamKey } from '../../core/team-key.ts'
import type { Settings } from '../home/settings.ts'
import type { JoinKey } from '../home/team-key-input.ts'
import { askedKey } from './asked-key.ts'
import type { Client } from './client.ts'
import { findNode } from './client.ts'
import type { Context } from './command.ts'
import { joiningLine, readerLines, sharedLine } from './consent.ts'
import type { Dialogue } from './dialogue.ts'
import { inDialogue } from './dialogue.ts'
import { UsageError } from './ends.ts'
import type { EnterFlags, Wishes } from './enter-team.ts'
import { askMember, lifeOptions, projectsToAsk, refuseSecondTeam, wishesOf } from './enter-team.ts'
import { personName } from './person.ts'
import { settingsOf } from './settings.ts'
import type { recentProjects } from '../recent-projects.ts'
import type { lookAtTeam } from './look.ts'
import { joinTeam } from '../team-life.ts'

/** How long the look at a team may take before the questions begin, ms. */
const PEEK_MS = 6000

export interface JoinFlags extends EnterFlags {
  start: boolean
}

/** What `join` does beside asking. */
export interface JoinWork {
  peek: typeof lookAtTeam
  recentProjects: typeof recentProjects
  /** Runs the node until it is ended; its exit code. */
  start: () => Promise<number>
}

interface Asked {
  settings: Settings
  client: Client | null
  wishes: Wishes
  work: JoinWork
}

/** `vibetea join [key]`: the exit code. Nothing is changed before every question has its answer. */
export async function join(
  context: Context,
  argument: string | undefined,
  flags: JoinFlags,
  work: JoinWork,
): Promise<number> {
  const wishes = wishesOf(flags)
  const settings = await settingsOf(context)
  const client = await findNode(settings.home)
  await refuseSecondTeam(settings.home, client)
  const { key, consent } = await inDialogue(context, async (dialogue) => {
    const asked = await askedKey(context, argument, dialogue)
    const key = { ...asked, role: joinRole(asked) }
    return { key, consent: await consentTo(context, dialogue, key, { settings, client, wishes, work }) }
  })
  const args = { key: formatTeamKey(key), ...consent }
  if (client) await client.act<'join', TeamJoined>('join', args)
  else await joinTeam(lifeOptions(context, settings), args)
  context.out(`You ${key.role === 'reader' ? 'watch' : 'are in'} the team now, as ${consent.name}.`)
  if (key.role === 'member') context.out(sharedLine(consent.share))
  if (client) return 0
  if (flags.start) return work.start()
  context.out('Teammates see you once your node runs: vibetea start')
  return 0
}

async function consentTo(
  context: Context,
  dialogue: Dialogue,
  key: JoinKey & { role: ReturnType<typeof joinRole> },
  { settings, client, wishes, work }: Asked,
): Promise<Consent> {
  const { name, share, backfillMs } = wishes
  const isReader = key.role === 'reader'
  if (isReader && (backfillMs > 0 || (share !== null && share !== 'none'))) {
    throw new UsageError(
      'This is a read-only key: nothing can be shared with it.',
      'Leave --share and --backfill out.',
    )
  }
  if (!context.isInteractive) {
    if (!isReader && share === null) {
      throw new UsageError(
        'Nobody can be asked here which projects to share.',
        'Say it: --share all, --share none, or --share web-app,infra',
      )
    }
    return { name: await personName(context, name, null), share: share ?? 'none', backfillMs }
  }
  const { signal } = dialogue
  const { bootstrap } = settings
  const sought = { settings, client, share: isReader ? ('none' as const) : share }
  const projects = projectsToAsk(context, sought, work.recentProjects, signal)
  if (context.isTerminal) context.status('Looking who is there…')
  const peeked = await work.peek({ key, bootstrap, signal, timeoutMs: PEEK_MS })
  if (context.isTerminal) context.status('')
  dialogue.say(joiningLine(peeked))
  if (!isReader) return askMember(context, dialogue, wishes, projects)
  dialogue.say(readerLines().join('\n'))
  return { name: await personName(context, name, dialogue), share: 'none', backfillMs: 0 }
}
