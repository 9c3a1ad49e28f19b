import type { Assistant, Event } from '../../core/events.ts'
import { weight } from '../../core/events.ts'
import { Lifecycle } from '../../core/lifecycle.ts'
import type { Draft, Project, Rule } from '../../core/rule.ts'
import { weightOf } from '../../core/rule.ts'
import { EventWeights } from './event-weights.ts'
import { SortedEvents } from './sorted-events.ts'

/** So many events are looked at in a few milliseconds. */
export const TURN_EVENTS = 500

interface Session {
  assistant: Assistant
  /** When the first event was; its project stands for the session. */
  firstAt: number
  project: Project
  cwd: string | null
  lifecycle: Lifecycle
}

/** What files read in any order come to: each event once, the heaviest of its id, and what follows from them. */
export class BatchEvents {
  readonly #rule: Rule
  readonly #weights = new EventWeights()
  readonly #sessions = new Map<string, Session>()
  readonly #sorted = new SortedEvents()

  constructor(rule: Rule) {
    this.#rule = rule
  }

  add(draft: Draft, project: Project): void {
    const weight = weightOf(draft.fact)
    const event = this.#rule.event(draft, project, (id) => weight > this.#weights.of(id))
    if (!event || !this.#weights.raise(event.id, weight)) return
    this.#sorted.add(event)
    this.#noteSession(event.payload.sessionId, draft, project)
  }

  /** Adds the events of the sessions' beginnings and ends as of `now` (ms). Yields now and then, for others' turns. */
  *follow(now: number): Generator<void> {
    let count = 0
    for (const event of this.#sorted.all()) {
      if (this.#isFinal(event)) this.#sessions.get(event.payload.sessionId)!.lifecycle.add(event)
      if (++count % TURN_EVENTS === 0) yield
    }
    for (const [sessionId, { assistant, project, cwd, lifecycle }] of this.#sessions) {
      for (const { at, fact } of lifecycle.due(now)) {
        const event = this.#rule.event({ at, assistant, sessionId, cwd, fact }, project)
        if (event && this.#weights.raise(event.id, weight(event))) this.#sorted.add(event)
      }
    }
  }

  /** All events by time and then by id. They are gone from here afterwards. */
  *drain(): Generator<Event> {
    for (const event of this.#sorted.drain()) {
      if (this.#isFinal(event)) yield event
    }
  }

  /** Not a response that came again with more tokens. */
  #isFinal(event: Event): boolean {
    return weight(event) === this.#weights.of(event.id)
  }

  #noteSession(id: string, { at, assistant, cwd }: Draft, project: Project): void {
    const known = this.#sessions.get(id)
    if (!known) this.#sessions.set(id, { assistant, firstAt: at, project, cwd, lifecycle: new Lifecycle() })
    else if (at < known.firstAt) {
      known.firstAt = at
      known.project = project
    }
  }
}
