/** Single-key shortcuts, in groups as the list of them shows them. */
export const SHORTCUT_GROUPS = [
  {
    name: 'Feed and history',
    keys: [
      ['space', 'pause or follow the feed'],
      ['.', 'newest event'],
      ['j', 'older event'],
      ['k', 'newer event'],
      ['Enter', "the event's session"],
      ['[', 'an hour back'],
      [']', 'an hour forward'],
    ],
  },
  {
    name: 'Filters',
    keys: [
      ['f', 'filter'],
      ['m', 'only mine'],
      ['e', 'only errors'],
      ['x', 'clear the filters'],
    ],
  },
  {
    name: 'Go to',
    keys: [
      ['g l', 'live feed'],
      ['g t', 'timeline'],
      ['g h', 'heat map'],
      ['g p', 'people'],
      ['g u', 'usage'],
      ['g y', 'history'],
      ['g s', 'settings'],
    ],
  },
  {
    name: 'Everywhere',
    keys: [
      ['/', 'search or jump'],
      ['c', 'copy a link to this view'],
      ['i', 'invite'],
      ['t', 'theme'],
      ['?', 'this list'],
      ['Esc', 'close, leave'],
    ],
  },
] as const
export type Shortcut = (typeof SHORTCUT_GROUPS)[number]['keys'][number][0]

/** What each shortcut does, in words. */
export const SHORTCUT_WORDS = Object.fromEntries(
  SHORTCUT_GROUPS.flatMap<readonly [string, string]>(({ keys }) => keys),
) as Record<Shortcut, string>

const SECOND_KEY_MS = 1000
const KEEP_SPACE = 'button, a, summary, select, [role=gridcell], [role=button]'

type Key = Pick<
  KeyboardEvent,
  'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'target' | 'preventDefault' | 'timeStamp'
>

/** Turns key presses into commands. Keys typed into a field, and those with Ctrl, Alt or Command, stay the browser's. */
export class Shortcuts {
  #bindings: { name: string; handler: () => void; isUrgent: boolean }[] = []
  readonly #isOn: () => boolean
  #gAt = -Infinity

  /** `isOn`: while not, only Escape does anything (WCAG 2.1.4). */
  constructor(isOn: () => boolean) {
    this.#isOn = isOn
  }

  /** Sets what a shortcut does, until the returned function is called: what is urgent first, then what was set last. */
  on(handlers: Partial<Record<Shortcut, () => void>>, isUrgent = false): () => void {
    const own = Object.entries(handlers).map(([name, handler]) => ({ name, handler, isUrgent }))
    this.#bindings.push(...own)
    return () => (this.#bindings = this.#bindings.filter((binding) => !own.includes(binding)))
  }

  /** Whether a shortcut does something where the page is now. */
  has(name: Shortcut): boolean {
    return this.#bound(name) !== undefined
  }

  /** Does what a shortcut does, for who chooses it from a list, also where single keys are off. */
  run(name: Shortcut): void {
    this.#bound(name)?.()
  }

  press(event: Key): void {
    const target = event.target instanceof Element ? event.target : null
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      target?.closest('input, textarea, dialog, [popover]')
    )
      return
    if (!this.#isOn() && event.key !== 'Escape') return
    const isSecond = event.timeStamp - this.#gAt < SECOND_KEY_MS
    this.#gAt = event.key === 'g' && !isSecond ? event.timeStamp : -Infinity
    const name = isSecond ? `g ${event.key}` : ({ ' ': 'space', Escape: 'Esc' }[event.key] ?? event.key)
    if ((name === 'space' || name === 'Enter') && target?.closest(KEEP_SPACE)) return
    const handler = this.#bound(name)
    if (!handler) return
    event.preventDefault()
    handler()
  }

  #bound(name: string): (() => void) | undefined {
    const bound = this.#bindings.filter((binding) => binding.name === name)
    return (bound.findLast(({ isUrgent }) => isUrgent) ?? bound.at(-1))?.handler
  }
}
