import type { Invitation } from '../../core/api.ts'
import type { Role } from '../../core/team-key.ts'
import { findNode } from './client.ts'
import type { Context } from './command.ts'
import { lifeOptions } from './enter-team.ts'
import { keyCode } from './qr.ts'
import { settingsOf } from './settings.ts'
import { inviteKey } from '../team-life.ts'

export interface InviteFlags {
  readOnly?: boolean
  mirror?: boolean
  qr?: boolean
  json?: boolean
}

const SAYS: Record<Role, string> = {
  member: 'Team key. Treat it as a password: anyone with this key can read and join until you rotate it.',
  reader:
    'Read-only key. Treat it as a password: anyone with this key can read along until you rotate it; everyone sees who does.',
  mirror:
    'Mirror key, for a server that passes the logs of the team on while laptops sleep. It opens none of them, but tells their sizes and times.',
}

/** `vibetea invite`: a key to hand out. */
export async function invite(context: Context, { readOnly, mirror, qr, json }: InviteFlags): Promise<void> {
  const wanted: Role = mirror ? 'mirror' : readOnly ? 'reader' : 'member'
  const settings = await settingsOf(context)
  const client = await findNode(settings.home)
  const { key, role } = client
    ? await client.act<'invite', Invitation>('invite', { role: wanted })
    : await inviteKey(lifeOptions(context, settings), { role: wanted })
  if (json) return context.out(JSON.stringify({ key, role }, null, 2))
  const lines = [SAYS[role], '', key]
  if (role !== 'mirror')
    lines.push('', 'Whoever gets it runs this, which asks for the key:', '', 'vibetea join')
  for (const line of lines) context.out(line)
  if (qr) context.out(`\n${keyCode(key, context.isTerminal)}`)
}
