import type { Readable } from 'node:stream'
import { VibeTeaError } from '../../core/errors.ts'
import { joinRole } from '../../core/join-key.ts'
import type { Role, TeamKey } from '../../core/team-key.ts'
import { joinKey, readTeamKey } from '../home/team-key-input.ts'
import type { Context } from './command.ts'
import type { Dialogue } from './dialogue.ts'
import { UsageError } from './ends.ts'

/** Far more than a key with the whole mail around it. */
const MAX_BYTES = 64 * 1024

/**
 * The key to join with, and what it makes of who joins: from where it was given, else what a person types, unseen.
 * Throws a `UsageError` where there is none and nobody to ask.
 */
export async function askedKey(
  { env, stdin, isInteractive }: Pick<Context, 'env' | 'stdin' | 'isInteractive'>,
  argument: string | undefined,
  dialogue: Pick<Dialogue, 'askHidden'>,
): Promise<TeamKey & { role: Exclude<Role, 'mirror'> }> {
  const ask = () => dialogue.askHidden('Team key (it is not shown): ')
  const given = await readTeamKey({ argument, env, stdin: isInteractive ? ask : () => textOf(stdin) })
  if (!given && !isInteractive) {
    throw new UsageError(
      'There is no team key.',
      'Give it as an argument, on stdin with -, in VIBETEA_TEAM_KEY, or in the file that VIBETEA_TEAM_KEY_FILE names.',
    )
  }
  const key = given ?? joinKey(await ask(), 'in your answer')
  return { ...key, role: joinRole(key) }
}

async function textOf(stdin: Readable): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of stdin as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(part)
    size += bytes.length
    parts.push(bytes)
    if (size > MAX_BYTES) {
      throw new VibeTeaError(
        'not_a_team_key',
        'What comes on stdin is no team key.',
        'Pipe the key alone into it.',
      )
    }
  }
  return Buffer.concat(parts).toString()
}
