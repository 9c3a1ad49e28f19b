import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { EventsAnswer, OutboxAnswer } from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import { until } from './cli.ts'
import type { Laptop } from './team.ts'

/** All events that a laptop's node has, without what it alone knows of them, by source and id. */
export async function eventsOf(laptop: Laptop): Promise<Event[]> {
  const all: Event[] = []
  let before = ''
  for (;;) {
    const { events, next } = await laptop.node.get<EventsAnswer>(
      `/api/events?limit=1000${before && `&before=${encodeURIComponent(before)}`}`,
    )
    for (const { id, source, timestamp, eventType, payload } of events)
      all.push({ id, source, timestamp, eventType, payload } as Event)
    if (next === null) return byId(all)
    before = next
  }
}

/** Waits until all have the same events with the same values, at least so many; gives what each has. */
export async function untilSame(laptops: readonly Laptop[], atLeast: number): Promise<Event[][]> {
  return until(
    () => Promise.all(laptops.map(eventsOf)),
    (lists) =>
      lists[0]!.length >= atLeast && lists.every((list) => JSON.stringify(list) === JSON.stringify(lists[0])),
  )
}

/** What left a laptop, at most the last thousand events. */
export async function outboxOf(laptop: Laptop): Promise<Event[]> {
  return (await laptop.node.get<OutboxAnswer>('/api/outbox?limit=1000')).events
}

/** What `preview` says that a laptop's session files hold, by id. */
export async function previewOf(laptop: Laptop): Promise<Event[]> {
  const { code, stdout, stderr } = await laptop.run('preview', '--json')
  if (code !== 0) throw new Error(stderr)
  const lines = stdout.split('\n').filter((line) => line !== '')
  return byId(lines.map((line) => JSON.parse(line) as Event))
}

/** Of some events those of one laptop. */
export async function ofLaptop(events: readonly Event[], laptop: Laptop): Promise<Event[]> {
  const { node } = await laptop.status()
  return events.filter(({ source }) => source === node.source)
}

/**
 * Puts the content of a backup back into a home in its place. What marks a store as being where it was made stays, as
 * it does on a disk that is set back as a whole.
 */
export function restore(backup: string, home: string): void {
  const isMark = ({ name }: { name: string }) => name === 'CORESTORE'
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && !isMark(entry)) rmSync(join(entry.parentPath, entry.name))
  for (const entry of readdirSync(backup, { recursive: true, withFileTypes: true })) {
    const from = join(entry.parentPath, entry.name)
    const to = join(home, relative(backup, from))
    if (entry.isDirectory()) mkdirSync(to, { recursive: true })
    else if (!isMark(entry)) writeFileSync(to, readFileSync(from))
    chmodSync(to, statSync(from).mode)
  }
}

function byId(events: Event[]): Event[] {
  return events.sort((a, b) => {
    const [left, right] = [`${a.source} ${a.id}`, `${b.source} ${b.id}`]
    return left < right ? -1 : left > right ? 1 : 0
  })
}
