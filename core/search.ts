import type { Event } from './events.ts'
import { handleOf } from './handle.ts'

/** What a search over events looks at, for the node's index and the page's live rows alike. */

/** The names that a search knows of an event. */
export function searchedNames({ source, payload }: Event): string[] {
  const names = [source, payload.project, ...handleNames(payload.sessionId)]
  if ('tool' in payload) names.push(payload.tool)
  if ('context' in payload) names.push(payload.context)
  if ('model' in payload) names.push(payload.model)
  if ('agentType' in payload) names.push(payload.agentType)
  return names
}

/** What a session is found by: whose it is, its project, its assistant, its handle and the second word of that. */
export interface NamedSession {
  source: string
  sessionId: string
  project: string
  assistant: string
}

function sessionNames({ source, sessionId, project, assistant }: NamedSession): string[] {
  return [source, project, ...handleNames(sessionId), assistant]
}

/** A session's handle, and its second word alone. */
function handleNames(sessionId: string): string[] {
  const handle = handleOf(sessionId)
  return [handle, handle.slice(handle.indexOf('-') + 1)]
}

/** The words of a name, in lower case: runs of ASCII letters, digits and `._-`. */
export function nameWords(name: string): string[] {
  return name
    .split(/[^A-Za-z0-9._-]+/)
    .filter(Boolean)
    .map((word) => word.toLowerCase())
}

const MAX_WORDS = 16

/**
 * The words of what a person typed, at most 16: an event is found where each begins a word of its names. Accents do not
 * count. Null where no event can be found, for no name has what was typed.
 */
export function searchedWords(typed: string): string[] | null {
  const plain = typed.normalize('NFKD').replace(/\p{M}/gu, '')
  if (/[^\p{ASCII}]/u.test(plain)) return null
  const words = nameWords(plain).slice(0, MAX_WORDS)
  return words.length > 0 ? words : null
}

/** Whether a search for what was typed finds an event; a blank one finds all. */
export function isFound(typed: string, event: Event): boolean {
  return !typed.trim() || fits(searchedWords(typed), searchedNames(event))
}

/** Whether words that were searched for find a session; null finds none. */
export function isSessionFound(words: readonly string[] | null, session: NamedSession): boolean {
  return fits(words, sessionNames(session))
}

function fits(words: readonly string[] | null, names: readonly string[]): boolean {
  const known = names.flatMap(nameWords)
  return words?.every((word) => known.some((name) => name.startsWith(word))) ?? false
}
