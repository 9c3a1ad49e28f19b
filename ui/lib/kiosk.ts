import type { Route } from './router.svelte.ts'

/** Whether a place is the live screen as a wall shows it, `#/live?kiosk=1`: larger, and nothing to click. */
export const isKiosk = ({ screen, params }: Route): boolean =>
  screen === 'live' && params.get('kiosk') === '1'
