import { parseStored } from './stored.ts'

const KEY = 'vibetea.preferences' // public/first-paint.js reads it too, before the first paint

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]
export const DENSITIES = ['compact', 'comfortable'] as const
export type Density = (typeof DENSITIES)[number]
/** When a day begins, hours after midnight: who works past midnight calls it the same day. */
export const DAY_STARTS = [0, 4] as const
export type DayStart = (typeof DAY_STARTS)[number]
export const MOTIONS = ['system', 'reduced'] as const
export type Motion = (typeof MOTIONS)[number]

/** Height of a row of the feed, px. */
const ROW_HEIGHT: Record<Density, number> = { compact: 30, comfortable: 40 }

/** What is chosen for this browser; all of it stays in this browser. */
export interface Chosen {
  theme: Theme
  density: Density
  dayStart: DayStart
  motion: Motion
  /** Single-key shortcuts (WCAG 2.1.4). */
  shortcuts: boolean
  /** A digest of the feed for screen readers, at most every 15 s. */
  announcements: boolean
  /** Browser notifications, each off by default. */
  notifyAnswer: boolean
  notifyErrors: boolean
  notifySameFile: boolean
}

const DEFAULTS: Readonly<Chosen> = {
  theme: 'system',
  density: 'compact',
  dayStart: 0,
  motion: 'system',
  shortcuts: true,
  announcements: false,
  notifyAnswer: false,
  notifyErrors: false,
  notifySameFile: false,
}

const ALLOWED: { [Name in keyof Chosen]?: readonly Chosen[Name][] } = {
  theme: THEMES,
  density: DENSITIES,
  dayStart: DAY_STARTS,
  motion: MOTIONS,
}

/** Reads what was stored; what is not ours, or of another version, is as by default. */
function readChosen(stored: string | null): Chosen {
  const given = Object(parseStored(stored)) as Partial<Record<string, unknown>>
  const isAllowed = ([name, value]: [string, unknown]): boolean => {
    const allowed: readonly unknown[] = ALLOWED[name as keyof Chosen] ?? [true, false]
    return name in DEFAULTS && allowed.includes(value)
  }
  return { ...DEFAULTS, ...Object.fromEntries(Object.entries(given).filter(isAllowed)) }
}

/** The choices for this browser. The tabs of one address share them. */
export class Preferences {
  #chosen = $state.raw<Chosen>(DEFAULTS)
  readonly #root: HTMLElement
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'>

  constructor(root: HTMLElement, storage: Pick<Storage, 'getItem' | 'setItem'>) {
    this.#root = root
    this.#storage = storage
    this.#show(readChosen(storage.getItem(KEY)))
  }

  get chosen(): Readonly<Chosen> {
    return this.#chosen
  }

  /** Height of a row of the feed, px. */
  get rowHeight(): number {
    return ROW_HEIGHT[this.#chosen.density]
  }

  set<Name extends keyof Chosen>(name: Name, value: Chosen[Name]): void {
    this.#show({ ...this.#chosen, [name]: value })
    this.#storage.setItem(KEY, JSON.stringify(this.#chosen))
  }

  /** Takes over what another tab chose. */
  take({ key, newValue }: Pick<StorageEvent, 'key' | 'newValue'>): void {
    if (key === KEY) this.#show(readChosen(newValue))
  }

  nextTheme(): void {
    this.set('theme', THEMES[(THEMES.indexOf(this.#chosen.theme) + 1) % THEMES.length]!)
  }

  #show(chosen: Chosen): void {
    this.#chosen = chosen
    const { theme, density, motion } = chosen
    const { dataset } = this.#root
    if (theme === 'system') delete dataset.theme
    else dataset.theme = theme
    dataset.density = density
    dataset.motion = motion
  }
}
