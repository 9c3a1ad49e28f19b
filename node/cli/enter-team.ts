import { randomBytes } from 'node:crypto'
import type { Consent, StatsAnswer, StatusAnswer } from '../../core/api.ts'
import { DURATION_FORM, parseDuration } from '../../core/duration.ts'
import { VibeTeaError } from '../../core/errors.ts'
import { printable } from '../../core/printable.ts'
import type { NamedProject } from '../../core/project-key.ts'
import type { Role } from '../../core/team-key.ts'
import type { Settings } from '../home/settings.ts'
import { readTeam } from '../home/team-file.ts'
import type { Client } from './client.ts'
import type { Context } from './command.ts'
import { memberLines, parseAnswer, parseShare, projectLines, projectNames, RECENT_MS } from './consent.ts'
import type { Dialogue } from './dialogue.ts'
import { personName } from './person.ts'
import { inATeam } from '../entering.ts'
import type { TeamLifeOptions } from '../team-life.ts'
import type { recentProjects } from '../recent-projects.ts'

/** What `create` and `join` have in common: which team a home is in, and what is asked before it enters one. */

export interface EnterFlags {
  name?: string
  share?: string
  backfill?: string
}

/** What flags say already. */
export interface Wishes {
  name: string | undefined
  share: Consent['share'] | null
  backfillMs: number
}

/** Throws a `VibeTeaError` for what cannot be. */
export function wishesOf({ name, share, backfill }: EnterFlags): Wishes {
  const backfillMs = backfill === undefined ? 0 : parseDuration(backfill)
  if (backfillMs === null) {
    throw new VibeTeaError(
      'invalid_duration',
      `--backfill ${backfill} is not a length of time.`,
      `Write ${DURATION_FORM}.`,
    )
  }
  return { name, share: share === undefined ? null : parseShare(share), backfillMs }
}

export interface NamedTeam {
  /** As its founder called it; null where that is not known. */
  teamName: string | null
}

/** A team that a home is in, and as what. */
export interface EnteredTeam extends NamedTeam {
  role: Role
}

/** The team of a home, whether its node runs or not; null where it is in none. */
export async function teamOfHome(home: string, client: Client | null): Promise<EnteredTeam | null> {
  if (!client) return readTeam(home)
  const { team } = await client.get<StatusAnswer>('/api/status')
  return team && { teamName: team.name, role: team.role }
}

/** Throws a `VibeTeaError` `in_a_team` where a home is in one. */
export async function refuseSecondTeam(home: string, client: Client | null): Promise<void> {
  const team = await teamOfHome(home, client)
  if (team) throw inATeam(team.teamName)
}

/** `the team "harbour"`; what is said of one whose name is not known. */
export function nameOfTeam({ teamName }: NamedTeam, unnamed: 'a team' | 'the team'): string {
  return teamName === null ? unnamed : printable(`the team "${teamName}"`)
}

/** How a home is changed in which no node runs. */
export function lifeOptions(context: Context, settings: Settings): TeamLifeOptions {
  return { settings, warn: context.err, random: randomBytes, now: Date.now }
}

/**
 * The names of the projects of the last 30 days, to be asked about: from the running node, else from the session files.
 * None where a flag says already what to share.
 */
export function projectsToAsk(
  context: Context,
  { settings, client, share }: { settings: Settings; client: Client | null } & Pick<Wishes, 'share'>,
  find: typeof recentProjects,
  signal: AbortSignal,
): Promise<string[]> {
  if (share !== null) return Promise.resolve([])
  const options = { settings, environment: context, since: Date.now() - RECENT_MS, signal }
  const names = (client ? recorded(client) : find(options)).then(projectNames)
  names.catch(() => undefined) // it is awaited only after another question, and throws there
  return names
}

async function recorded(client: Client): Promise<readonly NamedProject[]> {
  const [{ projects }, { rows }] = await Promise.all([
    client.get<StatusAnswer>('/api/status'),
    client.get<StatsAnswer>('/api/stats', { by: 'project', days: '30' }),
  ])
  const recent = new Set(rows.map(({ key }) => key))
  return projects.filter(({ project, sharing }) => sharing !== 'excluded' && recent.has(project))
}

/** Asks a member for name and projects, where flags do not say them. */
export async function askMember(
  context: Context,
  dialogue: Dialogue,
  { name, share, backfillMs }: Wishes,
  projects: Promise<readonly string[]>,
): Promise<Consent> {
  const chosen = await personName(context, name, dialogue)
  dialogue.say(['', ...memberLines(backfillMs), ''].join('\n'))
  return { name: chosen, share: share ?? (await askShare(dialogue, await projects)), backfillMs }
}

async function askShare(dialogue: Dialogue, projects: readonly string[]): Promise<Consent['share']> {
  if (projects.length === 0) {
    await dialogue.ask('No projects of the last 30 days here; new ones stay private. [Enter] ')
    return 'none'
  }
  for (const line of projectLines(projects)) dialogue.say(line)
  for (;;) {
    const question = 'Share [a]ll, [n]one, or numbers. No event is sent before you answer: '
    const chosen = parseAnswer(await dialogue.ask(question), projects)
    if (chosen) return chosen.length > 0 ? chosen : 'none'
    dialogue.say(`Write a, n, or numbers from 1 to ${projects.length} with spaces between them.`)
  }
}
