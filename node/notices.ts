import type { NoticeStatus } from '../core/api.ts'
import { printable } from '../core/printable.ts'
import type { Logger } from './home/logger.ts'

export type NoticeLevel = NoticeStatus['level']
export type NoticeListener = (level: NoticeLevel, message: string) => void

/** So many are kept for who looks later. */
const KEPT = 20

/** What a person should know that nobody asked for: goes to the log, and to whoever has the dashboard open. */
export class Notices {
  readonly #log: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly #now: () => number
  readonly #listeners = new Set<NoticeListener>()
  readonly #last: NoticeStatus[] = []

  /** `now` in ms since 1970. */
  constructor(log: Pick<Logger, 'info' | 'warn' | 'error'>, now: () => number) {
    this.#log = log
    this.#now = now
  }

  /** Says a sentence, which may name a file of any name. */
  say(level: NoticeLevel, sentence: string): void {
    const message = printable(sentence)
    this.#log[level === 'warning' ? 'warn' : level](message)
    this.#last.push({ level, message, at: new Date(this.#now()).toISOString() })
    if (this.#last.length > KEPT) this.#last.shift()
    for (const listener of this.#listeners) listener(level, message)
  }

  /** The last ones, oldest first. */
  last(): NoticeStatus[] {
    return [...this.#last]
  }

  /** Returns how to stop. */
  listen(listener: NoticeListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
