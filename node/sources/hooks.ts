import type { HookSays } from '../../core/api.ts'
import type { Assistant, Event } from '../../core/events.ts'
import type { Timers } from '../../core/timers.ts'
import type { Liveness } from './port.ts'
import type { Recorder } from './recorder.ts'

/**
 * What an assistant's hooks say makes what follows from its files come sooner, and nothing else: `preview`, which reads
 * the files alone, gives the same in the end.
 */

/** What an assistant writes as it ends is in its file after the first; a file that is new is found after the others. */
const LEAVING_MS: readonly number[] = [300, 2000, 10_000]
/** How long it may take until the process of a session that was opened says so. */
const OPENING_MS: readonly number[] = [0, 500, 2000]
/** What is said and not dealt with yet, at most: what is more follows from the files. */
const MAX_PENDING = 256

/** Who keeps the sessions that were opened and have no record yet. */
export interface Opened {
  /** Given the `started` that the session would have now. */
  opened(start: Event): void
  /** By the id in events. */
  left(sessionId: string): void
}

export interface HookIntakeOptions {
  assistant: Assistant
  recorder: Recorder
  timers: Timers
  liveness: Liveness | null
  /** Resolves when what was there at the start has been read. */
  started: Promise<void>
  /** Has recorded what a session's files hold now, to their end. */
  readNow(sessionId: string): Promise<void>
  /** Has recorded what the assistant's processes say now. */
  pollProcesses(): Promise<void>
}

/** Takes what one assistant's hooks say. */
export class HookIntake {
  readonly #options: HookIntakeOptions
  #pending = 0
  #isClosed = false

  constructor(options: HookIntakeOptions) {
    this.#options = options
  }

  /** Resolves when what follows has been recorded. */
  async take(says: HookSays, opened: Opened): Promise<void> {
    if (this.#pending >= MAX_PENDING) return
    const at = this.#options.timers.now()
    this.#pending++
    try {
      await this.#options.started
      if (!this.#isClosed) await this.#take(says, at, opened)
    } finally {
      this.#pending--
    }
  }

  close(): void {
    this.#isClosed = true
  }

  async #take({ event, sessionId, cwd }: HookSays, at: number, opened: Opened): Promise<void> {
    const { assistant, recorder, liveness } = this.#options
    const session = { at, assistant, sessionId, cwd: cwd ?? null }
    switch (event) {
      case 'started': {
        if (!(await this.#hasProcess(sessionId))) return
        const start = await recorder.announce({ ...session, fact: { type: 'session', action: 'started' } })
        if (start) opened.opened(start)
        return
      }
      case 'permission':
      case 'question':
        await this.#options.pollProcesses()
        // It says since when it waits, and when no longer: from two accounts of one wait would come two.
        if (liveness?.tellsWaits(sessionId)) return
        return recorder.recordWait({ ...session, fact: { type: 'waiting', reason: event } })
      case 'ended':
        opened.left(recorder.sessionId(assistant, sessionId))
        for (const ms of LEAVING_MS) {
          if (!(await this.#wait(ms))) return
          await this.#options.readNow(sessionId)
          if (await recorder.recordEnd(session)) return
        }
    }
  }

  /** False where processes tell of themselves, and none of this session: most such sessions never come to be. */
  async #hasProcess(sessionId: string): Promise<boolean> {
    for (const ms of OPENING_MS) {
      if (!(await this.#wait(ms))) return false
      await this.#options.pollProcesses()
      if (this.#options.liveness?.isAlive(sessionId) !== false) return true
    }
    return false
  }

  /** Whether this goes on afterwards. */
  async #wait(ms: number): Promise<boolean> {
    if (ms > 0) await new Promise<void>((resolve) => void this.#options.timers.after(ms, resolve))
    return !this.#isClosed
  }
}
