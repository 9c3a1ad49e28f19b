import type { MembersAnswer, OverlapsAnswer, SessionRow, SessionsAnswer } from '../../core/api.ts'
import { printable } from '../../core/printable.ts'
import { requireNode } from './client.ts'
import type { Context } from './command.ts'
import { stateWords, table } from './output.ts'
import { overlapLines } from './overlap-lines.ts'
import type { NameOf } from './people.ts'
import { alsoHere, namesOf } from './people.ts'
import { settingsOf } from './settings.ts'

/** `vibetea who` */
export async function who(context: Context, flags: { json?: boolean }): Promise<void> {
  const { home } = await settingsOf(context)
  const client = await requireNode(home)
  const { sessions } = await client.get<SessionsAnswer>('/api/sessions')
  if (flags.json) return context.out(JSON.stringify(sessions, null, 2))
  const { members } = await client.get<MembersAnswer>('/api/members')
  const { overlaps } = await client.get<OverlapsAnswer>('/api/overlaps')
  for (const line of whoLines({ sessions, members, overlaps }, Date.now())) context.out(printable(line))
}

/** Who is in one file with whom, a line a session, and who else is here. */
export function whoLines(
  { sessions, members, overlaps }: SessionsAnswer & MembersAnswer & OverlapsAnswer,
  now: number,
): string[] {
  const nameOf = namesOf(members)
  const rows = table(sessions.map((session) => row(session, nameOf, now)))
  const nothing = ['Nothing brewing. Start your assistant in any repo; it shows up here.']
  const others = alsoHere(members, new Set(sessions.map(({ source }) => source)))
  return [...overlapLines(overlaps, nameOf, now), ...(rows.length > 0 ? rows : nothing), ...others]
}

function row(session: SessionRow, nameOf: NameOf, now: number): string[] {
  const { source, handle, project, last } = session
  const doing = [last?.tool, last?.context].filter((part) => part !== undefined).join(' ')
  return [nameOf(source), handle, project, stateWords(session, now), doing]
}
