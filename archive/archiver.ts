import type { ArchiveStatus } from '../core/api.ts'
import { equalBytes } from '../core/bytes.ts'
import { VibeTeaError } from '../core/errors.ts'
import type { Timers } from '../core/timers.ts'
import { Alarm } from './alarm.ts'
import type { RejectedAs } from './answer.ts'
import type { IngestPlace } from './call.ts'
import { CursorKeeper } from './cursor-keeper.ts'
import { FollowedLog } from './followed-log.ts'
import type { ArchiveCursors, ArchivedLog, ArchivedTeam, SignedBlock } from './port.ts'
import { quoted } from './problem.ts'
import { recordParts, Request } from './request.ts'
import { Tally } from './tally.ts'
import { Tries, type Answered } from './tries.ts'

export interface ArchiverOptions {
  team: ArchivedTeam
  cursors: ArchiveCursors
  place: IngestPlace
  fetch: typeof fetch
  timers: Timers
  /** From 0 to 1. */
  random: () => number
  /** A call that is not full goes so long after the last one. */
  intervalMs: number
  /** Quick tries of a call before they become rarer. */
  retryLimit: number
  say: (level: 'info' | 'warning' | 'error', sentence: string) => void
  /** What `status()` says has changed. */
  onChanged: () => void
  /** For what must not happen; nothing is archived any more then. */
  onError: (error: unknown) => void
}

/** New blocks are looked at so often, so that one does not read them one by one. */
const LOOK_MS = 1000
/** When a node stops, so much time goes to what was not sent. */
const CLOSE_MS = 10_000
/** After which it is not waited for whatever does not end. */
const ENDING_MS = 1000

/**
 * Follows every log of a team into its archive. Logs take turns, so that a long one does not hold up the others, and a
 * cursor moves only over what the archive has answered for: whatever fails, nothing is lost.
 */
export class Archiver {
  readonly #options: ArchiverOptions
  readonly #alarm = new Alarm()
  readonly #end = new AbortController()
  readonly #tally: Tally
  readonly #tries: Tries
  readonly #keeper: CursorKeeper
  readonly #drains = new Set<{ resolve: () => void; reject: (error: Error) => void }>()
  /** By core. */
  #cursors = new Map<string, number>()
  #followed: FollowedLog[] = []
  #turn = 0
  #next = new Request()
  #mustReadAgain = false
  #hasChanged = true
  #records: readonly Uint8Array[] = []
  #areRecordsDue = false
  /** Why the archive does not take the team's records; null where it does. */
  #recordsProblem: string | null = null
  #isTime = true
  #waits = 0
  #stopInterval: (() => void) | null = null
  #stopLook: (() => void) | null = null
  #stopTeam: (() => void) | null = null
  #isClosing = false
  #running: Promise<void> | null = null

  constructor(options: ArchiverOptions) {
    const { cursors, timers, say } = options
    this.#options = options
    this.#tally = new Tally(say)
    this.#keeper = new CursorKeeper(cursors, timers, say)
    this.#tries = new Tries({ ...options, onFailed: (problem, isLast) => isLast && this.#fail(problem) })
  }

  /** Loads the cursors, then follows every log. Rejects where they cannot be loaded. */
  async start(): Promise<void> {
    const { cursors, team, onError } = this.#options
    this.#cursors = new Map(await cursors.load())
    if (this.#isClosing) return
    this.#stopTeam = team.onChange(() => {
      this.#hasChanged = true
      this.#alarm.ring()
    })
    this.#running = this.#run()
      .catch(onError)
      .finally(() => {
        this.#isClosing = true
        this.#fail(new VibeTeaError('archive_stopped', 'The archiver stopped.'))
        this.#stopFollowing()
      })
  }

  /** How the archive stands now. */
  status(): ArchiveStatus {
    const { place, team } = this.#options
    const { sent, inserted, rejected, lastSuccessAt } = this.#tally
    const held = this.#followed.flatMap(({ log, problem }) =>
      problem ? [{ source: log.source, problem }] : [],
    )
    return {
      ...this.#tries.status,
      url: place.url,
      behind: team.logs().reduce((sum, log) => sum + this.#behind(log), 0),
      sent,
      inserted,
      rejected,
      lastSuccessAt: lastSuccessAt === null ? null : new Date(lastSuccessAt).toISOString(),
      held,
    }
  }

  /**
   * Sends all that is here without waiting for the interval. Resolves when nothing is left but logs that the archive
   * does not take; rejects with a VibeTeaError where it does not take calls, after the quick tries.
   */
  drain(signal?: AbortSignal): Promise<void> {
    const { postponed } = this.#tries
    if (postponed) return Promise.reject(postponed)
    if (this.#isClosing) return Promise.reject(new VibeTeaError('archive_stopped', 'The archiver stopped.'))
    return new Promise<void>((resolve, reject) => {
      const drain = { resolve: () => settle(resolve), reject: (error: Error) => settle(() => reject(error)) }
      const settle = (then: () => void) => {
        this.#drains.delete(drain)
        signal?.removeEventListener('abort', abort)
        then()
      }
      const abort = () => drain.reject(signal!.reason as Error)
      if (signal?.aborted) return abort()
      signal?.addEventListener('abort', abort, { once: true })
      this.#drains.add(drain)
      this.#tries.hurry()
      this.#alarm.ring()
    })
  }

  /** Stops following, sends what is left for at most 10 s, without waiting where that fails, and ends what is under way. */
  async close(): Promise<void> {
    const { timers } = this.#options
    this.#isClosing = true
    this.#tries.finish()
    this.#alarm.ring()
    const stops: (() => void)[] = []
    const late = new Promise<void>((resolve) => {
      stops.push(timers.after(CLOSE_MS, () => this.#end.abort()))
      stops.push(timers.after(CLOSE_MS + ENDING_MS, resolve))
    })
    await Promise.race([this.#running, late])
    for (const stop of stops) stop()
    this.#end.abort()
    await this.#keeper.close()
  }

  async #run(): Promise<void> {
    const { signal } = this.#end
    while (!signal.aborted) {
      if (this.#hasChanged) this.#adopt()
      if (this.#mustReadAgain) this.#readAgain()
      const drains = [...this.#drains]
      await this.#fill(this.#next)
      if (this.#next.batches === 0) this.#skip()
      if (this.#hasChanged) continue
      if (this.#next.batches > 0 && this.#isDue()) {
        const request = this.#next
        this.#next = new Request()
        const sending = this.#sendWithRecords(request)
        // The next is read while this one is under way.
        const [isThrough] = await Promise.all([sending, this.#fill(this.#next)])
        if (!isThrough) break
        this.#startInterval()
      } else if (this.#isClosing) {
        break
      } else if (drains.length > 0) {
        await this.#keeper.settled()
        for (const drain of drains) drain.resolve()
      } else {
        await this.#alarm.wait()
      }
    }
  }

  #behind({ core, floor, length }: ArchivedLog): number {
    return Math.max(0, length - Math.max(this.#cursors.get(core) ?? 0, floor))
  }

  #isDue(): boolean {
    return (
      this.#next.isFull || this.#isTime || this.#isClosing || this.#areRecordsDue || this.#drains.size > 0
    )
  }

  #startInterval(): void {
    const { timers, random, intervalMs } = this.#options
    this.#stopInterval?.()
    this.#isTime = false
    // Two archivers that were started together do not go on together.
    const ms = this.#waits++ === 0 ? Math.round(intervalMs * (0.5 + random() / 2)) : intervalMs
    this.#stopInterval = timers.after(ms, () => {
      this.#isTime = true
      this.#alarm.ring()
    })
  }

  #look(): void {
    if (this.#stopLook || this.#isClosing) return
    this.#stopLook = this.#options.timers.after(LOOK_MS, () => {
      this.#stopLook = null
      this.#alarm.ring()
    })
  }

  #stopFollowing(): void {
    this.#stopTeam?.()
    this.#stopInterval?.()
    this.#stopLook?.()
    for (const followed of this.#followed) followed.stop()
  }

  #fail(problem: VibeTeaError): void {
    for (const drain of this.#drains) drain.reject(problem)
  }

  /** Takes over which logs, certificates and records there are. */
  #adopt(): void {
    const { team, timers } = this.#options
    this.#hasChanged = false
    const records = team.records()
    const areNew =
      records.length !== this.#records.length ||
      records.some((each, i) => !equalBytes(each, this.#records[i]!))
    if (areNew) {
      this.#records = records.slice()
      this.#areRecordsDue = records.length > 0
    }
    const before = new Map(this.#followed.map((followed) => [followed.log.core, followed]))
    const after = new Map<string, FollowedLog>()
    for (const log of team.logs()) {
      const known = before.get(log.core)
      const isSame = known?.log === log
      const cursor = this.#cursors.get(log.core) ?? 0
      const followed = isSame ? known : new FollowedLog(log, cursor, timers, () => this.#look())
      if (after.has(log.core)) continue
      after.set(log.core, followed)
      if (isSame) before.delete(log.core)
      const bytes = team.certificateOf(log)
      const certificate = bytes && Buffer.from(bytes).toString('base64')
      if (areNew || certificate !== followed.certificate) followed.release()
      if (certificate !== followed.certificate || log.length < followed.next) this.#mustReadAgain = true
      followed.certificate = certificate
    }
    for (const followed of before.values()) {
      followed.stop()
      this.#mustReadAgain = true
    }
    this.#followed = [...after.values()]
    this.#options.onChanged()
  }

  #readAgain(): void {
    this.#mustReadAgain = false
    this.#next = new Request()
    for (const followed of this.#followed) followed.reset()
  }

  /** Fills a request, in turns, until it is full or there is no more. */
  async #fill(request: Request): Promise<void> {
    while (!request.isFull && !this.#end.signal.aborted) {
      const followed = this.#nextInTurn()
      if (!followed) return
      const blocks = await this.#read(followed)
      const left = blocks.findIndex((block) => !request.add(followed, block))
      if (left < 0) continue
      followed.putBack(blocks.slice(left))
      this.#turn = this.#followed.indexOf(followed)
    }
  }

  /** What cannot be read here holds up nothing else. */
  async #read(followed: FollowedLog): Promise<SignedBlock[]> {
    try {
      return await followed.read()
    } catch (error) {
      const why = quoted(error instanceof Error ? error.message : String(error))
      this.#holdBack(followed, `The log of ${followed.log.source} cannot be read here: ${why}.`, false)
      return []
    }
  }

  #nextInTurn(): FollowedLog | null {
    const { length } = this.#followed
    for (let i = 0; i < length; i++) {
      const place = (this.#turn + i) % length
      if (!this.#followed[place]!.hasMore) continue
      this.#turn = place + 1
      return this.#followed[place]!
    }
    return null
  }

  /** Passes over blocks that hold no batch, where nothing else waits to be sent. */
  #skip(): void {
    if (this.#next.entries.length === 0) return
    this.#archived(this.#next, new Map())
    this.#next = new Request()
  }

  /** Sends a request, and the team's records where the archive may not have them. False: it did not get through. */
  async #sendWithRecords(request: Request): Promise<boolean> {
    if (!this.#areRecordsDue) return this.#send(request)
    this.#areRecordsDue = false
    this.#recordsProblem = null
    const parts = recordParts(this.#records)
    const whole = request.with(parts.at(-1) ?? [])
    for (const part of whole ? parts.slice(0, -1) : parts) {
      if (!(await this.#send(new Request(part)))) return false
    }
    return this.#send(whole ?? request)
  }

  async #send(given: Request): Promise<boolean> {
    const request = given.remaining()
    if (request.batches === 0 && request.records.length === 0) return true
    const answered = await this.#tries.send(request, this.#end.signal)
    if (!answered) return false
    if (answered.kind === 'taken') this.#taken(request, answered.taken)
    else {
      const parts = answered.kind === 'too_large' ? request.halves() : byLog(request)
      if (parts.length === 0) this.#refused(request, answered)
      for (const part of parts) if (!(await this.#send(part))) return false
    }
    return true
  }

  #taken(request: Request, { inserted, leftOut }: Extract<Answered, { kind: 'taken' }>['taken']): void {
    const { timers, onChanged } = this.#options
    this.#tally.inserted += inserted
    this.#tally.lastSuccessAt = timers.now()
    const held = new Map<number, RejectedAs>()
    for (const [batch, { whole }] of leftOut) if (whole && !isPassedOver(whole)) held.set(batch, whole)
    this.#archived(request, held, (followed, batch) => {
      const left = leftOut.get(batch)
      if (left) this.#tally.leftOut(followed.log.source, left)
    })
    onChanged()
  }

  /** Moves the cursors over a request, but for logs of which a batch is held: those stay before it. */
  #archived(
    request: Request,
    held: ReadonlyMap<number, RejectedAs>,
    onBatch?: (followed: FollowedLog, batch: number) => void,
  ): void {
    const moved = new Map<string, number>()
    const stopped = new Set<FollowedLog>()
    let place = 0
    for (const { followed, end, batch } of request.entries) {
      const at = batch ? place++ : null
      if (stopped.has(followed)) continue
      const reason = at === null ? undefined : held.get(at)
      if (reason) {
        stopped.add(followed)
        this.#notTaken(followed, reason, '', request)
        continue
      }
      const { problem } = followed
      followed.archived(end)
      if (problem) this.#options.say('info', `The archive takes the log of ${followed.log.source} again.`)
      moved.set(followed.log.core, followed.cursor)
      this.#cursors.set(followed.log.core, followed.cursor)
      if (at !== null) onBatch?.(followed, at)
      this.#tally.sent += batch?.events ?? 0
    }
    this.#keeper.move(moved)
  }

  /** What stands alone in a call, and was not taken. */
  #refused(request: Request, { message, ...answered }: Exclude<Answered, { kind: 'taken' }>): void {
    const error = answered.kind === 'content' ? answered.error : answered.kind
    const [followed] = request.logs
    if (followed) return this.#notTaken(followed, error, message, request)
    this.#recordsProblem = message || error
    this.#options.say('error', `The archive does not take the team’s records: ${this.#recordsProblem}`)
  }

  /** Leaves a log alone for a while, or sends it once more with the team's records. */
  #notTaken(followed: FollowedLog, error: string, message: string, request: Request): void {
    const { source } = followed.log
    this.#mustReadAgain = true
    const isUnknown = error === 'unknown_source'
    if (isUnknown && !followed.hasAsked && request.records.length === 0) {
      followed.hasAsked = true
      this.#areRecordsDue = true
      return
    }
    const why = this.#recordsProblem ?? (message || quoted(error))
    const problem = `The archive does not take the log of ${source}: ${why}`
    this.#holdBack(followed, problem, isUnknown)
  }

  #holdBack(followed: FollowedLog, problem: string, areRecordsDue: boolean): void {
    const { say, onChanged } = this.#options
    const isNews = followed.holdBack(problem, () => {
      this.#areRecordsDue ||= areRecordsDue
      this.#alarm.ring()
    })
    if (isNews) say('warning', problem)
    onChanged()
  }
}

/** Whether what the archive says of a batch holds for good, so that the log goes on after it. */
function isPassedOver(reason: RejectedAs): boolean {
  return reason === 'invalid_signature' || reason === 'invalid_request'
}

/** The parts of a request by log, where there are several. */
function byLog(request: Request): Request[] {
  const { logs } = request
  return logs.size < 2 ? [] : [...logs].map((followed) => request.remaining(followed))
}
