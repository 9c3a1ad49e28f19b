import { VibeTeaError } from '../../core/errors.ts'

/**
 * The command that Claude Code runs by `sh -c` for each hook, in Git Bash on Windows. It hands its input to a process
 * of its own and returns at once, with 0 whatever is there or not: with 2 Claude Code would stop what it does.
 */

/** What a command of ours begins with: a line that does nothing, and tells which brackets came with it. */
const MARK = ': vibetea-hook'

/** What was put into the settings beside the hook itself, and goes with it when it was the last in there. */
export interface Made {
  /** The list of its event. */
  list: boolean
  /** `hooks`, which holds those lists. */
  hooks: boolean
}

export interface HookPaths {
  /** The program that runs the script. */
  node: string
  script: string
  home: string
}

/** The command, one line of POSIX sh. Throws a `VibeTeaError` where a path cannot stand in one. */
export function hookCommand({ node, script, home }: HookPaths, made: Made): string {
  const mark = [MARK, ...(made.list ? ['list'] : []), ...(made.hooks ? ['hooks'] : [])].join(' ')
  const run = [node, script, home].map(quoted).join(' ')
  // Nobody may wait for the end of its output; and a background process has no input but what it is given by name.
  return `${mark}; exec >/dev/null 2>&1; { ${run} <&3 3<&- & } 3<&0; exit 0`
}

const WORD = `'((?:[^']|'\\\\'')*)'`
const FORM = new RegExp(
  `^${MARK}( list)?( hooks)?; exec >/dev/null 2>&1; \\{ ${WORD} ${WORD} ${WORD} <&3 3<&- & \\} 3<&0; exit 0$`,
)

/** Whether a command is VibeTea's, of whatever version. */
export function isOurs(command: string): boolean {
  return command.startsWith(`${MARK} `) || command.startsWith(`${MARK};`)
}

/** What stands in a command of ours; null where it is of a version that wrote another. */
export function readCommand(command: string): { paths: HookPaths; made: Made } | null {
  const match = FORM.exec(command)
  if (!match) return null
  const [, list, hooks, ...words] = match
  const [node = '', script = '', home = ''] = words.map((word) => word.replaceAll(`'\\''`, `'`))
  return { paths: { node, script, home }, made: { list: list !== undefined, hooks: hooks !== undefined } }
}

/** What a command of ours says of the brackets that came with it, of whatever version it is. */
export function madeWith(command: string): Made {
  const words = command.slice(0, command.indexOf(';')).split(' ')
  return { list: words.includes('list'), hooks: words.includes('hooks') }
}

function quoted(word: string): string {
  if (/[\0\r\n]/.test(word)) {
    throw new VibeTeaError(
      'path_unusable',
      `${JSON.stringify(word)} has a line end.`,
      'A hook needs another path.',
    )
  }
  return `'${word.replaceAll(`'`, `'\\''`)}'`
}
