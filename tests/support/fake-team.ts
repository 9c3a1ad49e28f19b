import type {
  Connection,
  Meeting,
  MemberRow,
  Overlap,
  PeerStatus,
  Presence,
  TeamStatus,
} from '../../core/api.ts'
import { handleOf } from '../../core/handle.ts'
import type { FakeSession, Person } from './fake-world.ts'

/** Of the pretend node itself. */
export const OWN_VERSION = '0.1.0'

/** One of the pretend team, as its members and peers are answered. */
export interface FakeMember
  extends
    Omit<MemberRow, 'isSelf' | 'connection'>,
    Pick<PeerStatus, 'connection' | 'problem' | 'clockAheadMs' | 'path'> {}

const HOUR_MS = 3_600_000

function member({ source, name }: Pick<Person, 'source' | 'name'>): FakeMember {
  return {
    device: `device-of-${source}`,
    source,
    name,
    role: 'member',
    presence: 'active',
    connection: 'direct',
    behind: 0,
    lastSeen: null,
    version: OWN_VERSION,
    isArchiver: false,
    utcOffsetMinutes: 0,
    eventsHeld: 0,
    lastSessionAt: null,
    problem: null,
    clockAheadMs: null,
    path: 'local',
  }
}

/** Beside those who have sessions: one who is away, one who watches, one machine that archives. */
export function others(now: number): FakeMember[] {
  const ago = (hours: number) => new Date(now - hours * HOUR_MS).toISOString()
  return [
    {
      ...member({ source: 'framework-q8w4zc', name: 'Dana Weiss' }),
      presence: 'offline',
      connection: 'offline',
      behind: 12,
      lastSeen: ago(2.2),
      utcOffsetMinutes: 60,
      eventsHeld: 2075,
      lastSessionAt: ago(3.1),
    },
    { ...member({ source: 'kiosk-e5r9to', name: 'Eve Lind' }), role: 'reader', presence: 'online' },
    {
      ...member({ source: 'box-1-a7s3df', name: 'box-1' }),
      role: 'reader',
      presence: 'online',
      isArchiver: true,
    },
  ]
}

/** Who is in the pretend team and how they are reached; the first of the people is oneself. */
export class FakeTeam {
  status: TeamStatus = {
    teamId: 'kzf4oy9h1sd8w3u7q5e6rtbcxnmgapjdyk4h8sfz1oq9w3e7u5rt',
    role: 'member',
    name: 'harbour',
    reach: { state: 'connected', message: 'Connected to the team.' },
  }
  overlaps: Overlap[] = []
  /** What is told of a time that is over. */
  meetings: Meeting[] = []
  readonly #members: FakeMember[]
  readonly #onPresence = new Set<(members: readonly MemberRow[]) => void>()
  readonly #onPeers = new Set<(peers: readonly PeerStatus[]) => void>()

  constructor(people: readonly Pick<Person, 'source' | 'name'>[], more: readonly FakeMember[] = []) {
    const [second, third] = [people[1]?.source, people[2]?.source]
    this.#members = people.map(member).map((row) => ({
      ...row,
      ...(row.source === second && { presence: 'waiting', version: '1.3.0', path: 'internet' }),
      ...(row.source === second && { utcOffsetMinutes: -180, eventsHeld: 3984 }),
      ...(row.source === third && { presence: 'away', connection: 'relayed' }),
      ...(row.source === third && { utcOffsetMinutes: 330, eventsHeld: 4410 }),
    }))
    this.#members.push(...more)
  }

  /** Whether there is a team at all. */
  get isTeam(): boolean {
    return this.#members.length > 1
  }

  members(): MemberRow[] {
    return this.#members.map((row, i) => {
      const { device, source, name, role, presence, behind, lastSeen, version, isArchiver } = row
      const { utcOffsetMinutes, eventsHeld, lastSessionAt } = row
      const known = { device, source, name, role, presence, behind, lastSeen, version, isArchiver }
      const more = { utcOffsetMinutes, eventsHeld, lastSessionAt }
      return { ...known, ...more, isSelf: i === 0, connection: i ? row.connection : null }
    })
  }

  peers(): PeerStatus[] {
    return this.#members.slice(1).map((row) => {
      const { device, source, name, role, connection, behind, lastSeen, version, problem } = row
      const { clockAheadMs } = row
      const path = connection === 'direct' ? row.path : null
      return {
        ...{ device, source, name, role, connection, path, behind, lastSeen, version },
        ...{ problem, clockAheadMs },
      }
    })
  }

  /** Somebody changes, and everyone connected is told. */
  change(source: string, change: Partial<FakeMember>): void {
    const i = this.#members.findIndex((row) => row.source === source)
    this.#members[i] = { ...this.#members[i]!, ...change }
    this.#tell()
  }

  setPresence(source: string, presence: Presence | 'offline'): void {
    this.change(source, { presence })
  }

  setConnection(source: string, connection: Connection): void {
    this.change(source, { connection })
  }

  join(newcomer: Pick<Person, 'source' | 'name'>): void {
    this.#members.push(member(newcomer))
    this.#tell()
  }

  onPresence(listener: (members: readonly MemberRow[]) => void): () => void {
    this.#onPresence.add(listener)
    return () => void this.#onPresence.delete(listener)
  }

  onPeers(listener: (peers: readonly PeerStatus[]) => void): () => void {
    this.#onPeers.add(listener)
    return () => void this.#onPeers.delete(listener)
  }

  #tell(): void {
    for (const listener of this.#onPresence) listener(this.members())
    for (const listener of this.#onPeers) listener(this.peers())
  }
}

/** Sessions that edit one file at a time, ms; the latest comes first. `self` is the source of this machine. */
export function overlapOf(
  context: string,
  self: string,
  at: number,
  ...sessions: readonly Pick<FakeSession, 'source' | 'id' | 'project'>[]
): Overlap {
  const rows = sessions.map(({ id, source }, i) => ({
    sessionId: id,
    source,
    handle: handleOf(id),
    lastAt: new Date(at - i * 20_000).toISOString(),
    isSelf: source === self,
  }))
  return {
    fileTag: `tag-${context}`,
    context,
    project: sessions[0]!.project,
    kind: new Set(rows.map(({ source }) => source)).size > 1 ? 'team' : 'own',
    sessions: rows,
  }
}
