import type { Timers } from '../core/timers.ts'

/** The system's clock. Its timers do not keep the process alive. */
export const systemTimers: Timers = {
  now: () => Date.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms).unref()
    return () => clearTimeout(timer)
  },
}
