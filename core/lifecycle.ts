import type { Event, Tokens, WaitingReason } from './events.ts'
import type { LifecycleFact } from './rule.ts'
import type { Counted } from './totals.ts'
import { addTokens, addTotals, count, emptyTotals } from './totals.ts'
import { asks, strongerWait, waitOf } from './waiting.ts'

/** A session that is silent for this long has ended, unless it waits for an answer. */
export const SESSION_GAP_MS = 30 * 60_000

/** A run of a session's events without a gap. */
interface Stretch {
  from: number
  to: number
  /** What its last event waits for. */
  wait: WaitingReason | null
  totals: Counted
}

export interface DatedFact {
  at: number
  fact: LifecycleFact
}

/**
 * When a session started, ended and resumed, from its other events in any order: a pure function of what was added,
 * so that live, backfill and `preview` agree. Add each event once; `due` says what follows and was not said before.
 */
export class Lifecycle {
  #stretches: Stretch[] = []
  readonly #said = new Set<string>()
  /** The earliest end that was said. */
  #firstEnd = Infinity
  /** Until when the session is known to be over; -Infinity where nothing but its silence tells. */
  #overUntil = -Infinity
  /** The first event after an end that was said before the session had been silent for long; null where there is none. */
  #resumedAt: number | null = null

  /** The time of the last event, in ms; -Infinity where there is none. */
  get lastAt(): number {
    return this.#stretches.at(-1)?.to ?? -Infinity
  }

  /** Whether the session's last event asks a person something. */
  get awaitsAnswer(): boolean {
    return asks(this.#stretches.at(-1)?.wait ?? null)
  }

  /** Whether the last stretch has been said to be over. */
  get isEnded(): boolean {
    return this.#said.has(`ended ${this.lastAt}`)
  }

  /**
   * Adds an event. `replaced` are the tokens that a response of the same id brought before.
   * Session and summary events, read back from a log, say what was said already.
   */
  add(event: Event, replaced?: Tokens): void {
    const at = Date.parse(event.timestamp)
    if (event.eventType === 'session') {
      const { action } = event.payload
      this.#markSaid(action === 'started' ? action : `${action} ${at}`)
      if (action === 'ended') {
        this.#firstEnd = Math.min(this.#firstEnd, at)
        if (this.#resumedAt !== null && this.#resumedAt <= at) this.#resumedAt = null
      }
    } else if (event.eventType !== 'summary') {
      const { totals } = this.#stretchFor(at, waitOf(event))
      if (replaced) addTokens(totals.tokens, replaced, -1)
      count(totals, event)
    }
  }

  /**
   * What follows from the events so far. With `now` (ms) a session that has been silent for too long ends;
   * `isAlive` keeps one that awaits an answer open, as its process is known to live.
   */
  due(now?: number, isAlive = false): DatedFact[] {
    const out: DatedFact[] = []
    const say = (at: number, name: string, ...facts: LifecycleFact[]) => {
      if (this.#markSaid(name)) out.push(...facts.map((fact) => ({ at, fact })))
    }
    const stretches = this.#joined()
    stretches.forEach((stretch, i) => {
      const { from, to, totals } = stretch
      const isFirst = i === 0 && this.#firstEnd >= from
      if (isFirst) say(from, 'started', { type: 'session', action: 'started' })
      else say(from, `resumed ${from}`, { type: 'session', action: 'resumed' })
      const isSilent = now !== undefined && now - to >= SESSION_GAP_MS && !(isAlive && asks(stretch.wait))
      const isLast = i === stretches.length - 1
      if (isLast && this.#resumedAt !== null && this.#resumedAt > from) {
        say(this.#resumedAt, `resumed ${this.#resumedAt}`, { type: 'session', action: 'resumed' })
      }
      if (isLast && !isSilent && to > this.#overUntil) return
      const summary: LifecycleFact = { type: 'summary', totals: { ...totals, durationMs: to - from } }
      say(to, `ended ${to}`, { type: 'session', action: 'ended' }, summary)
      this.#firstEnd = Math.min(this.#firstEnd, to)
    })
    return out
  }

  /**
   * The session was left at `at` (ms), which no record says: what follows, as if it had been silent for long. Only what
   * happens after `at` resumes it; what is read later and happened before moves its end.
   */
  end(at: number): DatedFact[] {
    this.#overUntil = Math.max(this.#overUntil, at)
    return this.due()
  }

  /** Drops the stretches that are said to be over: for a session that goes on live, where order is time. */
  forget(): void {
    const list = this.#stretches
    const open = list.findLastIndex((stretch) => this.#isSaidOver(stretch)) + 1
    let kept = Math.min(open, list.length - 1)
    while (kept > 0 && this.#goesOn(list[kept - 1]!)) kept--
    if (kept > 0) this.#stretches = list.slice(kept)
  }

  /** Whether it was not said before. */
  #markSaid(name: string): boolean {
    if (this.#said.has(name)) return false
    this.#said.add(name)
    return true
  }

  #isSaidOver(stretch: Stretch): boolean {
    return this.#said.has(`ended ${stretch.to}`)
  }

  /** A gap after a question is no end, unless it was said to be one as the process was gone. */
  #goesOn(stretch: Stretch): boolean {
    return asks(stretch.wait) && !this.#isSaidOver(stretch)
  }

  /** The stretches, those joined that only waiting for an answer parts. */
  #joined(): Stretch[] {
    const out: Stretch[] = []
    let goesOn = false
    for (const stretch of this.#stretches) {
      if (goesOn) out.push(joined(out.pop()!, stretch))
      else out.push(stretch)
      goesOn = this.#goesOn(stretch)
    }
    return out
  }

  /** The stretch that an event at `at` belongs to, extended to it. */
  #stretchFor(at: number, wait: WaitingReason | null): Stretch {
    const list = this.#stretches
    const i = list.findLastIndex((stretch) => stretch.from <= at)
    const before = list[i]
    if (before && at <= before.to) {
      if (at === before.to) before.wait = strongerWait(before.wait, wait)
      return before
    }
    const next = list[i + 1]
    const joinsNext = next !== undefined && next.from - at < SESSION_GAP_MS
    if (before && at - before.to < SESSION_GAP_MS) {
      if (!next && this.#isSaidOver(before) && at > this.#overUntil) this.#resumedAt = at
      before.to = at
      before.wait = wait
      if (joinsNext) list.splice(i, 2, joined(before, next))
    } else if (joinsNext) {
      next.from = at
    } else {
      list.splice(i + 1, 0, { from: at, to: at, wait, totals: emptyTotals() })
    }
    return list.findLast((stretch) => stretch.from <= at)!
  }
}

/** One stretch of two, the earlier first. */
function joined(a: Stretch, b: Stretch): Stretch {
  const totals = emptyTotals()
  addTotals(totals, a.totals)
  addTotals(totals, b.totals)
  return { from: a.from, to: b.to, wait: b.wait, totals }
}
