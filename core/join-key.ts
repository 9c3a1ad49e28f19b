import { VibeTeaError } from './errors.ts'
import type { Role, TeamKey } from './team-key.ts'

/**
 * What a key makes of the person who joins with it. Throws a `VibeTeaError`: `mirror_key` for a key that opens nothing,
 * `admin_key` for the founder's backup, which is not to be handed out at all.
 */
export function joinRole({ kind }: Pick<TeamKey, 'kind'>): Exclude<Role, 'mirror'> {
  switch (kind) {
    case 'write':
      return 'member'
    case 'read':
      return 'reader'
    case 'mirror':
      throw new VibeTeaError(
        'mirror_key',
        'This is a mirror key: it lets a server pass the logs of a team on without reading them.',
        'To see the team, ask for a team key (vt1w) or a read-only key (vt1r).',
      )
    case 'admin':
      throw new VibeTeaError(
        'admin_key',
        'This is the admin backup of a team, not its team key.',
        'Keep it where nobody else sees it, and join with the team key (vt1w).',
      )
  }
}
