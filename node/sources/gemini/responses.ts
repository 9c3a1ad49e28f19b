import type { Tokens } from '../../../core/events.ts'
import { tokenSum } from '../../../core/events.ts'
import type { Fact } from '../../../core/rule.ts'
import { keepNewest } from '../fields.ts'
import type { ModelMessage } from './record.ts'

/** Messages that are remembered: after a compaction the whole conversation is written again. */
const MAX_MESSAGES = 4096

interface Entry {
  id: string
  at: number
  model: string
  tokens: Tokens
  isResponse: boolean
  /** When it and its calls were over. */
  endedAt: number
  /** It ends a turn where nothing follows. */
  isAnswer: boolean
  /** It asked for calls, and a person stopped them all. */
  isCancelled: boolean
  /** Tokens that were given out for it so far; -1 for nothing. */
  given: number
}

/** What is known of a message that is no longer held, and its response where it is news. */
export interface Released extends Readonly<
  Pick<Entry, 'id' | 'at' | 'endedAt' | 'isAnswer' | 'isCancelled'>
> {
  fact: Fact | null
}

/** What the model said, by message. The last message is held, as it is written again when it grows. */
export class Responses {
  readonly #entries = new Map<string, Entry>()
  #held: { entry: Entry; from: number } | null = null

  get heldFrom(): number | null {
    return this.#held?.from ?? null
  }

  isHeld(id: string): boolean {
    return this.#held?.entry.id === id
  }

  knows(id: string): boolean {
    return this.#entries.has(id)
  }

  /** Holds a message, written at byte `from`, until it is released. None other may be held. */
  hold(message: ModelMessage, at: number, from: number): void {
    const entry = this.#update(message, at)
    if (!this.isHeld(entry.id)) this.#held = { entry, from }
  }

  /** A message that is known was written again among others; its response where it has grown and is not held. */
  copy(message: ModelMessage): Released | null {
    const known = this.#entries.get(message.id)
    if (!known) return null
    const entry = this.#update(message, known.at)
    return this.isHeld(entry.id) ? null : give(entry)
  }

  /** Gives up what is held. */
  release(): Released | null {
    if (!this.#held) return null
    const { entry } = this.#held
    this.#held = null
    return give(entry)
  }

  #update({ id, model, tokens, isResponse, isAnswer, calls }: ModelMessage, at: number): Entry {
    let entry = this.#entries.get(id)
    if (!entry) {
      const none = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
      entry = {
        id,
        at,
        endedAt: at,
        model,
        tokens: none,
        isResponse,
        isAnswer,
        isCancelled: false,
        given: -1,
      }
      this.#entries.set(id, entry)
      keepNewest(this.#entries, MAX_MESSAGES)
    }
    if (model !== '') entry.model = model
    if (tokens !== null) entry.tokens = tokens
    entry.isResponse ||= isResponse
    for (const call of calls) entry.endedAt = Math.max(entry.endedAt, call.at ?? at)
    entry.isAnswer = isAnswer
    entry.isCancelled = calls.length > 0 && calls.every((call) => call.isCancelled)
    return entry
  }
}

function give(entry: Entry): Released {
  const { id, at, endedAt, model, tokens, isResponse, isAnswer, isCancelled } = entry
  const sum = tokenSum(tokens)
  const isNews = isResponse && sum > entry.given
  if (isNews) entry.given = sum
  const fact: Fact | null = isNews ? { type: 'response', messageId: id, model, tokens } : null
  return { id, at, endedAt, fact, isAnswer: isResponse && isAnswer, isCancelled }
}
