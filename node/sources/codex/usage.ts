import type { Tokens } from '../../../core/events.ts'
import { tokenCount } from '../fields.ts'
import type { Fields } from '../json-line.ts'

/** Of Codex's counts, the input includes what was read from the cache and written to it, the output the reasoning. */
export function tokensOf(usage: Fields): Tokens {
  const input = tokenCount(usage.input_tokens)
  const cacheRead = Math.min(tokenCount(usage.cached_input_tokens), input)
  const cacheWrite = Math.min(tokenCount(usage.cache_write_input_tokens), input - cacheRead)
  return {
    input: input - cacheRead - cacheWrite,
    output: tokenCount(usage.output_tokens),
    cacheRead,
    cacheWrite,
  }
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
  return TOTALS.map((name) => tokenCount(usage[name])).join('-')
}
