/** More than this many at once nobody reads. */
const MAX_MESSAGES = 3

export interface Message {
  id: number
  level: 'info' | 'warning' | 'error'
  text: string
}

/** What a person should know that nobody asked for, until it is closed; the latest last, the same sentence once. */
export class Messages {
  all = $state.raw<readonly Message[]>([])
  #count = 0

  /** Says a sentence. An error's end, which is an `info`, takes the place of the errors. */
  say(level: Message['level'], text: string): void {
    if (!text) return
    const others = this.all.filter((message) => message.text !== text)
    const open = level === 'info' ? others.filter((message) => message.level !== 'error') : others
    this.all = [...open, { id: this.#count++, level, text }].slice(-MAX_MESSAGES)
  }

  close(id: number): void {
    this.all = this.all.filter((message) => message.id !== id)
  }
}
