import { type Connection, isReached, type MemberRow, type Path } from '../../core/api.ts'
import { nameList } from './name-list.ts'
import type { Teammate } from './people.svelte.ts'
import { duration, plural } from './time.ts'

/** How a teammate is written of: each word says what a colour or a shape beside it says too. */

export const PRESENCE_WORDS: Record<MemberRow['presence'], { word: string; title: string }> = {
  active: { word: 'active', title: 'at work in the last five minutes' },
  waiting: { word: 'waiting', title: 'an agent waits for an answer' },
  online: { word: 'online', title: 'here' },
  away: { word: 'away', title: 'nothing for half an hour' },
  offline: { word: 'offline', title: 'not here' },
}

const CONNECTION_WORDS: Record<Connection, { word: string; title: string }> = {
  direct: { word: 'direct', title: 'from this machine to theirs' },
  relayed: { word: 'relayed', title: 'through another machine, which cannot read it' },
  connecting: { word: 'connecting', title: 'found, and not connected yet' },
  offline: { word: 'offline', title: 'tried again from time to time' },
}

const PATHS: Record<Path, { word: string; title: string }> = {
  local: { word: 'local network', title: 'within the local network' },
  internet: { word: 'internet', title: 'over the internet' },
}

/** How somebody is reached, in words: `direct · local network`. */
export function connectionWords({ connection, path }: Pick<Teammate, 'connection' | 'path'>): {
  word: string
  title: string
} {
  if (connection === null) return { word: 'this machine', title: '' }
  const { word, title } = CONNECTION_WORDS[connection]
  if (!path) return { word, title }
  return { word: `${word} · ${PATHS[path].word}`, title: `${title}, ${PATHS[path].title}` }
}

/** How everyone is reached: `8 devices · 5 of 7 connected · 1 connecting · 1 offline`. */
export function reachWords(people: readonly Teammate[]): string {
  const others = people.filter(({ isSelf }) => !isSelf)
  const connecting = others.filter(({ connection }) => connection === 'connecting').length
  const connected = others.filter(isReached).length
  const offline = others.length - connected - connecting
  return [
    plural(people.length, 'device'),
    others.length && `${connected} of ${others.length} connected`,
    connecting && `${connecting} connecting`,
    offline && `${offline} offline`,
  ]
    .filter(Boolean)
    .join(' · ')
}

/** The first letters of a device's key, in fours, to be compared by eye: `k3f9 xq1m`. */
export function shortKey(device: string): string {
  return `${device.slice(0, 4)} ${device.slice(4, 8)}`.trim()
}

/** What somebody does in the team: `member`, `watching`, `mirror`; an archiver `archives`, as a member besides. */
export function roleWords({ role, isArchiver }: Pick<MemberRow, 'role' | 'isArchiver'>): string[] {
  if (isArchiver && role === 'reader') return ['archives']
  const word = { member: 'member', reader: 'watching', mirror: 'mirror' }[role]
  return isArchiver ? [word, 'archives'] : [word]
}

const MOST_ARCHIVERS = 5

/** Who copies the team's logs into an archive and what that means; '' where nobody does. */
export function archivedWords(people: readonly Pick<Teammate, 'name' | 'isArchiver' | 'isSelf'>[]): string {
  const archivers = people.filter(({ isArchiver }) => isArchiver)
  if (!archivers.length) return ''
  const isYou = archivers.length === 1 && archivers[0]!.isSelf
  const names = archivers.map(({ name, isSelf }) => (isSelf ? `${name} (you)` : name))
  const who = isYou
    ? 'Your node keeps'
    : `${nameList(names, MOST_ARCHIVERS)} ${archivers.length === 1 ? 'keeps' : 'keep'}`
  return (
    `${who} the team’s history: all that anybody shares is copied into an archive. ` +
    'Whoever has access to that archive can read it there, for as long as it is kept.'
  )
}

/** How much of a log is still to come, as far as is known; '' for who has none. */
export function behindWords(
  person: Pick<Teammate, 'role' | 'behind' | 'isSelf' | 'connection' | 'lastSeen'>,
): string {
  const { role, behind, isSelf, lastSeen } = person
  if (behind > 0) return `${plural(behind, 'block')} behind`
  if (role !== 'member' || isSelf) return ''
  if (isReached(person)) return 'up to date'
  return lastSeen === null ? 'nothing here yet' : 'complete up to then'
}

/** `now`, `2 h ago`, `not met yet`. */
export function seenWords(person: Pick<Teammate, 'isSelf' | 'connection' | 'lastSeen'>, now: number): string {
  if (person.isSelf || isReached(person)) return 'now'
  if (person.lastSeen === null) return 'not met yet'
  return `${duration(now - Date.parse(person.lastSeen))} ago`
}

/** Two letters for a name: `AO` for Ada Okafor. */
export function initials(name: string): string {
  const words = name.replace(/\(.*$/, '').match(/[\p{L}\p{N}]+/gu) ?? []
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(
    (word) => Array.from(word ?? '')[0],
  )
  return letters.join('').toUpperCase() || '?'
}

/** What somebody does where they are not at their sessions: `offline 2 h`, `away`; '' for who is here. */
export function awayWords(person: Pick<Teammate, 'presence' | 'lastSeen' | 'isSelf'>, now: number): string {
  if (person.isSelf) return ''
  if (person.presence === 'away') return 'away'
  if (person.presence !== 'offline') return ''
  return person.lastSeen === null ? 'not met yet' : `offline ${duration(now - Date.parse(person.lastSeen))}`
}

/** When somebody's last session was, ms, by the node's word and by what came since (`heard`, ms); 0 for none. */
export function lastSessionAt(
  { lastSessionAt: said }: Pick<MemberRow, 'lastSessionAt'>,
  heard: number,
): number {
  return Math.max(said === null ? 0 : Date.parse(said), heard)
}

const MINUTE_MS = 60_000
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** The clock on somebody's wall, as a date whose UTC parts say it. */
const wallOf = (now: number, utcOffsetMinutes: number): Date => new Date(now + utcOffsetMinutes * MINUTE_MS)

/** What time it is for somebody: `06:15`, with the day where it is another than here, `Sat 06:15`. */
export function clockThere(now: number, utcOffsetMinutes: number): string {
  const there = wallOf(now, utcOffsetMinutes)
  const day = there.getUTCDay() === new Date(now).getDay() ? '' : `${WEEKDAYS[there.getUTCDay()]!} `
  return day + there.toISOString().slice(11, 16)
}

/** The same in full, for tooltips: `Sat 06:15 there, 5 h 45 min ahead of you; as their machine says`. */
export function clockTitle(now: number, utcOffsetMinutes: number): string {
  const ahead = utcOffsetMinutes + new Date(now).getTimezoneOffset()
  const apart = duration(Math.abs(ahead) * MINUTE_MS)
  const words = ahead === 0 ? 'as here' : `${apart} ${ahead > 0 ? 'ahead of' : 'behind'} you`
  return `${clockThere(now, utcOffsetMinutes)} there, ${words}; as their machine says`
}
