import { printable } from '../core/printable.ts'
import type { Logger } from './home/logger.ts'

export type NoticeLevel = 'info' | 'warning' | 'error'
export type NoticeListener = (level: NoticeLevel, message: string) => void

/** What a person should know that nobody asked for: goes to the log, and to whoever has the dashboard open. */
export class Notices {
  readonly #log: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly #listeners = new Set<NoticeListener>()

  constructor(log: Pick<Logger, 'info' | 'warn' | 'error'>) {
    this.#log = log
  }

  /** Says a sentence, which may name a file of any name. */
  say(level: NoticeLevel, sentence: string): void {
    const message = printable(sentence)
    this.#log[level === 'warning' ? 'warn' : level](message)
    for (const listener of this.#listeners) listener(level, message)
  }

  /** Returns how to stop. */
  listen(listener: NoticeListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
