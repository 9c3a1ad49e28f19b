import type { Readable } from 'node:stream'
import { VibeTeaError } from '../../core/errors.ts'
import { joinKey, readTeamKey, type JoinKey } from '../home/team-key-input.ts'
import type { Context } from './command.ts'
import type { Dialogue } from './dialogue.ts'
import { UsageError } from './ends.ts'

/** Far more than a key with the whole mail around it. */
const MAX_BYTES = 64 * 1024

/** Where a key may be found, and who may be asked for it. */
type Asked = Pick<Context, 'env' | 'stdin' | 'isInteractive'>
type Asking = Pick<Dialogue, 'askHidden'>

const QUESTION = 'Team key (it is not shown): '

/** The key that a person gave, see `readTeamKey`; on a terminal `-` asks for it. null where there is none. */
export function givenKey(
  { env, stdin, isInteractive }: Asked,
  argument: string | undefined,
  dialogue: Asking,
): Promise<JoinKey | null> {
  const read = () => (isInteractive ? dialogue.askHidden(QUESTION) : textOf(stdin))
  return readTeamKey({ argument, env, stdin: read })
}

/**
 * The key from where it was given, else what a person types, unseen. Throws a `UsageError` where there is none and
 * nobody to ask.
 */
export async function askedKey(
  asked: Asked,
  argument: string | undefined,
  dialogue: Asking,
): Promise<JoinKey> {
  const given = await givenKey(asked, argument, dialogue)
  if (given) return given
  if (asked.isInteractive) return joinKey(await dialogue.askHidden(QUESTION), 'in your answer')
  throw new UsageError(
    'There is no team key.',
    'Give it as an argument, on stdin with -, in VIBETEA_TEAM_KEY, or in the file that VIBETEA_TEAM_KEY_FILE names.',
  )
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
