import type { Event } from '../../core/events.ts'
import { nameWords, searchedNames, searchedWords } from '../../core/search.ts'

/**
 * What full text knows of an event: names only. The tokenizer keeps ASCII letters, digits and `._-=` together and folds
 * case; no word that is typed has a `=`, so that `=tool` is never found by searching.
 */
export function searchTerms(event: Event): string {
  return `=${event.eventType} ${searchedNames(event).join(' ')}`
}

/**
 * A condition that finds rows having one of some names, and a few more: to be checked against the columns.
 * Null where a name has no word, and nothing can be told.
 */
export function matchNames(names: readonly string[]): string | null {
  const each = names.map((name) => nameWords(name).map(quoted).join(' AND '))
  if (each.includes('')) return null
  return `(${each.map((name) => `(${name})`).join(' OR ')})`
}

export function matchTypes(types: readonly string[]): string {
  return `(${types.map((type) => quoted(`=${type}`)).join(' OR ')})`
}

/**
 * What a person typed as a condition: every word begins a name. Null where there is no word in it that any name could
 * have. Only the tokenizer's own characters get through, so nothing typed is read as syntax.
 */
export function matchTyped(typed: string): string | null {
  return (
    searchedWords(typed)
      ?.map((word) => `${quoted(word)}*`)
      .join(' AND ') ?? null
  )
}

function quoted(word: string): string {
  return `"${word}"`
}
