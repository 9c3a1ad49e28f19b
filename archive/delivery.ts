import type { Timers } from '../core/timers.ts'
import type { RejectedAs, Taken } from './answer.ts'
import type { CursorKeeper } from './cursor-keeper.ts'
import type { FollowedLog } from './followed-log.ts'
import type { Logs } from './logs.ts'
import { recordParts, Request } from './request.ts'
import type { Say } from './say.ts'
import type { Tally } from './tally.ts'
import type { Answered, Tries } from './tries.ts'

export interface DeliveryOptions {
  tries: Tries
  logs: Logs
  keeper: CursorKeeper
  tally: Tally
  timers: Timers
  say: Say
  onChanged: () => void
  /** Ends what is under way. */
  signal: AbortSignal
}

type NotTaken = Exclude<Answered, { kind: 'taken' }>

/** Sends requests, and moves the cursors over what the archive has answered for. */
export class Delivery {
  readonly #options: DeliveryOptions
  /** The archive may not have the team's records, or not all: they go with the next call. */
  areRecordsDue = false
  /** Why the archive does not take them; null where it does. */
  #recordsProblem: string | null = null

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** Sends a request, with the team's records where they are due. False: it did not get through before the end. */
  async send(request: Request): Promise<boolean> {
    if (!this.areRecordsDue) return this.#send(request)
    this.areRecordsDue = false
    this.#recordsProblem = null
    const parts = recordParts(this.#options.logs.records)
    const whole = request.with(parts.at(-1) ?? [])
    for (const part of whole ? parts.slice(0, -1) : parts) {
      if (!(await this.#send(new Request(part)))) return false
    }
    return this.#send(whole ?? request)
  }

  /** Passes over a request in which there is no batch. */
  skip(request: Request): void {
    if (request.entries.length > 0) this.#moveOver(request, new Map())
  }

  async #send(given: Request): Promise<boolean> {
    const { tries, logs, signal } = this.#options
    // Of a request that was parted, one part may have been held back meanwhile.
    const request = given.remaining()
    if (request.entries.length < given.entries.length) logs.notArchived()
    if (request.batches === 0 && request.records.length === 0) {
      this.skip(request)
      return true
    }
    const answered = await tries.send(request, signal)
    if (!answered) return false
    if (answered.kind === 'taken') {
      this.#taken(request, answered.taken)
      return true
    }
    const parts = answered.kind === 'too_large' ? request.halves() : byLog(request)
    if (parts.length === 0) this.#notTakenAlone(request, answered)
    for (const part of parts) if (!(await this.#send(part))) return false
    return true
  }

  #taken(request: Request, { inserted, leftOut }: Taken): void {
    const { tally, timers, onChanged } = this.#options
    tally.inserted += inserted
    tally.lastSuccessAt = timers.now()
    const held = new Map<number, RejectedAs>()
    for (const [batch, { whole }] of leftOut) if (whole && !isForGood(whole)) held.set(batch, whole)
    this.#moveOver(request, held, ({ log }, batch) => {
      const left = leftOut.get(batch)
      if (left) tally.leftOut(log.source, left)
    })
    onChanged()
  }

  /** Moves the cursors, but for logs of which a batch is held back: those stay before it. */
  #moveOver(
    request: Request,
    held: ReadonlyMap<number, RejectedAs>,
    onBatch?: (followed: FollowedLog, batch: number) => void,
  ): void {
    const { logs, keeper, tally } = this.#options
    const moved = new Map<string, number>()
    const stopped = new Set<FollowedLog>()
    let batches = 0
    for (const { followed, end, batch } of request.entries) {
      const place = batch ? batches++ : null
      if (stopped.has(followed)) continue
      const reason = place === null ? undefined : held.get(place)
      if (reason) {
        stopped.add(followed)
        this.#notTaken(followed, reason, '', request)
        continue
      }
      logs.archived(followed, end)
      moved.set(followed.log.core, followed.cursor)
      if (place !== null) onBatch?.(followed, place)
      tally.sent += batch?.events ?? 0
    }
    keeper.move(moved)
  }

  #notTakenAlone(request: Request, { message, ...answered }: NotTaken): void {
    const error = answered.kind === 'content' ? answered.error : answered.kind
    const [followed] = request.logs
    if (followed) return this.#notTaken(followed, error, message, request)
    this.#recordsProblem = whyNot(error, message)
    this.#options.say('error', `The archive does not take the team’s records. ${this.#recordsProblem}`)
  }

  /** Holds a log back, or sends it once more with the team's records. */
  #notTaken(followed: FollowedLog, error: NotTakenAs, message: string, request: Request): void {
    const { logs, onChanged } = this.#options
    logs.notArchived()
    const isUnknown = error === 'unknown_source'
    if (isUnknown && !followed.hasAsked && request.records.length === 0) {
      followed.hasAsked = true
      this.areRecordsDue = true
      return
    }
    const why = this.#recordsProblem ?? whyNot(error, message)
    logs.holdBack(followed, `The archive does not take the log of ${followed.log.source}. ${why}`, () => {
      this.areRecordsDue ||= isUnknown
    })
    onChanged()
  }
}

type NotTakenAs = RejectedAs | 'too_large'

/** The archive's own words, else what its error means: sentences. */
function whyNot(error: NotTakenAs, message: string): string {
  return message === '' ? WHY[error] : `It says: “${message}”`
}

const WHY: Record<NotTakenAs, string> = {
  unknown_source: 'Its device is no member of the team there, by the records that the archive has.',
  invalid_signature: 'It is not what its device signed.',
  invalid_request: 'It holds no batch.',
  invalid_event: 'It holds an event that is none.',
  invalid_event_type: 'It holds an event of an unknown type.',
  source_mismatch: 'Its source is another device’s there.',
  too_old: 'It is too old.',
  too_new: 'It is too far ahead.',
  too_large: 'A single batch is too large for it.',
  other: 'The reason is one that this version does not know.',
}

/** Whether what the archive says of a batch will not change, so that the log goes on after it. */
function isForGood(reason: RejectedAs): boolean {
  return reason === 'invalid_signature' || reason === 'invalid_request'
}

/** The parts of a request by log, where there are batches of several; logs of which it holds no batch are among them. */
function byLog(request: Request): Request[] {
  if (request.logs.size < 2) return []
  const logs = new Set(request.entries.map(({ followed }) => followed))
  return [...logs].map((followed) => request.remaining(followed))
}
