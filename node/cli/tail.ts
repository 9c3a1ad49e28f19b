import type { EventsAnswer } from '../../core/api.ts'
import { VibeTeaError } from '../../core/errors.ts'
import type { Event } from '../../core/events.ts'
import { requireNode } from './client.ts'
import type { Context } from './command.ts'
import { bareEvent, eventLine } from './output.ts'
import type { TailFlags } from './program.ts'
import { settingsOf } from './settings.ts'

/** `vibetea tail`: until Ctrl-C, or until the node stops. */
export async function tail(context: Context, flags: TailFlags): Promise<void> {
  const { home } = await settingsOf(context)
  const client = await requireNode(home)
  const print = (event: Event) =>
    context.out(flags.json ? JSON.stringify(bareEvent(event)) : eventLine(event))
  const filter = { project: flags.project, source: flags.source, type: flags.type }
  const lines = lineCount(flags)
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, value)
  const newest = await client.get<EventsAnswer>('/api/events', { limit: '1' })
  const head = newest.events[0]?.cursor
  if (head !== undefined) query.set('after', head)
  // Asked even for no lines: a wrong filter is refused here with its sentence.
  const before = await client.get<EventsAnswer>('/api/events', {
    ...filter,
    limit: String(Math.max(1, lines)),
  })
  const shown = before.events.slice(0, lines).reverse()
  for (const event of shown) print(event)
  const printed = new Set(shown.map((event) => event.cursor))
  await client.follow(
    query,
    (message) => {
      if (message.type === 'events') {
        for (const event of message.events) if (!printed.has(event.cursor)) print(event)
      }
      if (message.type === 'gap')
        context.err('Some events came too fast to show here. The dashboard has them all.')
    },
    context.signal,
  )
}

function lineCount({ lines, json }: TailFlags): number {
  if (lines === undefined) return json ? 0 : 10
  if (/^\d{1,4}$/.test(lines) && Number(lines) <= 1000) return Number(lines)
  throw new VibeTeaError(
    'invalid_lines',
    `--lines ${lines} is not a count.`,
    'Write a number from 0 to 1000.',
  )
}
