import type { Event, Tokens, Totals } from './events.ts'

/** What is counted of a session's events; how long they took follows from their times. */
export type Counted = Omit<Totals, 'durationMs'>

export function emptyTotals(): Counted {
  return { prompts: 0, tools: 0, failures: 0, errors: 0, tokens: noTokens() }
}

export function noTokens(): Tokens {
  return { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
}

/** Adds what an event counts as; with -1 takes it off again. */
export function count(sum: Counted, event: Event, sign: 1 | -1 = 1): void {
  switch (event.eventType) {
    case 'tool':
      if (event.payload.status === 'started') sum.tools += sign
      else if (event.payload.status === 'failed') sum.failures += sign
      break
    case 'activity':
      if (event.payload.kind === 'prompt') sum.prompts += sign
      else if (event.payload.kind === 'response') addTokens(sum.tokens, event.payload.tokens, sign)
      break
    case 'error':
      sum.errors += sign
  }
}

/** Adds `sign` times the counts of `tokens` to `sum`. */
export function addTokens(sum: Tokens, tokens: Tokens, sign: 1 | -1 = 1): void {
  sum.input += sign * tokens.input
  sum.output += sign * tokens.output
  sum.cacheRead += sign * tokens.cacheRead
  sum.cacheWrite += sign * tokens.cacheWrite
}

/** Adds what was counted elsewhere. */
export function addTotals(sum: Counted, other: Counted): void {
  sum.prompts += other.prompts
  sum.tools += other.tools
  sum.failures += other.failures
  sum.errors += other.errors
  addTokens(sum.tokens, other.tokens)
}
