import { CERTIFICATE_BYTES } from '../../core/certificate.ts'
import { MAX_RECORD_BYTES } from '../../core/epoch.ts'
import { STATEMENT_BYTES } from '../../core/statement.ts'

/** How much a team and a peer may ask of a node. Those of the team are the protocol's: change none alone. */

const SECOND_MS = 1000
export const DAY_MS = 24 * 60 * 60 * SECOND_MS

export const MAX_DEVICES = 256
/** Of a device, within `INCARNATION_WINDOW_MS`. */
export const MAX_INCARNATIONS = 8
export const INCARNATION_WINDOW_MS = 30 * DAY_MS
/** Of a device in all; the oldest goes for a newer one. */
export const MAX_INCARNATIONS_KEPT = 64
/** A certificate from later than this counts as of then. */
export const MAX_CLOCK_AHEAD_MS = 10 * 60 * SECOND_MS

/** Certificates or statements a message. */
export const MAX_BATCH = 64

/** A message with more bytes closes its connection. */
export const MAX_MESSAGE_BYTES = {
  hello: 128,
  record: MAX_RECORD_BYTES,
  certificates: MAX_BATCH * CERTIFICATE_BYTES,
  statements: MAX_BATCH * STATEMENT_BYTES,
  presence: 1,
} as const

/** To pass the gate; then to say hello and show a certificate. */
export const PATIENCE_MS = 5 * SECOND_MS

export const HEARTBEAT_MS = 10 * SECOND_MS
export const PRESENCE_EXPIRES_MS = 25 * SECOND_MS

/** Things that no honest peer sends: so many of them, and the connection is closed. */
export const MAX_INVALID = 32

/** What a peer may send: a message costs 1, and 1 more for each 4 KiB. All there is to say about a large team fits. */
export const MESSAGES = { burst: 4096, perSecond: 20, bytesEach: 4096 } as const

/** How often a device may raise the floor of a log: everybody keeps and passes on each. */
export const FLOORS = { burst: 32, perSecond: 1 / 60 } as const

/** An amount that is used up and comes back with time. */
export class Allowance {
  readonly #burst: number
  readonly #perSecond: number
  #left: number
  #at: number

  /** `now` is in ms, as in `take`. */
  constructor({ burst, perSecond }: { burst: number; perSecond: number }, now: number) {
    this.#burst = burst
    this.#perSecond = perSecond
    this.#left = burst
    this.#at = now
  }

  /** Whether so much is left; it is then used. */
  take(amount: number, now: number): boolean {
    const seconds = Math.max(0, now - this.#at) / SECOND_MS
    this.#left = Math.min(this.#burst, this.#left + seconds * this.#perSecond)
    this.#at = now
    if (amount > this.#left) return false
    this.#left -= amount
    return true
  }
}

/** Whether `ms` lie between two moments. A clock that was set back must not stop what waits for one. */
export function hasPassed(since: number, ms: number, now: number): boolean {
  return Math.abs(now - since) >= ms
}
