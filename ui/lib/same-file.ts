import type { Overlap } from '../../core/api.ts'
import { plain } from './text.ts'
import { plural } from './time.ts'

/** "You are in the same file": what is said of sessions that edit one file. */

const NUMBERS = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine']

/** The file's name as the page shows it; it may be withheld. */
export const fileName = ({ context }: Overlap): string => plain(context) || 'the same file'

/** Whether a session of this machine shares a file with a teammate's. */
export const isMine = ({ kind, sessions }: Overlap): boolean =>
  kind === 'team' && sessions.some(({ isSelf }) => isSelf)

/** The sources of others in it, each once, the latest first. */
const othersOf = ({ sessions }: Overlap): string[] => [
  ...new Set(sessions.filter(({ isSelf }) => !isSelf).map(({ source }) => source)),
]

/** The people in it besides oneself, as a key. */
export const peopleKey = (overlap: Overlap): string => othersOf(overlap).sort().join(' ')

/** What tells one from all others: the file and the people in it besides oneself. */
export const overlapKey = (overlap: Overlap): string =>
  `${overlap.kind} ${overlap.fileTag} ${peopleKey(overlap)}`

/** By name, so that what is said does not change with who edited last. */
const namesOf = (sources: readonly string[], nameOf: (source: string) => string): string[] =>
  sources.map(nameOf).sort((a, b) => a.localeCompare(b))

function agentsAre(people: readonly string[]): string {
  const owners = people.map((name) => `${name}’s`)
  if (owners.length <= 1) return `${owners[0] ?? 'Another'} agent is`
  return `${owners.slice(0, -1).join(', ')} and ${owners.at(-1)!} agents are`
}

/**
 * `Bruno’s agent is in invite.ts too`, to somebody whose own agent is; overlaps with the same people, the latest first,
 * at least one.
 */
export function sameFileSentence(overlaps: readonly Overlap[], nameOf: (source: string) => string): string {
  const [first, second] = overlaps as readonly [Overlap, ...Overlap[]]
  const more = overlaps.length > 2 ? plural(overlaps.length - 1, 'more file') : second && fileName(second)
  return `${agentsAre(namesOf(othersOf(first), nameOf))} in ${fileName(first)}${more ? ` and ${more}` : ''} too`
}

/** What stands at the row of one of its sessions, which is of `source`; short, so that the file is not cut off. */
export function sameFileMark(overlap: Overlap, source: string, nameOf: (source: string) => string): string {
  const file = fileName(overlap)
  if (overlap.kind === 'own') {
    const { length } = overlap.sessions
    return `${NUMBERS[length] ?? String(length)} of your agents are in ${file}`
  }
  const own = overlap.sessions.find(({ isSelf }) => isSelf)?.source
  const others = othersOf(overlap).filter((other) => other !== source)
  const names = namesOf(others, nameOf)
  const isOwnToo = own !== undefined && own !== source
  const [first = 'Another', second, ...more] = isOwnToo ? ['You', ...names] : names
  if (!second) return `${isOwnToo ? 'Your' : `${first}’s`} agent is in ${file} too`
  return `${first} and ${more.length ? `${more.length + 1} more` : second} are in ${file} too`
}
