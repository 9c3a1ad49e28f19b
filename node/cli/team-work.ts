import type { NamedProject } from '../../core/project-key.ts'
import type { TeamKey } from '../../core/team-key.ts'
import type { Warn } from '../home/home.ts'
import type { Endpoint } from '../home/setting-kinds.ts'
import type { Settings } from '../home/settings.ts'
import type { Environment } from '../sources/port.ts'

/** What `create` and `join` look at before they ask; `program.ts` gives the real ones. */

/** Who of a team is there, by the names that they chose. */
export interface Peeked {
  teamName: string | null
  members: readonly string[]
  readers: readonly string[]
  archivers: readonly string[]
}

/** Looks who is there, for at most `timeoutMs`; null where nobody was reached. */
export type Peek = (options: {
  key: TeamKey
  bootstrap: readonly Endpoint[] | null
  signal: AbortSignal
  timeoutMs: number
}) => Promise<Peeked | null>

/** The projects in which sessions of this machine were written to since a time in ms, the latest first. */
export type RecentProjects = (options: {
  settings: Settings
  environment: Environment
  warn: Warn
  since: number
  signal: AbortSignal
}) => Promise<readonly NamedProject[]>
