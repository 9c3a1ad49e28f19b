import { type Connection, isReached, type MemberRow } from '../../core/api.ts'
import type { Role } from '../../core/team-key.ts'
import { span } from './output.ts'

/** How the people of a team are called and described. */

/** The name for a source. A name that two devices have gets its source besides; without teammates sources say enough. */
export type NameOf = (source: string) => string

export function namesOf(members: readonly MemberRow[]): NameOf {
  const counts = new Map<string, number>()
  for (const { name } of members) counts.set(name, (counts.get(name) ?? 0) + 1)
  const names = new Map<string, string>()
  if (members.some(({ isSelf }) => !isSelf)) {
    for (const { source, name } of members) {
      names.set(source, counts.get(name) === 1 || name === source ? name : `${name} (${source})`)
    }
  }
  return (source) => names.get(source) ?? source
}

/** Oneself first, then by name: nothing ranks people. */
export function inOrder(members: readonly MemberRow[]): MemberRow[] {
  const key = ({ name, source }: MemberRow) => `${name.toLowerCase()} ${source}`
  return members.toSorted(
    (a, b) => Number(b.isSelf) - Number(a.isSelf) || (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0),
  )
}

const ROLE_WORDS: Record<Role, string> = { member: 'member', reader: 'watching', mirror: 'mirror' }

/** `member`, `watching`, `watching, archiving`, `mirror`. */
export function roleWords({ role, isArchiver }: Pick<MemberRow, 'role' | 'isArchiver'>): string {
  return isArchiver ? `${ROLE_WORDS[role]}, archiving` : ROLE_WORDS[role]
}

/** `direct, 3 blocks behind` or `offline, seen 2 h ago`. */
export function reachWords(
  { connection, behind, lastSeen }: { connection: Connection; behind: number; lastSeen: string | null },
  now: number,
): string {
  const seen = lastSeen === null ? 'not met yet' : `seen ${span(now - Date.parse(lastSeen))} ago`
  const late = behind > 0 ? [`${behind} ${behind === 1 ? 'block' : 'blocks'} behind`] : []
  return [connection, ...late, ...(isReached({ connection }) ? [] : [seen])].join(', ')
}

/** `Also here: Chen (away), Eve (watching)`: those of the team who are connected and not named otherwise; or nothing. */
export function alsoHere(members: readonly MemberRow[], named: ReadonlySet<string>): string[] {
  const nameOf = namesOf(members)
  const others = inOrder(members).filter(
    ({ source, presence, isSelf }) => !isSelf && presence !== 'offline' && !named.has(source),
  )
  const words = others.map((member) => `${nameOf(member.source)} (${hereWords(member)})`)
  return words.length > 0 ? [`Also here: ${words.join(', ')}`] : []
}

/** What somebody does here: how present a member is, and what the others are here for. */
export function hereWords(member: MemberRow): string {
  return member.role === 'member' && !member.isArchiver ? member.presence : roleWords(member)
}
