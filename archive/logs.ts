import type { ArchiveStatus } from '../core/api.ts'
import { equalBytes } from '../core/bytes.ts'
import { quoted } from '../core/printable.ts'
import type { Timers } from '../core/timers.ts'
import { FollowedLog } from './followed-log.ts'
import type { ArchivedTeam, SignedBlock } from './port.ts'
import type { Request } from './request.ts'
import type { Say } from './say.ts'

export interface LogsOptions {
  team: ArchivedTeam
  timers: Timers
  say: Say
  /** There is more to read. */
  onMore: () => void
  /** A log that was left alone may be tried again. */
  onRelease: () => void
}

/** The logs of a team and how far each has come; they take turns. */
export class Logs {
  readonly #options: LogsOptions
  /** By core, of all logs that ever were. */
  #cursors = new Map<string, number>()
  #followed: FollowedLog[] = []
  /** Whose turn is next. */
  #turn = 0
  #records: readonly Uint8Array[] = []
  #mustReadAgain = false

  constructor(options: LogsOptions) {
    this.#options = options
  }

  /** The team's records. */
  get records(): readonly Uint8Array[] {
    return this.#records
  }

  /** Blocks that are here and not in the archive. */
  get behind(): number {
    const behind = this.#options.team
      .logs()
      .map(({ core, floor, length }) => length - Math.max(this.#cursors.get(core) ?? 0, floor))
    return behind.reduce((sum, blocks) => sum + Math.max(0, blocks), 0)
  }

  /** Logs that are left alone, and why. */
  get held(): ArchiveStatus['held'] {
    return this.#followed.flatMap(({ log, problem }) => (problem ? [{ source: log.source, problem }] : []))
  }

  load(cursors: ReadonlyMap<string, number>): void {
    this.#cursors = new Map(cursors)
  }

  /** Takes over which logs, certificates and records there are. Answers whether records are new. */
  adopt(): boolean {
    const { team } = this.#options
    const records = team.records()
    const areNew = !areSame(records, this.#records)
    this.#records = records.slice()
    const before = new Map(this.#followed.map((followed) => [followed.log, followed]))
    const after = new Map<string, FollowedLog>()
    for (const log of team.logs()) {
      if (after.has(log.core)) continue
      const followed = before.get(log) ?? this.#follow(log)
      before.delete(log)
      after.set(log.core, followed)
      const bytes = team.certificateOf(log)
      const isChanged = followed.certify(bytes && Buffer.from(bytes).toString('base64'))
      if (isChanged || areNew) followed.release()
      if (isChanged || log.length < followed.next) this.#mustReadAgain = true
    }
    for (const followed of before.values()) {
      followed.stop()
      this.#mustReadAgain = true
    }
    this.#followed = [...after.values()]
    return areNew
  }

  /** Whether what was read and is not sent has to be read anew; if so, it will be. */
  readAgain(): boolean {
    if (!this.#mustReadAgain) return false
    this.#mustReadAgain = false
    for (const followed of this.#followed) followed.reset()
    return true
  }

  /** Fills a request, in turns, until it is full or there is no more. */
  async fill(request: Request, signal: AbortSignal): Promise<void> {
    while (!request.isFull && !signal.aborted) {
      const followed = this.#nextInTurn()
      if (!followed) return
      const blocks = await this.#read(followed)
      const left = blocks.findIndex((block) => !request.add(followed, block))
      if (left < 0) continue
      followed.putBack(blocks.slice(left))
      this.#turn = this.#followed.indexOf(followed)
    }
  }

  /** Blocks of a log before `end` are archived, or left out for good. */
  archived(followed: FollowedLog, end: number): void {
    const { log, problem } = followed
    followed.archived(end)
    this.#cursors.set(log.core, followed.cursor)
    if (problem) this.#options.say('info', `The log of ${log.source} is archived again.`)
  }

  /** What was read of a log counts as not sent; it is read again. */
  notArchived(): void {
    this.#mustReadAgain = true
  }

  /** Leaves a log alone for a while; `onOver` is called when it may be tried again. */
  holdBack(followed: FollowedLog, problem: string, onOver = () => {}): void {
    const isNews = followed.holdBack(problem, () => {
      onOver()
      this.#options.onRelease()
    })
    if (isNews) this.#options.say('warning', problem)
  }

  stop(): void {
    for (const followed of this.#followed) followed.stop()
  }

  #follow(log: FollowedLog['log']): FollowedLog {
    const { timers, onMore } = this.#options
    return new FollowedLog(log, this.#cursors.get(log.core) ?? 0, timers, onMore)
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

  /** What cannot be read holds up nothing else. */
  async #read(followed: FollowedLog): Promise<SignedBlock[]> {
    try {
      return await followed.read()
    } catch (error) {
      const why = quoted(error instanceof Error ? error.message : String(error))
      this.holdBack(followed, `The log of ${followed.log.source} cannot be read here: ${why}.`)
      return []
    }
  }
}

function areSame(records: readonly Uint8Array[], others: readonly Uint8Array[]): boolean {
  return records.length === others.length && records.every((each, i) => equalBytes(each, others[i]!))
}
