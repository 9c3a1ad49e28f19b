import type { Tokens } from '../../../core/events.ts'
import type { Fields } from '../json-line.ts'
import { isCut, isFields } from '../json-line.ts'

/** Takes texts out of a record and notices where one was cut. */
export class Reading {
  sawCut = false

  /** null for what is no text, or an empty one. */
  text(value: unknown): string | null {
    if (typeof value !== 'string' || value === '') return null
    if (isCut(value)) this.sawCut = true
    return value
  }
}

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/

/** ms since 1970 of an RFC 3339 time; null for anything else. */
export function timeOf(value: unknown): number | null {
  if (typeof value !== 'string' || !ISO_TIME.test(value)) return null
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? null : ms
}

/** ms of a duration as Codex writes it, `{secs, nanos}`. */
export function durationOf(value: unknown): number | undefined {
  if (!isFields(value)) return undefined
  const { secs, nanos } = value
  if (!isCount(secs) || !isCount(nanos)) return undefined
  return secs * 1000 + nanos / 1e6
}

/** A trillion is more than any response or duration has: a wrong number must not drown the right ones. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 1e12
}

/** Of Codex's counts, the input includes what was read from the cache and written to it, the output the reasoning. */
export function tokensOf(usage: Fields): Tokens {
  const input = count(usage.input_tokens)
  const cacheRead = Math.min(count(usage.cached_input_tokens), input)
  const cacheWrite = Math.min(count(usage.cache_write_input_tokens), input - cacheRead)
  return { input: input - cacheRead - cacheWrite, output: count(usage.output_tokens), cacheRead, cacheWrite }
}

const TOTALS = [
  'input_tokens',
  'cached_input_tokens',
  'output_tokens',
  'reasoning_output_tokens',
  'total_tokens',
]

/** The totals of a session in one word, to see where they change. */
export function totalOf(usage: Fields): string {
  return TOTALS.map((name) => count(usage[name])).join('-')
}

function count(value: unknown): number {
  return isCount(value) ? value : 0
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function isUuid(id: string): boolean {
  return UUID.test(id)
}

/** When a UUID of version 7 was made, in ms since 1970 (RFC 9562); null for any other id. */
export function madeAt(id: string): number | null {
  return UUID.exec(id)?.[1] === '7' ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : null
}
