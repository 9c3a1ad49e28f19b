import type { StatusAnswer } from '../../core/api.ts'
import { isReached } from '../../core/api.ts'
import type { Timers } from '../../core/timers.ts'
import { pause } from '../log/retry.ts'

/** How long teammates are looked for, and blocks that somebody has written are waited for in vain, ms. */
export const SEARCH_MS = 20_000
/** How long those who do not answer are called once somebody is met, who mostly has their logs too. ms. */
const CALL_MS = 10_000
/** When nobody is left to be met, and no block is missing, for so long, nothing more comes. ms. */
const QUIET_MS = 2000
const POLL_MS = 200

/** What of a node's state tells whether it has what its teammates have. */
export type Picture = Pick<StatusAnswer, 'peers' | 'logs'>

/** What came of it. */
export interface Taken {
  /** Whether a teammate was reached. */
  hasMet: boolean
  /** Blocks that are known of and that nobody gave. */
  missing: number
}

interface Missing {
  blocks: number
  /** When something began to be missing, and when that last changed; ms since 1970. */
  since: number
  movedAt: number
}

/**
 * Whether a node still takes what its teammates have. Where they are at work something new comes all the time: it is
 * done when it has what was there, not when all is silent.
 */
export class Taking {
  readonly #startedAt: number
  /** By device. */
  readonly #missing = new Map<string, Missing>()
  #known = ''
  #busyAt: number
  #hasMet = false

  /** Times are ms since 1970. */
  constructor(now: number) {
    this.#startedAt = this.#busyAt = now
  }

  /** What came of it; null where it goes on. */
  look({ peers, logs }: Picture, now: number): Taken | null {
    const reached = peers.filter(isReached)
    this.#hasMet ||= reached.length > 0
    for (const { device, behind } of peers) this.#note(device, behind, now)
    const known = [...reached.map(({ device }) => device), ...logs.map(({ key }) => key)].join()
    const isCalled = peers.some(({ connection }) => connection === 'connecting')
    const searchMs = !this.#hasMet ? SEARCH_MS : isCalled ? CALL_MS : 0
    const isBusy =
      known !== this.#known ||
      now - this.#startedAt < searchMs ||
      [...this.#missing.values()].some((missing) => isComing(missing, now))
    this.#known = known
    if (isBusy) this.#busyAt = now
    if (isBusy || now - this.#busyAt < (this.#hasMet ? QUIET_MS : 0)) return null
    return { hasMet: this.#hasMet, missing: peers.reduce((sum, { behind }) => sum + behind, 0) }
  }

  #note(device: string, blocks: number, now: number): void {
    const before = this.#missing.get(device)
    if (blocks === 0) this.#missing.delete(device)
    else if (!before) this.#missing.set(device, { blocks, since: now, movedAt: now })
    else if (before.blocks !== blocks) this.#missing.set(device, { ...before, blocks, movedAt: now })
  }
}

/** What is missing for a moment alone was written just now; what does not move any more nobody has who is here. */
function isComing({ since, movedAt }: Missing, now: number): boolean {
  return since < now && now - movedAt < SEARCH_MS
}

/** Waits until a node has what its teammates have, as far as that can be known; null where `signal` was aborted. */
export async function untilTaken(
  look: () => Promise<Picture>,
  timers: Timers,
  signal: AbortSignal,
): Promise<Taken | null> {
  const taking = new Taking(timers.now())
  while (!signal.aborted) {
    const taken = taking.look(await look(), timers.now())
    if (taken) return taken
    await pause(POLL_MS, timers, signal)
  }
  return null
}
