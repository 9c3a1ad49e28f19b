import type { StatusAnswer } from '../../core/api.ts'
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

/** What is wrong with the logs of teammates, and whether some of them run a newer VibeTea. */
export function teamProblems({ node, peers }: Pick<StatusAnswer, 'node' | 'peers'>): string[] {
  const problems = peers.flatMap(({ name, problem }) =>
    problem === null ? [] : [`problem: ${name}: ${problem}`],
  )
  const newest = newestAfter(
    node.version,
    peers.map(({ version }) => version),
  )
  if (newest !== null) problems.push(`Teammates run VibeTea ${newest}, you ${node.version}: time to update.`)
  return problems
}
