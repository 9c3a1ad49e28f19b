import type { SessionRow, SessionsAnswer } from '../../core/api.ts'
import { printable } from '../../core/printable.ts'
import { requireNode } from './client.ts'
import type { Context } from './command.ts'
import { stateWords, table } from './output.ts'
import { settingsOf } from './settings.ts'

/** `vibetea who` */
export async function who(context: Context, flags: { json?: boolean }): Promise<void> {
  const { home } = await settingsOf(context)
  const client = await requireNode(home)
  const { sessions } = await client.get<SessionsAnswer>('/api/sessions')
  if (flags.json) return context.out(JSON.stringify(sessions, null, 2))
  if (sessions.length === 0) {
    return context.out('Nothing brewing. Start your assistant in any repo; it shows up here.')
  }
  const now = Date.now()
  for (const line of table(sessions.map((session) => row(session, now)))) context.out(printable(line))
}

function row(session: SessionRow, now: number): string[] {
  const { source, handle, project, last } = session
  const doing = [last?.tool, last?.context].filter((part) => part !== undefined).join(' ')
  return [source, handle, project, stateWords(session, now), doing]
}
