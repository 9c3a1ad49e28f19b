import { createReadStream } from 'node:fs'
import { VibeTeaError } from '../../core/errors.ts'
import type { KeyKind, TeamKey } from '../../core/team-key.ts'
import { parseTeamKey } from '../../core/team-key.ts'
import { fileError } from './files.ts'

/** A key to join with. */
export type JoinKey = TeamKey & { kind: Exclude<KeyKind, 'admin'> }

export interface KeyPlaces {
  /** What stands on the command line: the key, or `-` for stdin. */
  argument: string | undefined
  env: Readonly<Record<string, string | undefined>>
  /** Reads all of it. */
  stdin: () => Promise<string>
}

/** A file with a key has a line or two; of another one no more than this is looked at. */
const MAX_FILE_BYTES = 64 * 1024

/**
 * The team key that a person gave: on the command line, else in `VIBETEA_TEAM_KEY`, else in the file that
 * `VIBETEA_TEAM_KEY_FILE` names; null where in none of them. Lines before the one with the key count for nothing.
 * Throws a `VibeTeaError` that names the place and never repeats the key: those of `parseTeamKey`; `admin_key` for the
 * admin backup; what the file system says.
 */
export async function readTeamKey({ argument, env, stdin }: KeyPlaces): Promise<JoinKey | null> {
  if (argument === '-') return joinKey(await stdin(), 'on stdin')
  if (argument !== undefined) return joinKey(argument, 'on the command line')
  const value = env.VIBETEA_TEAM_KEY
  // An empty variable is how shells and service files unset one.
  if (value !== undefined && value.trim() !== '') return joinKey(value, 'in VIBETEA_TEAM_KEY')
  const path = env.VIBETEA_TEAM_KEY_FILE
  if (path === undefined || path.trim() === '') return null
  return joinKey(await textOf(path), `in ${path}, which VIBETEA_TEAM_KEY_FILE names`)
}

/** The key in what a person typed or pasted; `place` says where that was: `on stdin`. Throws as `readTeamKey` does. */
export function joinKey(text: string, place: string): JoinKey {
  let key
  try {
    key = parseTeamKey(text.slice(Math.max(0, text.search(/^\s*vt\d/im))))
  } catch (error) {
    if (!(error instanceof VibeTeaError)) throw error
    const sentence =
      error.code === 'no_team_key'
        ? `There is no team key ${place}.`
        : `There is no usable team key ${place}. ${error.message}`
    throw new VibeTeaError(error.code, sentence, error.remedy, { cause: error })
  }
  const { kind, teamId, secret } = key
  if (kind !== 'admin') return { kind, teamId, secret }
  throw new VibeTeaError(
    'admin_key',
    `The key ${place} is the admin backup of a team, which nobody joins with.`,
    'Join with the team key, which begins with vt1w, and keep this one where nobody else sees it.',
  )
}

async function textOf(path: string): Promise<string> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of createReadStream(path, { end: MAX_FILE_BYTES - 1 }))
      pieces.push(piece as Buffer)
  } catch (error) {
    throw unreadable(error, path)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function unreadable(error: unknown, path: string): unknown {
  const remedy = 'Put the team key into a file that you can read, and its path into VIBETEA_TEAM_KEY_FILE.'
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new VibeTeaError(
      'no_team_key_file',
      `VIBETEA_TEAM_KEY_FILE names ${path}, which is not there.`,
      remedy,
      { cause: error },
    )
  }
  const known = fileError(error, `${path}, which VIBETEA_TEAM_KEY_FILE names,`, 'read')
  return known instanceof VibeTeaError
    ? new VibeTeaError('unreadable_team_key_file', known.message, remedy, { cause: error })
    : known
}
