import type { Timers } from './batcher.ts'

const FIRST_MS = 1000
const LAST_MS = 60_000

export interface RetryOptions {
  log: { error(fields: object, message: string): void; info(message: string): void }
  timers: Timers
  /** Once it is aborted, a failure is final. */
  signal: AbortSignal
}

/**
 * Stores until it works: on a full disk everything waits, files are not read on, and nothing is lost. Waits 1 s, then
 * twice as long up to a minute. Rejects only when the node stops meanwhile.
 */
export async function untilStored(
  store: () => Promise<void>,
  { log, timers, signal }: RetryOptions,
): Promise<void> {
  for (let waitMs = FIRST_MS; ; waitMs = Math.min(2 * waitMs, LAST_MS)) {
    try {
      await store()
      if (waitMs > FIRST_MS) log.info('the log can be written again')
      return
    } catch (error) {
      if (signal.aborted) throw error
      log.error(
        { err: error },
        'the log cannot be written; nothing is lost, it is tried again. Is there room on the disk of VIBETEA_HOME?',
      )
    }
    await pause(waitMs, timers, signal)
  }
}

function pause(ms: number, timers: Timers, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = timers.after(ms, done)
    signal.addEventListener('abort', done, { once: true })
    function done() {
      stop()
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
