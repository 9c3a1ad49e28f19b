import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Timers } from '../../core/timers.ts'
import type { PastSession } from './history.ts'
import { historyOf, longAgo } from './history.ts'
import { FLIGHT, PEOPLE, SCRIPTS, utcOffsetOf } from './people.ts'
import { makeRepository } from './repository.ts'
import type { Person } from './people.ts'
import type { PersonId, Script, Turn } from './script.ts'
import type { Place } from './session-files.ts'
import { SessionFiles } from './session-files.ts'
import type { Entry } from './transcript.ts'
import { transcriptLength } from './transcript.ts'

export interface ReplayOptions {
  /** A directory of the demo's own; each person gets a home below it. */
  directory: string
  timers: Timers
  /** Gives that many random bytes. */
  random: (bytes: number) => Uint8Array
  /** How much faster than it is written everything goes. */
  speed: number
  /** Days of history, today among them; 0 for none. */
  historyDays: number
  /** How far the visitor's clocks are ahead of UTC, minutes; the others' are in other zones. */
  utcOffset: number
  /** A session goes on, with the same turns again, until it has lasted for about this long. */
  sessionMs: number
  /** A process that lives as long as the replay does. */
  pid: number
  /** Is told when something cannot be written; the session that it belongs to stops there. */
  failed: (error: unknown) => void
}

/** Between the end of a session and the next of its kind. */
const BETWEEN_SESSIONS_S = 25
const MINUTE_MS = 60_000

/**
 * A team at work: writes session files as their assistants would, at their times, and when a session is over
 * begins another, so that there is always something to see.
 */
export class Replay {
  readonly #options: ReplayOptions
  /** How to call off what each session waits for. */
  readonly #waits = new Map<Script, () => void>()
  readonly #writing = new Set<Promise<void>>()
  #isStopped = false

  private constructor(options: ReplayOptions) {
    this.#options = options
  }

  /** Makes the homes, the clones of the repositories and the history. */
  static async prepare(options: ReplayOptions): Promise<Replay> {
    const replay = new Replay(options)
    await Promise.all(PEOPLE.map(({ id }) => replay.#settle(id)))
    return replay
  }

  /** A person's home. */
  homeOf(id: PersonId): string {
    return join(this.#options.directory, id)
  }

  /** The configuration directory of a person's Claude Code. */
  claudeOf(id: PersonId): string {
    return join(this.homeOf(id), '.claude')
  }

  /** Begins all sessions. What their head start has them behind already is written at once. */
  start(): void {
    SCRIPTS.forEach((script, number) => this.#track(this.#play(script, number)))
  }

  /** Stops; resolves when nothing is written any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const callOff of this.#waits.values()) callOff()
    await Promise.all(this.#writing)
  }

  #placeOf(id: PersonId): Place {
    const { code } = PEOPLE.find((person) => person.id === id)!
    return { home: this.homeOf(id), code: join(this.homeOf(id), code) }
  }

  async #settle(id: PersonId): Promise<void> {
    const { timers } = this.#options
    const person = PEOPLE.find((each) => each.id === id)!
    const place = this.#placeOf(id)
    for (const folder of ['.claude/projects', '.claude/sessions', '.codex/sessions', '.gemini/tmp']) {
      await mkdir(join(place.home, folder), { recursive: true })
    }
    const own = [...SCRIPTS, FLIGHT.script].filter(({ who }) => who === id)
    const repositories = new Set(own.map(({ repository }) => repository))
    for (const name of repositories) await makeRepository(join(place.code, name), name)
    for (const { script, sittings } of this.#pastOf(person, timers.now())) {
      const turns = sittings.flatMap((sitting) => sitting.turns)
      await this.#sessionOf(script, turns).writeAll(sittings)
    }
  }

  #pastOf(person: Person, now: number): PastSession[] {
    const { historyDays: days, utcOffset } = this.#options
    if (days === 0 || person.isReader) return []
    if (person.id === FLIGHT.script.who) return [longAgo(FLIGHT.script, FLIGHT, now)]
    const random = () => this.#fraction()
    const offset = utcOffsetOf(person, utcOffset)
    return historyOf({ person, scripts: SCRIPTS, utcOffset: offset, now, days, random })
  }

  /** Plays a script again and again, each time as a new session. `number` names its process. */
  async #play(script: Script, number: number): Promise<void> {
    const { timers, speed, pid, sessionMs } = this.#options
    const process = { number: number + 1, pid }
    const roundS = transcriptLength(script.turns)
    const rounds = Math.max(1, Math.round((sessionMs / 1000 / roundS) * speed))
    const turns = Array.from({ length: rounds }, () => script.turns).flat()
    // The first one has gone through its turns once already.
    let session = this.#sessionOf(script, [...script.turns, ...turns])
    let beforeS = roundS + script.headStartS
    const now = timers.now()
    const past = session.entries.filter(({ atS }) => atS <= beforeS)
    for (const entry of past) {
      const { from, until } = script.earlier
      const agoMs =
        entry.atS < roundS
          ? MINUTE_MS * (from - (entry.atS / roundS) * (from - until))
          : ((beforeS - entry.atS) * 1000) / speed
      await session.write(entry, now - agoMs, process)
    }
    let entries: readonly Entry[] = session.entries.slice(past.length)
    for (;;) {
      for (const entry of entries) {
        await this.#wait(script, ((entry.atS - beforeS) * 1000) / speed)
        if (this.#isStopped) return
        await session.write(entry, timers.now(), process)
        beforeS = entry.atS
      }
      await this.#wait(script, (BETWEEN_SESSIONS_S * 1000) / speed)
      session = this.#sessionOf(script, turns)
      entries = session.entries
      beforeS = 0
    }
  }

  #sessionOf(script: Script, turns: readonly Turn[]): SessionFiles {
    return new SessionFiles(this.#placeOf(script.who), script, turns, (digits) => this.#hex(digits))
  }

  /** Resolves after `ms`, or at once when the replay is stopped. */
  #wait(script: Script, ms: number): Promise<void> {
    if (ms <= 0 || this.#isStopped) return Promise.resolve()
    return new Promise((resolve) => {
      const callOff = this.#options.timers.after(ms, resolve)
      this.#waits.set(script, () => {
        callOff()
        resolve()
      })
    })
  }

  #track(playing: Promise<void>): void {
    const done = playing.catch(this.#options.failed).finally(() => this.#writing.delete(done))
    this.#writing.add(done)
  }

  #hex(digits: number): string {
    return Buffer.from(this.#options.random(Math.ceil(digits / 2)))
      .toString('hex')
      .slice(0, digits)
  }

  /** From 0 to 1, without 1. */
  #fraction(): number {
    return Buffer.from(this.#options.random(4)).readUInt32LE() / 2 ** 32
  }
}
