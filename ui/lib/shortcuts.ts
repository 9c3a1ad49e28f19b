/** Single-key shortcuts. */
export const SHORTCUTS = [
  ['space', 'pause or follow the feed'],
  ['.', 'newest event'],
  ['j', 'older event'],
  ['k', 'newer event'],
  ['Enter', "the event's session"],
  ['[', 'an hour back'],
  [']', 'an hour forward'],
  ['/', 'search or jump (also Ctrl K)'],
  ['f', 'filter'],
  ['x', 'clear the filters'],
  ['m', 'only mine'],
  ['e', 'only errors'],
  ['g l', 'live feed'],
  ['g t', 'timeline'],
  ['g h', 'heat map'],
  ['g p', 'people'],
  ['g u', 'usage'],
  ['g y', 'history'],
  ['g s', 'settings'],
  ['i', 'invite'],
  ['t', 'theme'],
  ['?', 'this list'],
  ['Esc', 'close, leave'],
] as const
export type Shortcut = (typeof SHORTCUTS)[number][0]

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
    const bound = this.#bindings.filter((binding) => binding.name === name)
    const binding = bound.findLast(({ isUrgent }) => isUrgent) ?? bound.at(-1)
    if (!binding) return
    event.preventDefault()
    binding.handler()
  }
}
