import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { VibeTeaError } from '../../core/errors.ts'
import { z32Bytes, z32Prefix } from '../../core/hash.ts'
import { keyText } from '../../core/secrets.ts'
import type { Role } from '../../core/team-key.ts'
import { ROLES } from '../../core/team-key.ts'
import { errorCode, fileError, writeWhole } from './files.ts'

/** `team.json` in the home (0600): the team that this machine is in. A home is in one team at most. */

const VERSION = 1

export interface TeamFile {
  /** 32 bytes. */
  teamId: Uint8Array
  role: Role
  /** W, R or M, by the role; 32 bytes. */
  secret: Uint8Array
  /** What teammates call this machine's owner. */
  name: string
  /** What the founder called the team, as far as this machine was told. */
  teamName: string | null
  /** 8 bytes: which of this device's logs is written. */
  incarnation: Uint8Array
  /** ms since 1970. */
  joinedAt: number
  /** ms since 1970: nothing that happened before is shared. At most `joinedAt`. */
  sharedFrom: number
  /** Whether what happened between `sharedFrom` and `joinedAt` is in the log; null where nothing of it was to be. */
  backfill: 'pending' | 'done' | null
}

const bytesOf = (length: number) =>
  z.string().transform((text, context) => {
    const bytes = z32Bytes(text)
    if (bytes?.length === length) return bytes
    context.addIssue({ code: 'custom', message: `is not ${length} bytes` })
    return z.NEVER
  })
const Time = z.iso.datetime().transform((text) => Date.parse(text))
const Name = z.string().min(1).max(200)
const Shape = z
  .strictObject({
    version: z.literal(VERSION),
    teamId: bytesOf(32),
    role: z.enum(ROLES),
    secret: bytesOf(32),
    name: Name,
    teamName: Name.nullable(),
    incarnation: bytesOf(8),
    joinedAt: Time,
    sharedFrom: Time,
    backfill: z.enum(['pending', 'done']).nullable(),
  })
  .refine(({ joinedAt, sharedFrom }) => sharedFrom <= joinedAt, 'sharedFrom is after joinedAt')
  .transform(({ version, ...team }) => ({ version, team }))

/** null where this machine is in no team. Throws a `VibeTeaError` `invalid_team` for a file that cannot be understood. */
export async function readTeam(home: string): Promise<TeamFile | null> {
  const path = teamPath(home)
  try {
    return Shape.parse(JSON.parse(await readFile(path, 'utf8'))).team
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    if (error instanceof SyntaxError) throw unreadable(path, 'it is not valid JSON', error)
    if (error instanceof z.ZodError) throw unreadable(path, describe(error), error)
    throw fileError(error, path, 'read')
  }
}

export async function writeTeam(home: string, team: TeamFile): Promise<void> {
  const json = {
    version: VERSION,
    teamId: keyText(team.teamId),
    role: team.role,
    secret: keyText(team.secret),
    name: team.name,
    teamName: team.teamName,
    incarnation: z32Prefix(team.incarnation, 13),
    joinedAt: new Date(team.joinedAt).toISOString(),
    sharedFrom: new Date(team.sharedFrom).toISOString(),
    backfill: team.backfill,
  }
  await writeWhole(teamPath(home), JSON.stringify(json, null, 2) + '\n')
}

/** Nothing happens where there is none. */
export async function removeTeam(home: string): Promise<void> {
  try {
    await rm(teamPath(home), { force: true })
  } catch (error) {
    throw fileError(error, teamPath(home), 'removed')
  }
}

/** The directory of a team's logs; it need not exist. */
export function teamDirectory(home: string, teamId: Uint8Array): string {
  return join(home, 'teams', keyText(teamId).slice(0, 16))
}

const teamPath = (home: string): string => join(home, 'team.json')

/** Without a value: there are keys among them. */
function describe(error: z.ZodError): string {
  const { path, message } = error.issues[0]!
  return path.length > 0 ? `${path.join('.')}: ${message}` : message
}

function unreadable(path: string, why: string, cause: Error): VibeTeaError {
  return new VibeTeaError(
    'invalid_team',
    `${path}, which holds the key of your team, cannot be understood (${why}).`,
    'Correct it, or move it away and join again with the team key: your own history stays.',
    // Of JSON the error repeats a part, which may be of the key.
    cause instanceof SyntaxError ? undefined : { cause },
  )
}
