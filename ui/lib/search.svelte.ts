import type { EventRow, EventsAnswer, SessionRow, SessionsAnswer } from '../../core/api.ts'
import { isFound, isSessionFound, searchedWords } from '../../core/search.ts'
import { Load } from './load.svelte.ts'

/** Who types on within this time is not searched for yet. */
const PAUSE_MS = 150
/** More than are shown: many are alike. */
const EVENTS = 60
const SESSIONS = 20

export interface SearchOptions {
  sessions: (q: string, limit: number) => Promise<SessionsAnswer>
  /** The newest events by time. */
  events: (q: string, limit: number) => Promise<EventsAnswer>
}

/** Asks the node for what is typed, once the typing pauses; of several answers only that to the last question counts. */
export class Search {
  /** How the asking goes. */
  readonly load: Load
  #typed = $state('')
  #sessions = $state.raw<readonly SessionRow[]>([])
  #events = $state.raw<readonly EventRow[]>([])
  #turn = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #options: SearchOptions

  constructor(options: SearchOptions) {
    this.#options = options
    this.load = new Load(() => this.#ask())
  }

  /** Of what came last, what fits what is typed now. */
  readonly sessions: readonly SessionRow[] = $derived.by(() => {
    const words = searchedWords(this.#typed)
    return words ? this.#sessions.filter((row) => isSessionFound(words, row)) : []
  })
  readonly events: readonly EventRow[] = $derived.by(() =>
    searchedWords(this.#typed) ? this.#events.filter((row) => isFound(this.#typed, row)) : [],
  )

  /** Searches for a text once the typing pauses; nothing that no name can have is asked for. */
  type(text: string): void {
    this.#typed = text
    clearTimeout(this.#timer)
    this.#turn++
    if (searchedWords(text)) this.#timer = setTimeout(() => void this.load.run(), PAUSE_MS)
    else this.#take([], [])
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#turn++
    this.load.stop()
  }

  async #ask(): Promise<void> {
    const turn = ++this.#turn
    const q = this.#typed
    const [{ sessions }, { events }] = await Promise.all([
      this.#options.sessions(q, SESSIONS),
      this.#options.events(q, EVENTS),
    ])
    if (turn === this.#turn) this.#take(sessions, events)
  }

  #take(sessions: readonly SessionRow[], events: readonly EventRow[]): void {
    this.#sessions = sessions
    this.#events = events
  }
}
