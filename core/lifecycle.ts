import type { Event, Tokens, Totals } from './events.ts'
import type { LifecycleFact } from './rule.ts'

/** A session that is silent for this long has ended, unless it waits for an answer. */
export const SESSION_GAP_MS = 30 * 60_000

/** A run of a session's events without a gap. */
interface Stretch {
  from: number
  to: number
  /** Its last event asks a person something. */
  awaitsAnswer: boolean
  totals: Omit<Totals, 'durationMs'>
}

export interface DatedFact {
  at: number
  fact: LifecycleFact
}

/** Adds `sign` times the counts of `tokens` to `sum`. */
function addTokens(sum: Tokens, tokens: Tokens, sign: 1 | -1 = 1): void {
  sum.input += sign * tokens.input
  sum.output += sign * tokens.output
  sum.cacheRead += sign * tokens.cacheRead
  sum.cacheWrite += sign * tokens.cacheWrite
}

/** Whether an event says that the session waits for a person's answer. */
export function asksForAnswer(event: Event): boolean {
  if (event.eventType !== 'activity' || event.payload.kind !== 'waiting') return false
  return event.payload.reason === 'permission' || event.payload.reason === 'question'
}

/**
 * When a session started, ended and resumed, from its other events in any order: a pure function of what was added,
 * so that live, backfill and `preview` agree. Add each event once; `due` says what follows and was not said before.
 */
export class Lifecycle {
  #stretches: Stretch[] = []
  readonly #said = new Set<string>()

  /** The time of the last event, in ms; -Infinity where there is none. */
  get lastAt(): number {
    return this.#stretches.at(-1)?.to ?? -Infinity
  }

  /** Whether the session's last event asks a person something. */
  get awaitsAnswer(): boolean {
    return this.#stretches.at(-1)?.awaitsAnswer ?? false
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
      this.#said.add(action === 'started' ? action : `${action} ${at}`)
      return
    }
    if (event.eventType === 'summary') return
    const stretch = this.#stretchFor(at, asksForAnswer(event))
    const { totals } = stretch
    if (event.eventType === 'tool') {
      if (event.payload.status === 'started') totals.tools++
      if (event.payload.status === 'failed') totals.failures++
    } else if (event.eventType === 'error') {
      totals.errors++
    } else if (event.eventType === 'activity') {
      if (event.payload.kind === 'prompt') totals.prompts++
      if (event.payload.kind === 'response') {
        if (replaced) addTokens(totals.tokens, replaced, -1)
        addTokens(totals.tokens, event.payload.tokens)
      }
    }
  }

  /**
   * What follows from the events so far. With `now` (ms) a session that has been silent for too long ends;
   * `isAlive` keeps one that awaits an answer open, as its process is known to live.
   */
  due(now?: number, isAlive = false): DatedFact[] {
    const out: DatedFact[] = []
    const say = (at: number, name: string, ...facts: LifecycleFact[]) => {
      if (this.#said.has(name)) return
      this.#said.add(name)
      for (const fact of facts) out.push({ at, fact })
    }
    const stretches = joinWaits(this.#stretches)
    stretches.forEach(({ from, to, awaitsAnswer, totals }, i) => {
      if (i > 0) say(from, `resumed ${from}`, { type: 'session', action: 'resumed' })
      else if (!this.#hasForgotten) say(from, 'started', { type: 'session', action: 'started' })
      const isOver =
        i < stretches.length - 1 ||
        (now !== undefined && now - to >= SESSION_GAP_MS && !(isAlive && awaitsAnswer))
      if (!isOver) return
      const summary: LifecycleFact = { type: 'summary', totals: { ...totals, durationMs: to - from } }
      say(to, `ended ${to}`, { type: 'session', action: 'ended' }, summary)
    })
    return out
  }

  /** Drops the stretches that are said to be over: for a session that goes on live, where order is time. */
  forget(): void {
    const open = this.#stretches.findLastIndex((stretch) => this.#said.has(`ended ${stretch.to}`)) + 1
    const kept = Math.min(open, this.#stretches.length - 1)
    if (kept <= 0) return
    this.#hasForgotten = true
    this.#stretches = this.#stretches.slice(kept)
  }

  #hasForgotten = false

  /** The stretch that an event at `at` belongs to, extended to it. */
  #stretchFor(at: number, asks: boolean): Stretch {
    const list = this.#stretches
    const i = list.findLastIndex((stretch) => stretch.from <= at)
    const before = list[i]
    if (before && at <= before.to) {
      if (at === before.to) before.awaitsAnswer ||= asks
      return before
    }
    const next = list[i + 1]
    const joinsNext = next !== undefined && next.from - at < SESSION_GAP_MS
    if (before && at - before.to < SESSION_GAP_MS) {
      before.to = at
      before.awaitsAnswer = asks
      if (joinsNext) list.splice(i, 2, joined(before, next))
    } else if (joinsNext) {
      next.from = at
    } else {
      list.splice(i + 1, 0, { from: at, to: at, awaitsAnswer: asks, totals: emptyTotals() })
    }
    return list.findLast((stretch) => stretch.from <= at)!
  }
}

function emptyTotals(): Stretch['totals'] {
  const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  return { prompts: 0, tools: 0, failures: 0, errors: 0, tokens }
}

/** One stretch of two, the earlier first. */
function joined(a: Stretch, b: Stretch): Stretch {
  const tokens = { ...a.totals.tokens }
  addTokens(tokens, b.totals.tokens)
  const totals = {
    prompts: a.totals.prompts + b.totals.prompts,
    tools: a.totals.tools + b.totals.tools,
    failures: a.totals.failures + b.totals.failures,
    errors: a.totals.errors + b.totals.errors,
    tokens,
  }
  return { from: a.from, to: b.to, awaitsAnswer: b.awaitsAnswer, totals }
}

/** A gap after a question is no end: joins the stretches that such a gap parts. */
function joinWaits(stretches: readonly Stretch[]): Stretch[] {
  const out: Stretch[] = []
  for (const stretch of stretches) {
    const before = out.at(-1)
    if (before?.awaitsAnswer) out[out.length - 1] = joined(before, stretch)
    else out.push(stretch)
  }
  return out
}
