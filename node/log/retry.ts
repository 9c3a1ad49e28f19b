import { VibeTeaError } from '../../core/errors.ts'
import type { Timers } from '../../core/timers.ts'

const FIRST_MS = 1000
const LAST_MS = 60_000

export interface RetryOptions {
  /** Is told once when it begins to fail, and once when it works again. */
  say: (level: 'info' | 'error', sentence: string) => void
  timers: Timers
  /** Once it is aborted, a failure is final. */
  signal: AbortSignal
}

/**
 * Stores until it works: on a full disk everything waits, files are not read on, and nothing is lost. Waits 1 s, then
 * twice as long up to a minute. Throws a `VibeTeaError` only when the node stops meanwhile.
 */
export async function untilStored(store: () => Promise<void>, options: RetryOptions): Promise<void> {
  const { say, timers, signal } = options
  for (let waitMs = FIRST_MS; ; waitMs = Math.min(2 * waitMs, LAST_MS)) {
    try {
      await store()
      if (waitMs > FIRST_MS) say('info', 'The log can be written again; everything since is recorded now.')
      return
    } catch (error) {
      const why = error instanceof Error ? rootMessage(error) : String(error)
      const failure = new VibeTeaError(
        'log_not_written',
        `The log cannot be written: ${why}.`,
        'Nothing is lost, and it is tried again. Make room on the disk of VIBETEA_HOME.',
        { cause: error },
      )
      if (signal.aborted) throw failure
      if (waitMs === FIRST_MS) say('error', failure.sentence)
    }
    await pause(waitMs, timers, signal)
  }
}

/** The message of the innermost cause: what the system said. */
function rootMessage(error: Error): string {
  return error.cause instanceof Error ? rootMessage(error.cause) : error.message
}

/** Resolves after `ms`, or as soon as `signal` is aborted. */
export function pause(ms: number, timers: Timers, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = timers.after(ms, done)
    signal?.addEventListener('abort', done, { once: true })
    function done() {
      stop()
      signal?.removeEventListener('abort', done)
      resolve()
    }
  })
}
