import type { ArchiveStatus } from '../core/api.ts'
import { VibeTeaError } from '../core/errors.ts'
import { LONGEST_WAIT_MS, waitAfterFailures, waitAfterRefusals } from './backoff.ts'
import { callIngest, type CallOptions, type Outcome } from './call.ts'
import type { Request } from './request.ts'
import type { Say } from './say.ts'

export interface TriesOptions extends CallOptions {
  random: () => number
  retryLimit: number
  say: Say
  /** What is told of it has changed. */
  onChanged: () => void
  /** The quick tries are over, and the next is a while away. */
  onStuck: (problem: VibeTeaError) => void
}

/** What came of a call that got through. */
export type Answered = Exclude<Outcome, { kind: 'failed' | 'refused' }>

interface Trouble {
  kind: 'failed' | 'refused'
  problem: VibeTeaError
  /** In a row. */
  times: number
}

/** Makes one call after the other, each until it gets through, and waits between the tries. */
export class Tries {
  readonly #options: TriesOptions
  #trouble: Trouble | null = null
  /** What was said of it. */
  #said: string | null = null
  #isCalling = false
  /** ms since 1970. */
  #retryAt: number | null = null
  /** `isAsked`: the archive wants it, `isLong`: longer than it would be otherwise. */
  #wait: { end: (mayTry: boolean) => void; isAsked: boolean; isLong: boolean } | null = null
  /** No more waiting: what fails now is left. */
  #isEnding = false

  constructor(options: TriesOptions) {
    this.#options = options
  }

  get status(): Pick<ArchiveStatus, 'state' | 'retryAt' | 'problem'> {
    const trouble = this.#trouble
    if (!trouble) return { state: this.#isCalling ? 'sending' : 'idle', retryAt: null, problem: null }
    return {
      state: trouble.kind === 'failed' ? 'retrying' : 'refused',
      retryAt: this.#retryAt === null ? null : new Date(this.#retryAt).toISOString(),
      problem: trouble.problem.sentence,
    }
  }

  /** Why it is not tried for longer than it would wait by itself: the archive asked for that. Else null. */
  get postponed(): VibeTeaError | null {
    return this.#wait?.isLong ? (this.#trouble?.problem ?? null) : null
  }

  /** Tries soon, and quickly again; earlier failures are forgotten. What the archive asked for is waited for. */
  hurry(): void {
    if (this.#trouble) this.#trouble.times = 0
    if (!this.#wait?.isAsked) this.#wait?.end(true)
  }

  /** From now on nothing is waited for: at most one more try is made. */
  finish(): void {
    this.#isEnding = true
    this.#wait?.end(!this.#wait.isAsked)
  }

  /** Calls until it gets through; null where it did not before the end. */
  async send(request: Request, signal: AbortSignal): Promise<Answered | null> {
    const { onChanged } = this.#options
    const body = request.body()
    for (;;) {
      this.#isCalling = true
      onChanged()
      const outcome = await callIngest(this.#options, body, request.batches, signal)
      this.#isCalling = false
      if (!outcome) return null
      if (outcome.kind !== 'failed' && outcome.kind !== 'refused') {
        this.#gotThrough()
        return outcome
      }
      if (!(await this.#mayTryAgain(outcome))) return null
    }
  }

  #gotThrough(): void {
    this.#trouble = null
    if (this.#said !== null) this.#options.say('info', 'The archive takes events again.')
    this.#said = null
  }

  /** Waits until the next try; false: there shall be none. */
  async #mayTryAgain(outcome: Extract<Outcome, { kind: 'failed' | 'refused' }>): Promise<boolean> {
    const { timers, random, retryLimit, onChanged, onStuck } = this.#options
    const { kind, problem } = outcome
    const times = this.#trouble?.kind === kind ? this.#trouble.times + 1 : 1
    this.#trouble = { kind, problem, times }
    const asked = kind === 'failed' ? (outcome.retryAfterMs ?? 0) : 0
    const own = kind === 'failed' ? waitAfterFailures(times, retryLimit, random) : waitAfterRefusals(times)
    const ms = Math.max(own, asked)
    const isLong = ms > LONGEST_WAIT_MS
    const isStuck = kind === 'refused' || times > retryLimit || isLong
    if (isStuck) {
      this.#sayOnce()
      onStuck(problem)
    }
    if (this.#isEnding) return false
    this.#retryAt = timers.now() + ms
    onChanged()
    const mayTry = await new Promise<boolean>((resolve) => {
      const callOff = timers.after(ms, () => resolve(true))
      const end = (mayTryNow: boolean) => {
        callOff()
        resolve(mayTryNow)
      }
      this.#wait = { end, isAsked: asked > own, isLong: isLong && kind === 'failed' }
    })
    this.#wait = null
    this.#retryAt = null
    return mayTry
  }

  /** A blip is no news, and neither is what else the archive fails with; but what a person has to do is. */
  #sayOnce(): void {
    const { kind, problem } = this.#trouble!
    if (this.#said && (kind === 'failed' || this.#said === problem.sentence)) return
    this.#said = problem.sentence
    this.#options.say(kind === 'refused' ? 'error' : 'warning', problem.sentence)
  }
}
