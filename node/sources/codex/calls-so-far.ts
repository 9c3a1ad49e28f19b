import { keepNewest } from '../fields.ts'
import type { Call } from './calls.ts'
import type { Result } from './results.ts'

/** Calls that are remembered: after an interrupt the result may never come. */
const MAX_CALLS = 4096

/** The calls of a file: each ends once, however many records tell of its end. */
export class CallsSoFar {
  readonly #open = new Map<string, Call>()
  /** Ended, or copied from another thread: what else comes of them is no news. */
  readonly #done = new Map<string, true>()
  /** Calls without an id so far at a time. */
  #unnamed = { at: 0, count: 0 }

  /** The id of a call that begins; null where it has neither an id nor a time. */
  begin(call: Call, at: number | null): string | null {
    const callId = call.callId ?? this.#nameFor(call, at)
    if (callId !== null) remember(this.#open, callId, call)
    return callId
  }

  /** A call that another thread made. */
  skip({ callId }: Call): void {
    if (callId !== null) remember(this.#done, callId, true)
  }

  /** The call that a result ends, null for one that is not known; undefined where the result is no news. */
  end({ callId, isOutput }: Result): Call | null | undefined {
    const call = this.#open.get(callId)
    if (this.#done.has(callId) || (!call && !isOutput)) return undefined
    this.#open.delete(callId)
    remember(this.#done, callId, true)
    return call ?? null
  }

  /** Names a call without an id by its time, and its place among those of the same time. */
  #nameFor({ tool }: Call, at: number | null): string | null {
    if (at === null) return null
    this.#unnamed = { at, count: this.#unnamed.at === at ? this.#unnamed.count + 1 : 0 }
    return `${tool}.${at}.${this.#unnamed.count}`
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value)
  keepNewest(map, MAX_CALLS)
}
