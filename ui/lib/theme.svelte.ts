export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'vibetea.theme' // public/theme.js reads it too, before the first paint

/** Light, dark, or as the system has it; remembered in this browser. */
export class ThemeChoice {
  theme = $state<Theme>('system')
  readonly #root: HTMLElement
  readonly #storage: Storage

  constructor(root: HTMLElement, storage: Storage) {
    this.#root = root
    this.#storage = storage
    this.set(THEMES.find((theme) => theme === storage.getItem(KEY)) ?? 'system')
  }

  set(theme: Theme): void {
    this.theme = theme
    this.#storage.setItem(KEY, theme)
    if (theme === 'system') delete this.#root.dataset.theme
    else this.#root.dataset.theme = theme
  }

  next(): void {
    this.set(THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length]!)
  }
}
