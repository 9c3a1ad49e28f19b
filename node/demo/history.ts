import type { Person } from './people.ts'
import type { Script, Turn } from './script.ts'
import { transcriptLength } from './transcript.ts'

/** Some turns of a session, one after the other. */
export interface Sitting {
  turns: readonly Turn[]
  /** ms since 1970. */
  startedAt: number
  /** How much slower it went than it is written. */
  stretch: number
}

/** A session that was over before the demo began: it was taken up again through a day. */
export interface PastSession {
  script: Script
  sittings: readonly Sitting[]
}

/** What happened is over for so long that no session of it goes on. */
const OVER_MS = 45 * 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SITTINGS_A_DAY = 3

export interface HistoryOptions {
  person: Person
  scripts: readonly Script[]
  /** How far the person's clocks are ahead of UTC, minutes. */
  utcOffset: number
  /** ms since 1970. */
  now: number
  days: number
  /** From 0 to 1, without 1. */
  random: () => number
}

/** What a person did on so many days, today the last of them: at something in the hours of each working day, local time. */
export function historyOf({ person, scripts, utcOffset, now, days, random }: HistoryOptions): PastSession[] {
  const own = scripts.filter(({ who }) => who === person.id)
  const [from, to] = person.hours
  const aheadMs = utcOffset * 60_000
  const sessions: PastSession[] = []
  for (let daysAgo = days - 1; daysAgo >= 0; daysAgo--) {
    const day = Math.floor((now + aheadMs) / DAY_MS) - daysAgo
    const morning = day * DAY_MS - aheadMs + from * HOUR_MS
    // 1 January 1970 was a Thursday.
    const isWeekend = (day + 4) % 7 === 0 || (day + 4) % 7 === 6
    const count = isWeekend ? Math.floor(random() * 2) : SITTINGS_A_DAY
    const script = own[Math.floor(random() * own.length)]!
    const sittings = Array.from({ length: count }, (_, i): Sitting => {
      const first = Math.floor(random() * script.turns.length)
      return {
        turns: script.turns.slice(first, first + 1 + Math.floor(random() * 3)),
        startedAt: morning + ((i + 0.4 * random()) / count) * (to - from) * HOUR_MS,
        stretch: 14 + 14 * random(),
      }
    })
    const over = sittings.filter((sitting) => endOf(sitting) < now - OVER_MS)
    if (over.length > 0) sessions.push({ script, sittings: over })
  }
  return sessions
}

/** A script from its beginning to its end, again and again, from one hour ago until another. */
export function longAgo(
  script: Script,
  { from, until }: { from: number; until: number },
  now: number,
): PastSession {
  const rounds = 3
  const lengthMs = transcriptLength(script.turns) * 1000
  const eachMs = ((from - until) * HOUR_MS) / rounds
  const sittings = Array.from({ length: rounds }, (_, i): Sitting => {
    return {
      turns: script.turns,
      startedAt: now - from * HOUR_MS + i * eachMs,
      stretch: (0.9 * eachMs) / lengthMs,
    }
  })
  return { script, sittings }
}

const endOf = ({ turns, startedAt, stretch }: Sitting): number =>
  startedAt + transcriptLength(turns) * stretch * 1000
