import type { EventRow, EventsAnswer } from '../../core/api.ts'
import { VibeTeaError } from '../../core/errors.ts'
import type { Event } from '../../core/events.ts'
import type { Client } from './client.ts'
import { requireNode } from './client.ts'
import { Company } from './company.ts'
import type { Context } from './command.ts'
import { bareEvent, eventLine } from './output.ts'
import type { TailFlags } from './program.ts'
import { settingsOf } from './settings.ts'

type Filter = Record<'project' | 'source' | 'type', string | undefined>

/** `vibetea tail`: until Ctrl-C, or until the node stops. */
export async function tail(context: Context, flags: TailFlags): Promise<void> {
  const { home } = await settingsOf(context)
  const client = await requireNode(home)
  const company = flags.json ? null : await Company.of(client, context)
  const print = (event: Event) =>
    context.out(
      flags.json ? JSON.stringify(bareEvent(event)) : eventLine(event, company?.nameOf(event.source)),
    )
  const filter: Filter = { project: flags.project, source: flags.source, type: flags.type }
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, value)
  const newest = await client.get<EventsAnswer>('/api/events', { limit: '1' })
  const head = newest.events[0]?.cursor
  if (head !== undefined) query.set('after', head)
  const shown = await before(client, filter, lineCount(flags))
  for (const event of shown) print(event)
  await company?.tellOverlaps()
  const printed = new Set(shown.map((event) => event.cursor))
  await client.follow(
    query,
    (message) => {
      if (message.type === 'events') {
        for (const event of message.events) if (!printed.has(event.cursor)) print(event)
        if (message.events.some(changesFile)) void company?.tellOverlaps()
      }
      if (message.type === 'presence') company?.tellPresence(message.members)
      if (message.type === 'gap')
        context.err('Some events came too fast to show here. The dashboard has them all.')
    },
    context.signal,
  )
}

const changesFile = (event: Event): boolean =>
  event.eventType === 'tool' && event.payload.fileTag !== undefined

/** The last `count` events that a filter lets through, oldest first. */
async function before(client: Client, filter: Filter, count: number): Promise<EventRow[]> {
  if (count === 0) return []
  const { events } = await client.get<EventsAnswer>('/api/events', { ...filter, limit: String(count) })
  return events.reverse()
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
