import type { StatusAnswer } from '../../core/api.ts'
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

/** What is wrong with the logs of teammates, and whether some of them run a newer VibeTea. */
export function teamProblems({ node, peers }: Pick<StatusAnswer, 'node' | 'peers'>): string[] {
  const problems = peers.flatMap(({ name, problem }) =>
    problem === null ? [] : [`problem: ${name}: ${problem}`],
  )
  const newest = peers
    .flatMap(({ version }) => (version !== null && isNewer(version, node.version) ? [version] : []))
    .reduce<string | null>(
      (best, version) => (best === null || isNewer(version, best) ? version : best),
      null,
    )
  if (newest !== null) problems.push(`Teammates run VibeTea ${newest}, you ${node.version}: time to update.`)
  return problems
}

/** Compares the three numbers of versions; what has none is never newer. */
function isNewer(version: string, than: string): boolean {
  const [a, b] = [numbers(version), numbers(than)]
  if (!a || !b) return false
  const at = a.findIndex((part, index) => part !== b[index])
  return at >= 0 && a[at]! > b[at]!
}

function numbers(version: string): number[] | null {
  const match = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?!\d)/.exec(version)
  return match && match.slice(1).map(Number)
}
