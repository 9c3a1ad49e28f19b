import type { Timers } from '../core/timers.ts'
import { waitAfterHolds } from './backoff.ts'
import type { ArchivedLog, SignedBlock } from './port.ts'

/** What one turn of a log brings into a call, about, so that several logs share it. */
const TURN_EVENTS = 250
const TURN_BYTES = 2 * 1024 * 1024
const MAX_TURN_BLOCKS = 250
/** Before it is known how large a log's blocks are. */
const FIRST_TURN_BLOCKS = 4

/** How far a log has come on its way into the archive. */
export class FollowedLog {
  readonly log: ArchivedLog
  /** Blocks before this are archived, or were left out for good. */
  cursor: number
  /** Blocks before this are archived, or on their way. */
  next: number
  /** The archive was asked again about it with the team's records. */
  hasAsked = false
  #certificate: string | null = null
  readonly #timers: Timers
  readonly #stopFollowing: () => void
  /** Read, and in no call yet. */
  #ahead: SignedBlock[] = []
  #turnBlocks = FIRST_TURN_BLOCKS
  /** It gave nothing though there should be more: until it says that there is. */
  #isDry = false
  #hold: { problem: string; isOver: boolean; callOff: () => void } | null = null
  /** In a row. */
  #holds = 0

  /** `onMore` is called when more can be read. */
  constructor(log: ArchivedLog, cursor: number, timers: Timers, onMore: () => void) {
    this.log = log
    this.cursor = cursor
    this.next = cursor
    this.#timers = timers
    this.#stopFollowing = log.onAppend(() => {
      this.#isDry = false
      onMore()
    })
  }

  /** base64; null while none is known: nothing is sent then. */
  get certificate(): string | null {
    return this.#certificate
  }

  /** Takes another certificate over. Answers whether it is another. */
  certify(certificate: string | null): boolean {
    const isOther = certificate !== this.#certificate
    this.#certificate = certificate
    return isOther
  }

  /** Whether there is something to read that may be sent now. */
  get hasMore(): boolean {
    if (this.#certificate === null || this.#isDry || this.#hold?.isOver === false) return false
    return this.#ahead.length > 0 || this.log.length > this.#from
  }

  /** Why the archive does not take it, a sentence; null where it does. */
  get problem(): string | null {
    return this.#hold?.problem ?? null
  }

  /** The next blocks, of one turn; none where nothing can be read now. What is not used is put back. */
  async read(): Promise<SignedBlock[]> {
    if (this.#ahead.length > 0) return this.#ahead.splice(0)
    this.#isDry = false
    const from = this.#from
    const given = await this.log.readSigned(from, this.#turnBlocks)
    const blocks = given.filter(({ seq }, i) => seq === from + i)
    // Said again meanwhile, it is looked at again with what comes next.
    if (blocks.length === 0) this.#isDry = true
    else this.#turnBlocks = turnAfter(blocks)
    return blocks
  }

  putBack(blocks: readonly SignedBlock[]): void {
    this.#ahead = [...blocks, ...this.#ahead]
  }

  /** What was on its way is not any more, and is read again. */
  reset(): void {
    this.next = this.cursor
    this.#ahead = []
    this.#isDry = false
  }

  /** Blocks before `end` are archived. */
  archived(end: number): void {
    this.cursor = Math.max(this.cursor, end)
    this.next = Math.max(this.next, end)
    this.hasAsked = false
    this.#holds = 0
    this.release()
  }

  /** Leaves it alone for a while; then calls `onOver`. Answers whether that is news. */
  holdBack(problem: string, onOver: () => void): boolean {
    const isNews = this.#hold === null
    this.#hold?.callOff()
    const callOff = this.#timers.after(waitAfterHolds(++this.#holds), () => {
      hold.isOver = true
      onOver()
    })
    const hold = { problem, isOver: false, callOff }
    this.#hold = hold
    return isNews
  }

  /** It is tried again from now on. Answers whether it had been left alone. */
  release(): boolean {
    this.#hold?.callOff()
    const wasHeld = this.#hold !== null
    this.#hold = null
    return wasHeld
  }

  stop(): void {
    this.#stopFollowing()
    this.release()
  }

  get #from(): number {
    return Math.max(this.next, this.log.floor)
  }
}

/** How many blocks are read in the next turn, by those of the last one. At most twice as many, as sizes may change. */
function turnAfter(blocks: readonly SignedBlock[]): number {
  const events = blocks.reduce((sum, { batch }) => sum + (batch?.events ?? 0), 0)
  const bytes = blocks.reduce((sum, { batch }) => sum + (batch?.body.length ?? 0), 0)
  const fit = Math.min(TURN_EVENTS / Math.max(events, 1), TURN_BYTES / Math.max(bytes, 1)) * blocks.length
  return Math.max(1, Math.min(Math.ceil(fit), 2 * blocks.length, MAX_TURN_BLOCKS))
}
