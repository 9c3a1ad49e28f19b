import { VibeTeaError } from './errors.ts'
import type { TeamKey } from './team-key.ts'
import { parseTeamKey, roleOf } from './team-key.ts'

export interface JoinKey extends TeamKey {
  kind: 'write' | 'read'
  role: 'member' | 'reader'
}

/**
 * Reads a key that people join with: a team key or a read-only key. Throws what `parseTeamKey` throws, `mirror_key` for a
 * key that opens nothing, and `admin_key` for the founder's backup, which is not to be handed out at all.
 */
export function parseJoinKey(text: string): JoinKey {
  const { kind, teamId, secret } = parseTeamKey(text)
  switch (kind) {
    case 'write':
    case 'read':
      return { kind, teamId, secret, role: roleOf(kind) as JoinKey['role'] }
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
