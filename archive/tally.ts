import type { Say } from './say.ts'
import type { LeftOut, RejectedAs } from './answer.ts'

const WHY: Record<RejectedAs, string> = {
  invalid_event: 'it does not know them as events',
  invalid_event_type: 'it does not know their type',
  source_mismatch: 'their source is another device’s there',
  too_old: 'they are older than the 30 days that it keeps',
  too_new: 'they are more than a day ahead of its clock',
  unknown_source: 'their device is no member of the team there',
  invalid_signature: 'their device did not sign them so',
  invalid_request: 'they are no batch',
  other: 'of a reason that this version does not know',
}

/** What became of events since the start. Each reason is said once for a log; the counts go on. */
export class Tally {
  sent = 0
  inserted = 0
  /** ms since 1970; null before the first time. */
  lastSuccessAt: number | null = null
  readonly #rejected = new Map<RejectedAs, number>()
  readonly #said = new Set<string>()
  readonly #say: Say

  constructor(say: Say) {
    this.#say = say
  }

  /** Events and batches by the archive's error. */
  get rejected(): Record<string, number> {
    return Object.fromEntries(this.#rejected)
  }

  leftOut(source: string, { whole, events }: LeftOut): void {
    if (whole) {
      this.#count(whole, 1)
      this.#sayOnce(
        'error',
        `${source} ${whole}`,
        `The archive left out a batch of ${source}: ${WHY[whole]}.`,
      )
    }
    for (const [reason, count] of events) {
      this.#count(reason, count)
      // Of those a backfill has many, and nothing is wrong.
      if (reason === 'too_old')
        this.#sayOnce('info', reason, `The archive leaves out events: ${WHY[reason]}.`)
      else {
        const sentence = `The archive left out events of ${source}: ${WHY[reason]}.`
        this.#sayOnce('warning', `${source} ${reason}`, sentence)
      }
    }
  }

  #count(reason: RejectedAs, count: number): void {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + count)
  }

  #sayOnce(level: 'info' | 'warning' | 'error', what: string, sentence: string): void {
    if (this.#said.has(what)) return
    this.#said.add(what)
    this.#say(level, sentence)
  }
}
