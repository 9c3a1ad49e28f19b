import { isPlace } from './router.svelte.ts'

/** What the palette offers, and how it finds it. */

export const GROUPS = [
  'Needs an answer',
  'Recent',
  'Link',
  'Go to',
  'Do',
  'Sessions',
  'People',
  'Projects',
  'Found',
] as const
export type GroupName = (typeof GROUPS)[number]

/** One line of the palette. */
export interface Choice {
  /** The same for the same thing, each time the palette opens. */
  id: string
  group: GroupName
  label: string
  detail?: string
  /** More words that it is found by. */
  also?: string
  /** The keys that do the same. */
  keys?: string
  /** Where it leads, a fragment; or what it does. */
  does: { href: string } | { run: () => void }
}

/** What was typed: words, of all groups or, after a sign, of some; or a link to a view. */
export interface Typed {
  words: string
  groups: readonly GroupName[] | null
  /** A fragment of ours; null where it is no link. */
  link: string | null
}

/** Signs that a search can begin with. */
export const SIGNS: Readonly<Record<string, { groups: readonly GroupName[]; word: string }>> = {
  '>': { groups: ['Do', 'Go to'], word: 'do' },
  '@': { groups: ['People'], word: 'people' },
  '#': { groups: ['Projects', 'Sessions'], word: 'projects, sessions' },
}

/** A teammate's link leads to the same view here, whatever their dashboard's address is. */
const LINK = /^(?:https?:\/\/[^\s#]*)?(#\/\S+)$/

/** Reads what was typed into the palette. */
export function readTyped(text: string): Typed {
  const trimmed = text.trim()
  const fragment = LINK.exec(trimmed)?.[1]
  if (fragment !== undefined && isPlace(fragment)) return { words: '', groups: null, link: fragment }
  const sign = SIGNS[trimmed.charAt(0)]
  return sign
    ? { words: trimmed.slice(1).trim(), groups: sign.groups, link: null }
    : { words: trimmed, groups: null, link: null }
}

/** Letters without accents and case, so that `cafe` finds `Café`. */
const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()

const BEGINS = 4
const BEGINS_WORD = 3
const BEGINS_OTHER = 2
const IS_WITHIN = 1

interface Folded {
  name: string
  /** What else it is found by, after a space. */
  more: string
}

/** A choice is the same as long as the palette is open: it is folded once, not at each key. */
const foldings = new WeakMap<Choice, Folded>()

function folded(choice: Choice): Folded {
  const earlier = foldings.get(choice)
  if (earlier) return earlier
  const { label, detail = '', also = '' } = choice
  const now = { name: fold(label), more: ` ${fold(`${detail} ${also}`)}` }
  foldings.set(choice, now)
  return now
}

/** How well a choice fits words, more is better; 0 where one of them is nowhere in it. */
function fitting(words: string): (choice: Choice) => number {
  const sought = [...new Set(fold(words).split(/\s+/).filter(Boolean))].map((word) => {
    return { word, begins: new RegExp(`[^\\p{L}\\p{N}]${escape(word)}`, 'u') }
  })
  return (choice) => {
    const { name, more } = folded(choice)
    let least = sought.length ? BEGINS : IS_WITHIN
    for (const { word, begins } of sought) {
      const at = name.indexOf(word)
      if (at === 0) continue
      if (at > 0 && begins.test(name)) least = Math.min(least, BEGINS_WORD)
      // To look for the word first is much quicker than the expression, and mostly it is not there.
      else if (more.includes(word) && begins.test(more)) least = Math.min(least, BEGINS_OTHER)
      else if (at > 0) least = IS_WITHIN
      else return 0
    }
    return least
  }
}

const escape = (word: string): string => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** What is offered before anything is typed. */
const AT_FIRST: readonly GroupName[] = ['Needs an answer', 'Recent', 'Go to', 'Do']
/** What is offered again elsewhere once something is typed. */
const ONLY_AT_FIRST: readonly GroupName[] = ['Needs an answer', 'Recent']

/** How much of a group is shown at most: of one that was asked for by its sign, and among the others. */
const MAX_OF_SOME = 40
const MAX_OF_ALL: Readonly<Partial<Record<GroupName, number>>> = {
  'Needs an answer': 5,
  Recent: 5,
  Sessions: 6,
  People: 6,
  Projects: 6,
}
const MAX_OF_OTHERS = 20

/**
 * The choices that fit what was typed, by group and the best first; nothing is offered twice. `found` has been searched
 * for already.
 */
export function listed(typed: Typed, known: readonly Choice[], found: readonly Choice[]): Choice[] {
  const { words, groups } = typed
  const isWanted = ({ group }: Choice): boolean => {
    if (groups) return groups.includes(group)
    return words ? !ONLY_AT_FIRST.includes(group) : AT_FIRST.includes(group)
  }
  const fit = fitting(words)
  const best = known
    .filter(isWanted)
    .map((choice) => ({ choice, score: fit(choice) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ choice }) => choice)
  const seen = new Set<string>()
  const once = [...best, ...found.filter(isWanted)].filter(({ id }) => !seen.has(id) && seen.add(id))
  return GROUPS.flatMap((name) => {
    const max = groups ? MAX_OF_SOME : (MAX_OF_ALL[name] ?? MAX_OF_OTHERS)
    return once.filter(({ group }) => group === name).slice(0, max)
  })
}
