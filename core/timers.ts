/** Time, as those see it who must wait; tests bring their own. */
export interface Timers {
  /** ms since 1970. */
  now: () => number
  /** Calls once, `ms` from now; answers how to call it off. */
  after(ms: number, call: () => void): () => void
}
