import { expect } from 'vitest'
import type { Event } from '../../../../core/events.ts'
import { parseEvent } from '../../../../core/events.ts'

/** Characters that could hide or reorder text in a terminal or on a page. */
export const UNSEEN = '\u0000\u0007\u001b[31m\u007f\u0085\u00a0\u200b\u200e\u202e\u2066\ufeff'
// eslint-disable-next-line no-control-regex -- what must not be there
export const UNSEEN_PATTERN = /[\u0000-\u001f\u007f-\u00a0\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/

/** Values of every type, as a broken or a hostile file may have them in any place. */
export const WRONG = [
  null, true, 0, -1, 0.5, 1e300, '', 'x', 'x'.repeat(700), '<synthetic>', UNSEEN, '../../etc/passwd', '__proto__',
  [], {}, [null], [[[]]], [{ type: 'tool_use' }], [{ type: 'tool_result', tool_use_id: {} }], { toString: null },
  { id: {}, content: 1, usage: [], role: [] },
] as const // prettier-ignore

/** What is wrong with an event that no file may give, or null. */
export function unsound(event: Event): string | null {
  const json = JSON.stringify(event)
  if (JSON.stringify(parseEvent(event)) !== json) return `no valid event: ${json}`
  return UNSEEN_PATTERN.test(json) || /\\u00/.test(json) ? `hidden characters: ${json}` : null
}

/** Whether an event shows what samples mark as not to be seen, or a path of `WRONG`. */
export function tellsOfSession(event: Event): boolean {
  return /etc.passwd|\.\.[\\/]|secret/i.test(JSON.stringify(event))
}

/** Fails where one of some events is `unsound`, or tells of the session. */
export function expectSound(events: Iterable<Event>): void {
  for (const event of events) {
    expect(unsound(event)).toBeNull()
    expect(tellsOfSession(event), JSON.stringify(event)).toBe(false)
  }
}

/** One setter for every place in a value. */
export function placesIn(value: unknown): ((replacement: unknown) => void)[] {
  if (typeof value !== 'object' || value === null) return []
  const fields = value as Record<string, unknown>
  return Object.keys(fields).flatMap((key) => [
    (replacement: unknown) => void (fields[key] = replacement),
    ...placesIn(fields[key]),
  ])
}
