import { isReached, type MemberRow, type Path, type PeerStatus } from '../../core/api.ts'
import { compare } from '../../core/buckets.ts'
import { plain } from './text.ts'

const COLOURS = 8

/** A number from 0 to 7 that stays with a name; two names may have one. */
export function colourOf(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) >>> 0
  return ((hash ^ (hash >>> 11)) >>> 0) % COLOURS
}

/**
 * A colour each, by name: while there are at most eight, all are different. Each has its own of `colourOf` where no other
 * has it too, so that few change theirs when somebody comes.
 */
export function coloursApart(
  names: readonly string[],
  /** Names that have a colour already. */
  taken: ReadonlyMap<string, number> = new Map(),
): Map<string, number> {
  const wanted = [...names].sort().map((name) => ({ name, colour: colourOf(name) }))
  const owners = new Map([...taken].map(([name, colour]) => [colour, name]))
  for (const { name, colour } of wanted) if (!owners.has(colour)) owners.set(colour, name)
  return new Map(
    wanted.map(({ name, colour }) => {
      if (owners.get(colour) === name) return [name, colour]
      const free = Array.from({ length: COLOURS }, (_, i) => (colour + i) % COLOURS).find(
        (other) => !owners.has(other),
      )
      if (free !== undefined) owners.set(free, name)
      return [name, free ?? colour]
    }),
  )
}

const DEVICE = /-([a-z0-9]{6})$/

/** A source without the device's letters. */
const labelOf = (source: string): string => plain(source.replace(DEVICE, ''))

/** The device's letters alone. */
const lettersOf = (source: string): string => DEVICE.exec(source)?.[1] ?? plain(source)

/** What a node calls the source of a device of which it has neither profile nor events. */
const UNNAMED = /^unknown-[a-z0-9]{6}$/

/** Before a name has come, the source stands in its place. */
const bareName = ({ source, name }: Named): string =>
  (name !== source && plain(name).trim()) || (UNNAMED.test(source) ? 'Somebody new' : labelOf(source))

/** Names that look alike are one: anybody can choose any. */
const fold = (name: string): string => name.normalize('NFKC').toLowerCase()

interface Named {
  source: string
  name: string
}

/** What each source's owner is called, by source; two of one name have what tells their sources apart behind it. */
export function namesApart(people: readonly Named[]): Map<string, string> {
  return new Map(
    people.map((person) => {
      const name = bareName(person)
      const twins = people.filter(
        (other) => other.source !== person.source && fold(bareName(other)) === fold(name),
      )
      if (!twins.length) return [person.source, name]
      const isTold = (say: (source: string) => string) =>
        twins.every(({ source }) => say(source) !== say(person.source))
      const say = [labelOf, lettersOf].find(isTold) ?? ((source) => plain(source))
      return [person.source, `${name} (${say(person.source)})`]
    }),
  )
}

/** Somebody of the team, oneself included, with all that is known. */
export interface Teammate extends MemberRow {
  /** Why its log is not read on, a sentence; null where it is. */
  problem: string | null
  /** Where a direct connection goes through; null where there is none. */
  path: Path | null
}

/** Members with what is known of how they are reached; oneself first, the others by name. */
export function teammatesOf(members: readonly MemberRow[], peers: readonly PeerStatus[]): Teammate[] {
  const peerOf = new Map(peers.map((peer) => [peer.device, peer]))
  const known = new Set(members.map(({ device }) => device))
  const all = [
    ...members.map((member): Teammate => {
      const { connection, path, behind, lastSeen, version, problem } = peerOf.get(member.device) ?? {
        ...member,
        path: null,
        problem: null,
      }
      return { ...member, connection, path, behind, lastSeen, version, problem }
    }),
    ...peers.filter(({ device }) => !known.has(device)).map(asTeammate),
  ]
  const names = namesApart(all)
  const named = all.map((person) => ({ ...person, name: names.get(person.source)! }))
  return named.sort(
    (a, b) =>
      Number(b.isSelf) - Number(a.isSelf) || a.name.localeCompare(b.name) || compare(a.source, b.source),
  )
}

/** One of whom the list of members does not tell yet. */
function asTeammate(peer: PeerStatus): Teammate {
  const unknown = { utcOffsetMinutes: null, eventsHeld: 0, lastSessionAt: null }
  return {
    ...peer,
    ...unknown,
    presence: isReached(peer) ? 'online' : 'offline',
    isArchiver: false,
    isSelf: false,
  }
}

/** Who is behind a source. */
export class People {
  members = $state.raw<MemberRow[]>([])
  readonly #peers: () => readonly PeerStatus[]

  /** `peers` may be reactive: what is shown then moves with it. */
  constructor(peers: () => readonly PeerStatus[] = () => []) {
    this.#peers = peers
  }

  /** Everyone of the team; oneself first, the others by name. */
  readonly all: Teammate[] = $derived.by(() => teammatesOf(this.members, this.#peers()))
  readonly #names = $derived(new Map(this.all.map(({ source, name }) => [source, name])))
  /** Those who have sessions, in the same order: readers and mirrors have none. */
  readonly makers: Teammate[] = $derived(
    this.all.filter(({ role }) => role !== 'reader' && role !== 'mirror'),
  )

  /** Those with sessions come first: they are seen side by side. */
  readonly #colours: ReadonlyMap<string, number> = $derived.by(() => {
    const makers = coloursApart(this.makers.map(({ source }) => source))
    const others = this.all.map(({ source }) => source).filter((source) => !makers.has(source))
    return new Map([...makers, ...coloursApart(others, makers)])
  })

  /** The colour of a source, 0 to 7: of up to eight people all have another. */
  colour(source: string): number {
    return this.#colours.get(source) ?? colourOf(source)
  }

  /** Whose a source is; for one who is not known, the source without the device's letters. */
  name(source: string): string {
    return this.#names.get(source) ?? labelOf(source)
  }
}
