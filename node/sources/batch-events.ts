import type { Assistant, Event, Tokens } from '../../core/events.ts'
import { tokenSum } from '../../core/events.ts'
import { Lifecycle } from '../../core/lifecycle.ts'
import type { Draft, Project, Rule } from '../../core/rule.ts'
import { SortedEvents } from './sorted-events.ts'

interface Session {
  assistant: Assistant
  sessionId: string
  /** The first event's project and directory stand for the session. */
  firstAt: number
  project: Project
  lifecycle: Lifecycle
}

/** What files read in any order come to: each event once, the heaviest of its id, and what follows from them. */
export class BatchEvents {
  readonly #rule: Rule
  /** Ids so far, with a response's tokens. */
  readonly #known = new Map<string, Tokens | null>()
  readonly #sessions = new Map<string, Session>()
  readonly #sorted = new SortedEvents()

  constructor(rule: Rule) {
    this.#rule = rule
  }

  add(draft: Draft, project: Project): void {
    const event = this.#rule.event(draft, project)
    if (!event) return
    const tokens = tokensOf(event)
    const before = this.#known.get(event.id)
    if (before !== undefined && (!before || !tokens || tokenSum(tokens) <= tokenSum(before))) return
    this.#known.set(event.id, tokens)
    this.#sessionOf(event, draft, project).lifecycle.add(event, before ?? undefined)
    this.#sorted.add(event)
  }

  /** All events by time and then by id, with those of the sessions' beginnings and ends as of `now` (ms). */
  *finish(now: number): Generator<Event> {
    for (const { assistant, sessionId, project, lifecycle } of this.#sessions.values()) {
      for (const { at, fact } of lifecycle.due(now)) {
        const event = this.#rule.event({ at, assistant, sessionId, cwd: null, fact }, project)
        if (event) this.#sorted.add(event)
      }
    }
    for (const event of this.#sorted.drain()) {
      const tokens = tokensOf(event)
      // A lighter version of a response came first.
      if (tokens && tokenSum(tokens) !== tokenSum(this.#known.get(event.id)!)) continue
      yield event
    }
  }

  #sessionOf(event: Event, draft: Draft, project: Project): Session {
    const id = event.payload.sessionId
    const known = this.#sessions.get(id)
    if (!known) {
      const { assistant, at } = draft
      const session = { assistant, sessionId: id, firstAt: at, project, lifecycle: new Lifecycle() }
      this.#sessions.set(id, session)
      return session
    }
    if (draft.at < known.firstAt) {
      known.firstAt = draft.at
      known.project = project
    }
    return known
  }
}

function tokensOf(event: Event): Tokens | null {
  return event.eventType === 'activity' && event.payload.kind === 'response' ? event.payload.tokens : null
}
