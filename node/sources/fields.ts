import { isCut } from './json-line.ts'

/** Takes values out of a parsed record: one of a wrong type is none. */

/** Takes texts, and notices where one was cut (see `isCut`): then the line must be read again, whole. */
export class Texts {
  sawCut = false

  /** null where it is no text, or an empty one. */
  take(value: unknown): string | null {
    if (typeof value !== 'string' || value === '') return null
    if (isCut(value)) this.sawCut = true
    return value
  }
}

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/

/** ms since 1970, from ISO text or from a number, of seconds or milliseconds; null where it is no time. */
export function timeOf(value: unknown): number | null {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 1e8 || value >= 1e14) return null
    return value < 1e11 ? value * 1000 : value
  }
  if (typeof value !== 'string' || !ISO_TIME.test(value)) return null
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? null : ms
}

/** A count of tokens; 0 where it is none. A trillion is more than any session has: it must not drown the right ones. */
export function tokenCount(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 1e12 ? value : 0
}

/** The items of a list; none where it is no list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Forgets the oldest entries of a map beyond `size`: a map keeps the order in which its keys came. */
export function keepNewest(map: Map<string, unknown>, size: number): void {
  for (const key of map.keys()) {
    if (map.size <= size) return
    map.delete(key)
  }
}
