import { afterAll, expect, vi } from 'vitest'

/** What a process is told by whoever ends it, and of what goes wrong; libraries listen to its end. */
const HEARD = ['SIGINT', 'SIGTERM', 'SIGHUP', 'uncaughtException', 'unhandledRejection', 'warning']

/** Files share a worker: what one leaves behind, the next would find. */
const before = found()
afterAll(() => {
  expect(vi.isFakeTimers(), 'timers are the real ones again').toBe(false)
  expect(found(), 'what files share is left as it was found').toEqual(before)
})

function found() {
  return {
    environment: { ...process.env },
    directory: process.cwd(),
    listeners: HEARD.map((name) => `${name}: ${process.listenerCount(name)}`),
    globals: Object.getOwnPropertyNames(globalThis).filter(isOurs).sort(),
  }
}

/** Libraries that are loaded meanwhile leave marks of their own: `__svelte`, `$state`. */
function isOurs(name: string): boolean {
  return !/^(__|\$)/.test(name)
}
