import type { Event } from '../../core/events.ts'
import { handleOf } from '../../core/handle.ts'

/**
 * What full text knows of an event: names only. The tokenizer keeps ASCII letters, digits and `._-=` together and folds
 * case; `=` occurs in no name, so that `type=tool` is never found by searching.
 */
export function searchTerms(event: Event): string {
  const { payload } = event
  const handle = handleOf(payload.sessionId)
  const secondWord = handle.slice(handle.indexOf('-') + 1)
  let terms = `type=${event.eventType} ${event.source} ${payload.project} ${handle} ${secondWord}`
  if ('tool' in payload) terms += ` ${payload.tool}`
  if ('context' in payload) terms += ` ${payload.context}`
  if ('model' in payload) terms += ` ${payload.model}`
  if ('agentType' in payload) terms += ` ${payload.agentType}`
  return terms
}

const MAX_WORDS = 16

/** The words of a text as the tokenizer sees them. */
function words(text: string): string[] {
  return text.split(/[^A-Za-z0-9._-]+/).filter(Boolean)
}

/**
 * A condition that finds rows having one of some names, and a few more: to be checked against the columns.
 * Null where a name has no word, and nothing can be told.
 */
export function matchNames(names: readonly string[]): string | null {
  const each = names.map((name) => words(name).map(quoted).join(' AND '))
  if (each.includes('')) return null
  return `(${each.map((name) => `(${name})`).join(' OR ')})`
}

export function matchTypes(types: readonly string[]): string {
  return `(${types.map((type) => quoted(`type=${type}`)).join(' OR ')})`
}

/**
 * What a person typed as a condition: every word begins a name. Null where there is no word in it that any name could
 * have. Only the tokenizer's own characters get through, so nothing typed is read as syntax.
 */
export function matchTyped(typed: string): string | null {
  const plain = typed.normalize('NFKD').replace(/\p{M}/gu, '')
  if (/[^\p{ASCII}]/u.test(plain)) return null
  const found = words(plain).slice(0, MAX_WORDS)
  return found.length > 0 ? found.map((word) => `${quoted(word)}*`).join(' AND ') : null
}

function quoted(word: string): string {
  return `"${word}"`
}
