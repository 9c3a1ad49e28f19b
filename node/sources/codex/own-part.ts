import type { Meta } from './meta.ts'
import type { Body, CodexRecord } from './record.ts'
import { madeAt } from './uuid.ts'

/** A thread's own first record follows what was copied after at least this pause, in ms; copying takes far less. */
const PAUSE_MS = 1000

/** What shows that the thread itself has begun: another thread's metadata after it begins no copy. */
const WORK = new Set<Body['type']>(['prompt', 'tokens', 'call', 'result', 'turn end'])

/**
 * Tells a thread's own records from those that its file only repeats. The file of a forked or resumed thread, and of
 * some subagents, begins with its own `session_meta`, and then repeats what another thread had written, that one's
 * `session_meta` first. The times in the copy are either those of the copying, all within a moment, or the old ones.
 * The first own record is known, in this order, by
 * - its ordinal, where the metadata says from which on they are the thread's own;
 * - the thread's id in it;
 * - the id of its turn, a UUID of version 7 that was made after the thread was: a copy keeps the ids of its turns;
 * - its time, where the copy has no such ids: after the old times, or after a pause.
 */
export class OwnPart {
  #owner: Meta | null = null
  #bornAt = -Infinity
  #isCopied = false
  #hasWorked = false
  #sawTurnIds = false
  #promptAt = -Infinity
  #hasBegunByTurn = false
  /** The time of the last record that was copied. */
  #copiedAt: number | null = null

  /** The thread that the file is of; null before its metadata. */
  get owner(): Meta | null {
    return this.#owner
  }

  /**
   * Whether the record before the last was a prompt of the thread's own, though it was taken for a copy: some versions
   * write a prompt just before the turn that it begins.
   */
  get hasOwnPrompt(): boolean {
    return this.#hasBegunByTurn && this.#promptAt >= this.#bornAt
  }

  /** Whether a record is the thread's own. Given each record of the file in order. */
  isOwn({ at, ordinal, body }: CodexRecord): boolean {
    if (body.type === 'meta') return this.#takeMeta(body.meta, at)
    const from = this.#owner?.ownFrom ?? null
    if (from !== null && ordinal !== null) return ordinal >= from
    this.#hasBegunByTurn = false
    if (this.#isCopied && this.#begins(body, at)) this.#isCopied = false
    if (this.#isCopied) this.#noteCopied(body, at)
    else if (WORK.has(body.type)) this.#hasWorked = true
    return !this.#isCopied
  }

  #takeMeta(meta: Meta, at: number | null): boolean {
    if (!this.#owner) {
      this.#owner = meta
      this.#bornAt = meta.bornAt ?? at ?? -Infinity
      this.#isCopied = meta.isForked
      return true
    }
    if (meta.threadId === this.#owner.threadId) return !this.#isCopied
    if (!this.#hasWorked) this.#isCopied = true
    if (this.#isCopied) this.#copiedAt = at ?? this.#copiedAt
    return false
  }

  #noteCopied(body: Body, at: number | null): void {
    this.#copiedAt = at ?? this.#copiedAt
    if (body.type === 'prompt') this.#promptAt = at ?? -Infinity
    else if (body.type !== 'other') this.#promptAt = -Infinity
  }

  #begins(body: Body, at: number | null): boolean {
    if (body.type === 'owner') return body.threadId === this.#owner?.threadId
    if (body.type === 'turn' || body.type === 'turn start') {
      const turnAt = body.turnId === null ? null : madeAt(body.turnId)
      if (turnAt !== null) {
        this.#sawTurnIds = true
        return (this.#hasBegunByTurn = turnAt >= this.#bornAt)
      }
    }
    if (this.#sawTurnIds || at === null || this.#copiedAt === null || at < this.#bornAt) return false
    return this.#copiedAt < this.#bornAt || at - this.#copiedAt >= PAUSE_MS
  }
}
