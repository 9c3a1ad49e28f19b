import { VibeTeaError } from '../../core/errors.ts'
import { equalBytes } from '../../core/bytes.ts'
import { printable } from '../../core/printable.ts'
import { fitDisplayName } from '../../core/profile.ts'
import type { Role } from '../../core/team-key.ts'
import { inATeam, servingRole } from '../entering.ts'
import { AlreadyRunningError, readLock } from '../home/lock.ts'
import type { Settings } from '../home/settings.ts'
import { readTeam, type TeamFile } from '../home/team-file.ts'
import type { JoinKey } from '../home/team-key-input.ts'
import { serveTeam } from '../team-life.ts'
import { askedKey, givenKey } from './asked-key.ts'
import type { Context } from './command.ts'
import { inDialogue } from './dialogue.ts'
import { lifeOptions, nameOfTeam } from './enter-team.ts'
import { MIRROR_ARCHIVES_NOTHING, noArchive } from './no-archive.ts'
import { validName } from './person.ts'
import type { Served } from './run-archive.ts'
import { settingsOf } from './settings.ts'

export interface ArchiveFlags {
  name?: string
  port?: string
  once?: boolean
}

/**
 * `vibetea archive [key]`: the exit code of `run`, which runs the node. Before that the home enters the team of the key,
 * where it is in none. Throws a `VibeTeaError`, beside those of the key: `already_running`, `in_a_team` for the key of
 * another team, and with `--once` what makes archiving impossible.
 */
export async function archive(
  context: Context,
  argument: string | undefined,
  { name, port, once = false }: ArchiveFlags,
  run: (served: Served) => Promise<number>,
): Promise<number> {
  const isVisible = argument !== undefined && argument !== '-'
  if (isVisible) context.err(VISIBLE_KEY)
  const named = name === undefined ? undefined : validName('--name', name)
  // A run that ends by itself takes nobody's port.
  const usedPort = port ?? (once ? '0' : undefined)
  const settings = await settingsOf(context, usedPort === undefined ? {} : { port: usedPort })
  if (once && settings.supabaseUrl === null) throw noArchive()
  const running = await readLock(settings.home)
  if (running) throw new AlreadyRunningError(settings.home, running)
  const team = await readTeam(settings.home)
  const wishes = { argument, named, once }
  const role = team ? await stay(context, team, wishes) : await enter(context, settings, wishes)
  context.err(printable(roleLine(role, settings.supabaseUrl)))
  return run({ settings, role, once })
}

const VISIBLE_KEY =
  'The key stands in the command line, where others on this machine can see it in the list of processes. ' +
  'Better put it into a file, and the path of that into VIBETEA_TEAM_KEY_FILE.'

const FULL_KEY =
  'This is a full team key, which is more than a server needs: only its read-only part is used and kept here. ' +
  'A member gets a read-only key with: vibetea invite --read-only'

interface Wishes {
  argument: string | undefined
  named: string | undefined
  once: boolean
}

/** Brings a home into the team that it is to serve. */
async function enter(context: Context, settings: Settings, { argument, named, once }: Wishes): Promise<Role> {
  const key = await inDialogue(context, (dialogue) => askedKey(context, argument, dialogue))
  const role = servingRole(key)
  if (role === 'mirror' && once) throw mirrorError()
  if (key.kind === 'write') context.err(FULL_KEY)
  const name = named ?? fitDisplayName(settings.sourceId ?? settings.hostName) ?? 'archive'
  await serveTeam(lifeOptions(context, settings), { key, name })
  const entered = `This machine is in the team now, as ${name}. Everyone in it sees that, and learns its IP address.`
  context.err(printable(entered))
  return role
}

/** A home that is in a team stays what it is there; a key that it was given must be of that team. */
async function stay(context: Context, team: TeamFile, { argument, named, once }: Wishes): Promise<Role> {
  const { role, name } = team
  const key = await inDialogue(context, (dialogue) => givenKey(context, argument, dialogue))
  if (key) refuseOther(team, key)
  if (role === 'mirror' && once) throw mirrorError()
  if (role === 'reader' && key?.kind === 'write') context.err(FULL_KEY)
  if (role === 'member')
    context.err(printable(`This home is that of ${name}, a member. Sessions are not watched.`))
  if (named !== undefined && named !== name)
    context.err(printable(`This machine is in the team as ${name} already, and stays that.`))
  return role
}

function refuseOther(team: TeamFile, { teamId, kind }: JoinKey): void {
  const refusal = (message: string) => new VibeTeaError('in_a_team', message, inATeam(team.teamName).remedy)
  if (!equalBytes(teamId, team.teamId))
    throw refusal(`The key is not of ${nameOfTeam(team, 'the team')} that this home is in, but of another.`)
  if (team.role === 'mirror' && kind !== 'mirror')
    throw refusal('This home is in the team as a mirror, which cannot read; with this key it could.')
}

const mirrorError = () => new VibeTeaError('mirror_key', MIRROR_ARCHIVES_NOTHING)

/** What this machine does for the team. */
function roleLine(role: Role, url: string | null): string {
  if (role === 'mirror') {
    const serves = 'This mirror holds the logs of the team, encrypted, and serves them while laptops sleep.'
    return url === null ? serves : `${serves} ${MIRROR_ARCHIVES_NOTHING}`
  }
  if (url !== null) return `The logs of the team are archived at ${url}.`
  return 'VIBETEA_SUPABASE_URL is not set: nothing is archived, but the logs of the team are held, indexed and served.'
}
