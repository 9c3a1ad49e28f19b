import type { ScreenName } from './router.svelte.ts'
import type { Shortcut } from './shortcuts.ts'

interface Place {
  screen: ScreenName
  word: string
  keys: Shortcut
}

/** The screens that are gone to from anywhere, in their order. */
export const PLACES = [
  { screen: 'live', word: 'Live', keys: 'g l' },
  { screen: 'timeline', word: 'Timeline', keys: 'g t' },
  { screen: 'heat', word: 'Heat map', keys: 'g h' },
  { screen: 'people', word: 'People', keys: 'g p' },
  { screen: 'usage', word: 'Usage', keys: 'g u' },
  { screen: 'history', word: 'History', keys: 'g y' },
  { screen: 'settings', word: 'Settings', keys: 'g s' },
] as const satisfies readonly Place[]
