import type { MembersAnswer, MemberRow, StatusAnswer } from '../../core/api.ts'
import { printable } from '../../core/printable.ts'
import { requireNode } from './client.ts'
import type { Context } from './command.ts'
import { table } from './output.ts'
import { inOrder, reachWords, roleWords } from './people.ts'
import { settingsOf } from './settings.ts'

/** `vibetea members`: everyone of the team, who watches and archives too. */
export async function members(context: Context, flags: { json?: boolean }): Promise<void> {
  const { home } = await settingsOf(context)
  const client = await requireNode(home)
  const { members } = await client.get<MembersAnswer>('/api/members')
  if (flags.json) return context.out(JSON.stringify(members, null, 2))
  for (const line of memberLines(members, Date.now())) context.out(printable(line))
  const { team } = await client.get<StatusAnswer>('/api/status')
  if (!team) context.out('You are in no team. Make one with: vibetea create. Or enter one: vibetea join')
  else if (team.reach.state !== 'connected') context.out(printable(team.reach.message))
}

/** A line each: name, role, how present and reached, and the machine. */
export function memberLines(members: readonly MemberRow[], now: number): string[] {
  return table(
    inOrder(members).map((member) => {
      const { name, source, presence, connection, isSelf } = member
      const reach = connection === null ? '' : reachWords({ ...member, connection }, now)
      const here = [presence, reach].filter((words) => words !== 'offline' && words !== '').join(', ')
      return [isSelf ? `${name} (you)` : name, roleWords(member), here, source]
    }),
  )
}
