import type { EventRow, SessionRow } from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import { printable } from '../../core/printable.ts'

/** Where a command writes; a reader that went away (`| head`) ends the command quietly. */
export interface Output {
  out: (line: string) => void
  err: (line: string) => void
  /** Replaces the line that stands there for the moment; '' takes it away. Only on a terminal. */
  status: (line: string) => void
  readonly isTerminal: boolean
}

/** Pads the cells of a table's columns; the last column is not padded. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)))
  }
  return rows.map((row) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join('  '),
  )
}

/** `14 min`, `3 h`, `2 d`: one rounded-down unit. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

const count = new Intl.NumberFormat('en')

/** What an event says, in a few words. */
export function describe(event: Event): string {
  switch (event.eventType) {
    case 'session':
      return event.payload.action
    case 'summary': {
      const { prompts, tools, failures } = event.payload.totals
      return `${event.payload.summary}: ${prompts} prompts, ${tools} tools, ${failures} failed`
    }
    case 'tool': {
      const { tool, context, status } = event.payload
      return [tool, context, status].filter((part) => part !== undefined).join(' ')
    }
    case 'agent':
      return `${event.payload.agentType ?? 'subagent'} ${event.payload.state}`
    case 'error':
      return event.payload.category
    case 'activity':
      switch (event.payload.kind) {
        case 'prompt':
          return 'prompt'
        case 'compaction':
          return 'context compacted'
        case 'waiting':
          return event.payload.reason === 'turn' ? 'turn is over' : `waits: ${event.payload.reason}`
        case 'response': {
          const { input, output, cacheRead, cacheWrite } = event.payload.tokens
          return `${event.payload.model} ${count.format(input + output + cacheRead + cacheWrite)} tokens`
        }
      }
  }
}

/** `2026-11-20 09:30:12`, in local time. */
export function localTime(ms: number): string {
  const at = new Date(ms)
  return `${at.toLocaleDateString('sv')} ${at.toLocaleTimeString('sv')}`
}

/** One line for an event, in local time; `who` stands for its source. */
export function eventLine(event: Event | EventRow, who = event.source): string {
  const time = localTime(Date.parse(event.timestamp))
  const type = event.eventType.padEnd(8)
  return printable(`${time}  ${who}  ${event.payload.project}  ${type}  ${describe(event)}`)
}

/** `permission 14 min` or the like: what a session needs, or how it is. */
export function stateWords(session: SessionRow, now: number): string {
  const since = session.needsSince ?? session.lastEventAt
  const words = session.needs ? `needs ${session.needs}` : session.state
  return `${words}, ${span(now - Date.parse(since))}`
}

/** The event alone, without what this node added to the row. */
export function bareEvent({ id, source, timestamp, eventType, payload }: Event): object {
  return { id, source, timestamp, eventType, payload }
}
