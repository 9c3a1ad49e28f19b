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

  /** Says a sentence. */
  say(level: NoticeLevel, message: string): void {
    this.#log[level === 'warning' ? 'warn' : level](message)
    for (const listener of this.#listeners) listener(level, message)
  }

  /** Returns how to stop. */
  listen(listener: NoticeListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
