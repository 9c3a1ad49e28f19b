import { execFile } from 'node:child_process'
import { VibeTeaError } from '../../core/errors.ts'
import { DISPLAY_NAME_FORM, fitDisplayName, parseDisplayName } from '../../core/profile.ts'
import type { Context } from './command.ts'
import type { Dialogue } from './dialogue.ts'

const GIT_PATIENCE_MS = 2000

type Machine = Pick<Context, 'env' | 'homeDirectory' | 'userName' | 'hostname'>

/**
 * The name that teammates see: what the flag says, else what a person answers, else git's user name, the account's or
 * the machine's, whichever can be a name. Throws a `VibeTeaError` `invalid_name` for a flag that cannot be one.
 */
export async function personName(
  context: Machine,
  flag: string | undefined,
  dialogue: Pick<Dialogue, 'ask' | 'say'> | null,
): Promise<string> {
  if (flag !== undefined) return validName('--name', flag)
  const usual = await usualName(context)
  for (;;) {
    const answer = dialogue ? await dialogue.ask(`Name teammates see [${usual}]: `) : ''
    const name = answer === '' ? usual : parseDisplayName(answer)
    if (name !== null) return name
    dialogue?.say(`A name has ${DISPLAY_NAME_FORM}.`)
  }
}

/** A name of a person or a team as it is kept. Throws a `VibeTeaError` `invalid_name`. */
export function validName(what: string, text: string): string {
  const name = parseDisplayName(text)
  if (name !== null) return name
  throw new VibeTeaError(
    'invalid_name',
    `${what} ${JSON.stringify(text)} cannot be used.`,
    `Give ${DISPLAY_NAME_FORM}.`,
  )
}

async function usualName({ env, homeDirectory, userName, hostname }: Machine): Promise<string> {
  const known = [await gitName(env, homeDirectory), userName, hostname]
  return known.map(fitDisplayName).find((name) => name !== null) ?? 'somebody'
}

/** `user.name` as it counts outside any repository; '' without git. */
function gitName(env: NodeJS.ProcessEnv, homeDirectory: string): Promise<string> {
  const options = { env, cwd: homeDirectory, timeout: GIT_PATIENCE_MS, windowsHide: true }
  return new Promise((resolve) => {
    execFile('git', ['config', '--get', 'user.name'], options, (error, stdout) =>
      resolve(error ? '' : stdout),
    )
  })
}
