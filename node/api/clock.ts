/** Time as the API sees it; tests bring their own. */
export interface Clock {
  /** ms since 1970. */
  now: () => number
  /** Runs `task` once, `ms` from now. Returns how to call it off. */
  after(ms: number, task: () => void): () => void
}

/** The system's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
