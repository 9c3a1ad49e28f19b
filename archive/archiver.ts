import type { ArchiveStatus } from '../core/api.ts'
import { VibeTeaError } from '../core/errors.ts'
import type { Timers } from '../core/timers.ts'
import { Alarm } from './alarm.ts'
import type { IngestPlace } from './call.ts'
import { CursorKeeper } from './cursor-keeper.ts'
import { Delivery } from './delivery.ts'
import { Drains } from './drains.ts'
import { Logs } from './logs.ts'
import { Pace } from './pace.ts'
import type { ArchiveCursors, ArchivedTeam } from './port.ts'
import { Request } from './request.ts'
import type { Say } from './say.ts'
import { Tally } from './tally.ts'
import { Tries } from './tries.ts'

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
  /** Quick tries of a call, from 1, before they become rarer. */
  retryLimit: number
  say: Say
  /** What `status()` says has changed. */
  onChanged: () => void
  /** For what must not happen; nothing is archived any more then. */
  onError: (error: unknown) => void
}

/** When a node stops, so much time goes to what was not sent. */
const CLOSE_MS = 10_000
/** What does not end then, as a file that cannot be read, is not waited for any longer. */
const ENDING_MS = 1000

/**
 * Follows every log of a team into its archive. Logs take turns, so that a long one does not hold up the others, and a
 * cursor moves only over what the archive has answered for: whatever fails, nothing is lost.
 */
export class Archiver {
  readonly #options: ArchiverOptions
  readonly #alarm = new Alarm()
  readonly #end = new AbortController()
  readonly #drains = new Drains()
  readonly #pace: Pace
  readonly #logs: Logs
  readonly #tally: Tally
  readonly #keeper: CursorKeeper
  readonly #tries: Tries
  readonly #delivery: Delivery
  /** What is sent next. */
  #next = new Request()
  #hasChanged = true
  #stopTeam: (() => void) | null = null
  #isClosing = false
  #running: Promise<void> | null = null

  constructor(options: ArchiverOptions) {
    const { cursors, timers, say } = options
    const wake = () => this.#alarm.ring()
    this.#options = options
    this.#pace = new Pace({ ...options, onDue: wake })
    this.#logs = new Logs({ ...options, onMore: () => this.#pace.lookSoon(), onRelease: wake })
    this.#tally = new Tally(say)
    this.#keeper = new CursorKeeper(cursors, timers, say)
    this.#tries = new Tries({ ...options, onStuck: (problem) => this.#drains.reject(problem) })
    this.#delivery = new Delivery({
      ...options,
      tries: this.#tries,
      logs: this.#logs,
      keeper: this.#keeper,
      tally: this.#tally,
      signal: this.#end.signal,
    })
  }

  /** Loads the cursors, then follows every log. Rejects where they cannot be loaded. */
  async start(): Promise<void> {
    const { cursors, team, onError } = this.#options
    this.#logs.load(await cursors.load())
    if (this.#isClosing) return
    this.#stopTeam = team.onChange(() => {
      this.#hasChanged = true
      this.#alarm.ring()
    })
    this.#running = this.#run()
      .catch(onError)
      .finally(() => this.#stop())
  }

  /** How the archive stands now. */
  status(): ArchiveStatus {
    const { sent, inserted, rejected, lastSuccessAt } = this.#tally
    return {
      ...this.#tries.status,
      url: this.#options.place.url,
      behind: this.#logs.behind,
      sent,
      inserted,
      rejected,
      lastSuccessAt: lastSuccessAt === null ? null : new Date(lastSuccessAt).toISOString(),
      held: this.#logs.held,
    }
  }

  /**
   * Sends all that is here without waiting for the interval. Resolves when nothing is left but logs that the archive
   * does not take; rejects with a VibeTeaError where it takes no calls, after the quick tries, or with `signal`'s reason.
   */
  async drain(signal?: AbortSignal): Promise<void> {
    const { postponed } = this.#tries
    if (postponed) throw postponed
    if (this.#isClosing) throw stopped()
    const drained = this.#drains.wait(signal)
    this.#tries.hurry()
    this.#alarm.ring()
    await drained
  }

  /** Sends what is left for at most 10 s, without waiting where that fails, and ends what is under way then. */
  async close(): Promise<void> {
    const { timers } = this.#options
    this.#isClosing = true
    this.#tries.finish()
    this.#alarm.ring()
    const callOff: (() => void)[] = []
    const late = new Promise<void>((resolve) => {
      callOff.push(timers.after(CLOSE_MS, () => this.#end.abort()))
      callOff.push(timers.after(CLOSE_MS + ENDING_MS, resolve))
    })
    await Promise.race([this.#running, late])
    for (const each of callOff) each()
    this.#end.abort()
    this.#stop()
    await this.#keeper.close()
  }

  async #run(): Promise<void> {
    const { signal } = this.#end
    while (!signal.aborted) {
      this.#adopt()
      const drains = this.#drains.all
      await this.#logs.fill(this.#next, signal)
      if (this.#next.batches === 0) this.#delivery.skip(this.#take())
      else if (this.#isDue()) {
        if (!(await this.#send(this.#take()))) break
        continue
      }
      if (this.#isClosing) break
      if (drains.length === 0) await this.#alarm.wait()
      else await this.#keeper.settled()
      for (const drain of drains) drain.resolve()
    }
  }

  /** Takes over what has changed in the team. */
  #adopt(): void {
    if (this.#hasChanged) {
      this.#hasChanged = false
      if (this.#logs.adopt()) this.#delivery.areRecordsDue = true
      this.#options.onChanged()
    }
    if (this.#logs.readAgain()) this.#next = new Request()
  }

  #isDue(): boolean {
    const isHurried = this.#isClosing || this.#delivery.areRecordsDue || this.#drains.all.length > 0
    return isHurried || this.#next.isFull || this.#pace.isTime
  }

  #take(): Request {
    const request = this.#next
    this.#next = new Request()
    return request
  }

  async #send(request: Request): Promise<boolean> {
    // The next is read while this one is under way.
    const filling = this.#logs.fill(this.#next, this.#end.signal)
    const [isThrough] = await Promise.all([this.#delivery.send(request), filling])
    this.#pace.called()
    return isThrough
  }

  #stop(): void {
    this.#isClosing = true
    this.#stopTeam?.()
    this.#pace.stop()
    this.#logs.stop()
    this.#drains.reject(stopped())
  }
}

function stopped(): VibeTeaError {
  return new VibeTeaError('archive_stopped', 'The archiver was stopped before everything was archived.')
}
