import type { OutboxAnswer } from '../../core/api.ts'
import { VibeTeaError } from '../../core/errors.ts'
import { readTeam } from '../home/team-file.ts'
import { findNode, requireNode } from './client.ts'
import type { Context } from './command.ts'
import { eventLine } from './output.ts'
import { settingsOf } from './settings.ts'

/** `vibetea outbox`: what the team's log holds of this device. Before any team there is no such log. */
export async function outbox(context: Context, flags: { limit: string; json?: boolean }): Promise<void> {
  if (!/^[1-9]\d{0,3}$/.test(flags.limit) || Number(flags.limit) > 1000) {
    throw new VibeTeaError(
      'invalid_limit',
      `--limit ${flags.limit} is not a count.`,
      'Write a number from 1 to 1000.',
    )
  }
  const { home } = await settingsOf(context)
  // In a team it is the node that can read what has left.
  const client = (await readTeam(home)) ? await requireNode(home) : await findNode(home)
  const { events } = client
    ? await client.get<OutboxAnswer>('/api/outbox', { limit: flags.limit })
    : { events: [] }
  if (flags.json) return context.out(JSON.stringify(events, null, 2))
  if (events.length === 0) return context.out('Nothing has left this machine.')
  for (const event of events) context.out(eventLine(event))
}
