import type { Actions, Consent, Invitation, TeamJoined, TeamMade } from '../core/api.ts'
import { encodeRecord, FIRST_EPOCH, signRecord } from '../core/epoch.ts'
import { VibeTeaError } from '../core/errors.ts'
import { publicKeyOf, sign } from '../core/identity.ts'
import { joinRole } from '../core/join-key.ts'
import { printable } from '../core/printable.ts'
import { issuersOf, keyText, secretFor, secretsOf } from '../core/secrets.ts'
import { formatTeamKey, kindOf, parseTeamKey, roleOf, type Role } from '../core/team-key.ts'
import { writeAdminBackup } from './home/admin-backup.ts'
import type { SharingDecisions } from './home/sharing.ts'
import type { State } from './home/state.ts'
import { readTeam, writeTeam, type TeamFile } from './home/team-file.ts'
import type { JoinKey } from './home/team-key-input.ts'

/** Entering a team, on what a home keeps alone: nothing is sent to anyone here. */

export interface EnteringParts {
  home: string
  sharing: SharingDecisions
  state: State
  /** Gives that many random bytes. */
  random: (bytes: number) => Uint8Array
  /** ms since 1970. */
  now: () => number
}

/** How a machine serves a team. */
export interface Service {
  key: JoinKey
  /** What teammates call it. */
  name: string
}

export const INCARNATION_BYTES = 8

/**
 * Makes a team and enters it as its first member. The admin key is written to a backup file and kept nowhere else.
 * Throws a `VibeTeaError` `in_a_team`, and what the file system says.
 */
export async function foundTeam(parts: EnteringParts, args: Actions['create']): Promise<TeamMade> {
  const { home, state, random } = parts
  await refuseSecond(home)
  const admin = random(32)
  const write = random(32)
  const teamId = publicKeyOf(admin)
  const record = signRecord(
    {
      kind: 'epoch',
      teamId,
      epoch: FIRST_EPOCH,
      previous: new Uint8Array(32),
      issuers: issuersOf(write, teamId, FIRST_EPOCH),
      closes: [],
      sealed: [],
      history: new Uint8Array(0),
    },
    teamId,
    (message) => sign(message, admin),
  )
  const adminBackup = await writeAdminBackup(home, { teamId, secret: admin, teamName: args.teamName })
  await state.forgetTeam()
  await state.team.roster.save('record', encodeRecord(record))
  await enter(parts, { teamId, role: 'member', secret: write, teamName: args.teamName }, args)
  const secrets = secretsOf(teamId, 'member', write)
  return {
    teamId: keyText(teamId),
    teamKey: formatTeamKey({ kind: 'write', teamId, secret: write }),
    readOnlyKey: formatTeamKey({ kind: 'read', teamId, secret: secrets.read! }),
    adminBackup,
  }
}

/** Enters the team of a key. Throws a `VibeTeaError`: `in_a_team`, `admin_key`, `mirror_key`, those of `parseTeamKey`. */
export async function joinTeam(parts: EnteringParts, args: Actions['join']): Promise<TeamJoined> {
  await refuseSecond(parts.home)
  const { kind, teamId, secret } = parseTeamKey(args.key)
  const role = joinRole({ kind })
  await parts.state.forgetTeam()
  await enter(parts, { teamId, role, secret, teamName: null }, args)
  return { teamId: keyText(teamId), role }
}

/**
 * Enters the team of a key as a machine that serves the team: it shares nothing, and of a team key only the read-only
 * part is used and kept. With a mirror key it reads nothing either. Throws a `VibeTeaError` `in_a_team`.
 */
export async function serveTeam(parts: EnteringParts, { key, name }: Service): Promise<TeamJoined> {
  await refuseSecond(parts.home)
  const { teamId } = key
  const role = servingRole(key)
  const secret = secretFor(role, secretsOf(teamId, roleOf(key.kind), key.secret))!
  await parts.state.forgetTeam()
  await enter(parts, { teamId, role, secret, teamName: null }, { name, share: 'none', backfillMs: 0 })
  return { teamId: keyText(teamId), role }
}

/** What a key makes of a machine that serves the team. */
export function servingRole({ kind }: Pick<JoinKey, 'kind'>): Exclude<Role, 'member'> {
  return kind === 'mirror' ? 'mirror' : 'reader'
}

/** A key of the team to hand out. Throws a `VibeTeaError` `cannot_invite` for a role above one's own. */
export function invitation(team: TeamFile, role: Role): Invitation {
  const secret = secretFor(role, secretsOf(team.teamId, team.role, team.secret))
  if (secret) return { key: formatTeamKey({ kind: kindOf(role), teamId: team.teamId, secret }), role }
  throw new VibeTeaError(
    'cannot_invite',
    `With your key, which makes you a ${team.role}, nobody can be invited as a ${role}.`,
    'Ask a member of the team for that key.',
  )
}

/** What is to happen with projects first, and the team last: it is what counts. */
async function enter(
  { home, sharing, random, now }: EnteringParts,
  team: Pick<TeamFile, 'teamId' | 'role' | 'secret' | 'teamName'>,
  { name, share, backfillMs }: Consent,
): Promise<void> {
  const joinedAt = now()
  const isWriter = team.role === 'member'
  const sharedFrom = joinedAt - (isWriter ? backfillMs : 0)
  await sharing.joinWith({ share: isWriter ? share : 'none', at: joinedAt, from: sharedFrom })
  await writeTeam(home, {
    ...team,
    name,
    incarnation: random(INCARNATION_BYTES),
    joinedAt,
    sharedFrom,
    backfill: sharedFrom < joinedAt ? 'pending' : null,
  })
}

/** The refusal of a second team; `teamName` is what the founder called the one that the home is in, null where it is not known. */
export function inATeam(teamName: string | null): VibeTeaError {
  const team = teamName === null ? 'a team' : printable(`the team "${teamName}"`)
  return new VibeTeaError(
    'in_a_team',
    `This home is in ${team} already.`,
    'Leave that first with: vibetea leave. Or set VIBETEA_HOME to another directory, for a second home.',
  )
}

async function refuseSecond(home: string): Promise<void> {
  const team = await readTeam(home)
  if (team) throw inATeam(team.teamName)
}

/** `no_team`: what needs a team was asked of a home that is in none. */
export function noTeam(): VibeTeaError {
  return new VibeTeaError(
    'no_team',
    'This home is in no team.',
    'Make one with "vibetea create", or join one with "vibetea join <team-key>".',
  )
}
