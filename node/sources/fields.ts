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

/** Whether a value counts something. A trillion is more than there is of anything: it must not drown the right counts. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 1e12
}

/** A count of tokens; 0 where it is none. */
export function tokenCount(value: unknown): number {
  return isCount(value) ? value : 0
}

/** The items of a list; none where it is no list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Forgets the oldest of a map or a set beyond `size`: both keep the order in which their keys came. */
export function keepNewest(kept: Map<string, unknown> | Set<string>, size: number): void {
  if (kept.size <= size) return
  for (const key of kept.keys()) {
    kept.delete(key)
    if (kept.size <= size) return
  }
}
