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
  if (UNSEEN_PATTERN.test(json) || /\\u00/.test(json)) return `hidden characters: ${json}`
  return /etc.passwd|\.\.[\\/]|secret/i.test(json) ? `text of the session: ${json}` : null
}

/** Fails where one of some events is `unsound`. */
export function expectSound(events: Iterable<Event>): void {
  for (const event of events) expect(unsound(event)).toBeNull()
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
