import { CLOCK_TOLERANCE_MS, type PeerStatus, type StatusAnswer } from '../../core/api.ts'
import { newestAfter } from '../../core/versions.ts'
import { reachWords } from './people.ts'

/** What `vibetea status` says of team and peers, as rows of its table. */
export function teamRows({ team, peers }: Pick<StatusAnswer, 'team' | 'peers'>, now: number): string[][] {
  if (!team) return [['team', 'none: nothing leaves this machine']]
  const name = team.name === null ? team.teamId : `"${team.name}", ${team.teamId}`
  const rows = [
    ['team', `${name} (${team.role})`],
    ['reach', team.reach.message],
  ]
  for (const peer of peers) {
    const { name, source, role, version } = peer
    const who = name === source ? source : `${name} (${source})`
    const words = [role, reachWords(peer, now), ...(version === null ? [] : [`VibeTea ${version}`])]
    rows.push(['peer', `${who}: ${words.join(', ')}`])
  }
  return rows
}

/** What is wrong with the logs and clocks of teammates, and whether some of them run a newer VibeTea. */
export function teamProblems({ node, peers }: Pick<StatusAnswer, 'node' | 'peers'>): string[] {
  const problems = peers.flatMap((peer) => {
    const problem = peer.problem ?? clockProblem(peer)
    return problem === null ? [] : [`problem: ${peer.name}: ${problem}`]
  })
  const newest = newestAfter(
    node.version,
    peers.map(({ version }) => version),
  )
  if (newest !== null) problems.push(`Teammates run VibeTea ${newest}, you ${node.version}: time to update.`)
  return problems
}

/** What to say where somebody's clock differs from this machine's; null where it does not much or is not known. */
function clockProblem({ name, clockAheadMs }: PeerStatus): string | null {
  const aheadMs = clockAheadMs ?? 0
  if (Math.abs(aheadMs) < CLOCK_TOLERANCE_MS) return null
  const minutes = Math.round(Math.abs(aheadMs) / 60_000)
  const by = minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
  return (
    `${name}'s clock is ${by} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's. Set the one that is wrong: ` +
    'until then sessions seem to be older or newer than they are; nothing is lost.'
  )
}
