import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { VibeTeaError } from '../../core/errors.ts'
import { keyText } from '../../core/secrets.ts'
import { formatTeamKey } from '../../core/team-key.ts'
import { fileError, writeNew } from './files.ts'

export interface AdminKey {
  /** The public key, 32 bytes. */
  teamId: Uint8Array
  /** 32 bytes. */
  secret: Uint8Array
  teamName: string | null
}

/**
 * Writes the admin key of a new team to `admin-<8>.key` in the home (0600); answers the file's path. Nothing ever
 * writes over it or removes it. Throws a `VibeTeaError` `backup_exists` where another file has its name.
 */
export async function writeAdminBackup(
  home: string,
  { teamId, secret, teamName }: AdminKey,
): Promise<string> {
  const path = join(home, `admin-${keyText(teamId).slice(0, 8)}.key`)
  const token = formatTeamKey({ kind: 'admin', teamId, secret })
  await writeNew(path, `${sentence(teamName)}\n${token}\n`)
  let kept
  try {
    kept = await readFile(path, 'utf8')
  } catch (error) {
    throw fileError(error, path, 'read')
  }
  if (kept.split(/\s+/).includes(token)) return path
  throw new VibeTeaError(
    'backup_exists',
    `${path}, where the admin key would be kept, holds something else.`,
    'Move it away and try again.',
  )
}

function sentence(teamName: string | null): string {
  const team = teamName === null ? 'your VibeTea team' : `the VibeTea team ${JSON.stringify(teamName)}`
  return (
    `This is the admin key of ${team}. Who has it can remove members and change the team's keys; without it nobody ` +
    'ever can. Keep a copy off this machine, as you keep passwords, and give it to nobody: it is not the key to join with.'
  )
}
