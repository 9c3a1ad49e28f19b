import type { Consent } from '../../core/api.ts'
import { printable } from '../../core/printable.ts'
import { projectKey } from '../../core/project-key.ts'
import { span } from './output.ts'
import type { Peeked } from '../peek.ts'

/** What a person is told before entering a team, and how the answers are read. */

const DAY_MS = 86_400_000
/** How far back projects are listed, ms. */
export const RECENT_MS = 30 * DAY_MS
/** Characters of a line of projects. */
const WIDTH = 76
const MAX_NAMED = 5

/** `Joining "harbour": 7 people, 1 watching (eve), archived by box-1.` */
export function joiningLine(peeked: Peeked | null): string {
  if (!peeked) return 'Joining a team. Nobody of it is reachable yet.'
  const { teamName, members, readers, archivers } = peeked
  const team = teamName === null ? 'a team' : `"${teamName}"`
  const people = `${members.length} ${members.length === 1 ? 'person' : 'people'}`
  const watching = readers.length > 0 ? [`${readers.length} watching (${listed(readers)})`] : []
  const archived = archivers.length > 0 ? [`archived by ${listed(archivers)}`] : []
  return printable(`Joining ${team}: ${[people, ...watching, ...archived].join(', ')}.`)
}

function listed(names: readonly string[]): string {
  const more = names.length - MAX_NAMED
  return names.slice(0, MAX_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** What everyone of a team learns of who is in it, sessions aside. */
const LEARNT = [
  'Teammates learn the name you give, your machine’s label, how far its clock',
  'is ahead of UTC, VibeTea’s version, whether you are there, your IP address.',
]

/** What a member agrees to. */
export function memberLines(backfillMs: number): string[] {
  const from = backfillMs === 0 ? 'from now on' : `from ${span(backfillMs)} ago on`
  return [
    `For projects you share, ${from}, teammates see when you work`,
    '(to the second), project and file names without folders, tool and',
    'MCP names, models, tokens, failures, and whose turn it is.',
    'Never: prompts, answers, code, commands, searches, paths, branches.',
    'Whoever holds the key can read and copy it, and so can whoever has access',
    'to an archive of it; leaving unsends nothing.',
    ...LEARNT,
  ]
}

/** What somebody who only watches agrees to. */
export function readerLines(): string[] {
  return [
    'This is a read-only key: you watch, and everyone sees that.',
    'Nothing of your sessions is shared.',
    ...LEARNT,
  ]
}

/** The projects with the numbers that an answer may have. */
export function projectLines(projects: readonly string[]): string[] {
  const lines: string[] = []
  for (const [index, project] of projects.entries()) {
    const entry = `${String(index + 1).padStart(2)} ${project}`
    const last = lines.at(-1)
    if (last !== undefined && `${last}   ${entry}`.length <= WIDTH)
      lines[lines.length - 1] = `${last}   ${entry}`
    else lines.push(entry)
  }
  return [...lines, '(new ones stay private)'].map(printable)
}

/** Each name once: two projects of one name are shared together, for tags change as a team begins. */
export function projectNames(projects: readonly { project: string }[]): string[] {
  return [...new Set(projects.map(({ project }) => project))]
}

/**
 * What to share of the listed projects: `a` or `all`, `n` or `none`, numbers with spaces or commas between them, `2-4`.
 * null for anything else, and for nothing: consent is said.
 */
export function parseAnswer(answer: string, projects: readonly string[]): readonly string[] | null {
  const words = answer
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '')
  if (words.length === 1 && /^a(ll)?$/.test(words[0]!)) return projects
  if (words.length === 1 && /^n(one)?$/.test(words[0]!)) return []
  const chosen = new Set<string>()
  for (const word of words) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(word)
    const from = Number(match?.[1])
    const to = Number(match?.[2] ?? from)
    if (!match || from < 1 || to > projects.length || from > to) return null
    for (const project of projects.slice(from - 1, to)) chosen.add(project)
  }
  return chosen.size > 0 ? projects.filter((project) => chosen.has(project)) : null
}

/** What `--share all|none|a,b` says. Throws a `VibeTeaError` `invalid_project` for a name that cannot be one. */
export function parseShare(flag: string): Consent['share'] {
  const text = flag.trim()
  if (text === 'all' || text === 'none') return text
  return [...new Set(text.split(',').map(projectKey))]
}

/** What is shared now, for the end of `create` and `join`. */
export function sharedLine(share: Consent['share']): string {
  if (share === 'all')
    return 'You share every project, new ones too. Keep one to yourself with: vibetea private <project>'
  if (share === 'none' || share.length === 0)
    return 'You share nothing yet. Share a project with: vibetea share <project>'
  return printable(`You share ${share.join(', ')}. New projects stay private.`)
}
