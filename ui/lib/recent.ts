import { isPlace } from './router.svelte.ts'
import { parseStored } from './stored.ts'

const KEY = 'vibetea.recent'
const MAX = 6
const MAX_TEXT = 200

/** Something that was chosen in the palette before. */
export interface Recent {
  /** That of its choice. */
  id: string
  label: string
  detail: string
  /** Where it leads, a fragment; '' for what does something instead. */
  href: string
}

type Store = Pick<Storage, 'getItem' | 'setItem'>

/** What was chosen in this browser, the latest first; what is not ours in the store is left out. */
export function readRecent(storage: Store): Recent[] {
  const stored = parseStored(storage.getItem(KEY))
  return Array.isArray(stored) ? stored.filter(isRecent).slice(0, MAX) : []
}

/** Notes a choice as the latest. */
export function noteRecent(storage: Store, chosen: Recent): void {
  const { id, label, detail, href } = chosen
  const cut = { id, label: label.slice(0, MAX_TEXT), detail: detail.slice(0, MAX_TEXT), href }
  const others = readRecent(storage).filter((recent) => recent.id !== id)
  storage.setItem(KEY, JSON.stringify([cut, ...others].slice(0, MAX)))
}

function isRecent(value: unknown): value is Recent {
  const { id, label, detail, href } = Object(value) as Record<string, unknown>
  return (
    [id, label, detail, href].every((text) => typeof text === 'string' && text.length <= MAX_TEXT * 2) &&
    (href === '' || isPlace(String(href)))
  )
}
