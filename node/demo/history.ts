import type { Person } from './people.ts'
import type { Script, Turn } from './script.ts'
import { transcriptLength } from './transcript.ts'

/** A session that was over before the demo began. */
export interface PastSession {
  script: Script
  turns: readonly Turn[]
  /** ms since 1970. */
  startedAt: number
  /** How much slower it went than it is written. */
  stretch: number
}

/** What happened is over for so long that no session of it goes on. */
const OVER_MS = 45 * 60_000
const HOUR_MS = 3_600_000
const SESSIONS_A_DAY = 3

export interface HistoryOptions {
  person: Person
  scripts: readonly Script[]
  /** ms since 1970. */
  now: number
  days: number
  /** From 0 to 1, without 1. */
  random: () => number
}

/** What a person did on so many days, today the last of them: some sessions in the hours of each working day, by the local clock. */
export function historyOf({ person, scripts, now, days, random }: HistoryOptions): PastSession[] {
  const own = scripts.filter(({ who }) => who === person.id)
  const [from, to] = person.hours
  const sessions: PastSession[] = []
  for (let daysAgo = days - 1; daysAgo >= 0; daysAgo--) {
    const morning = new Date(now)
    morning.setHours(from, 0, 0, 0)
    morning.setDate(morning.getDate() - daysAgo)
    const isWeekend = morning.getDay() % 6 === 0
    const count = isWeekend ? Math.floor(random() * 2) : SESSIONS_A_DAY
    for (let i = 0; i < count; i++) {
      const startedAt = morning.getTime() + ((i + random()) / count) * (to - from) * HOUR_MS
      const script = own[Math.floor(random() * own.length)]!
      const first = Math.floor(random() * script.turns.length)
      const turns = script.turns.slice(first, first + 1 + Math.floor(random() * 3))
      const stretch = 9 + random() * 15
      const lastsMs = transcriptLength(turns) * stretch * 1000
      if (startedAt + lastsMs < now - OVER_MS) sessions.push({ script, turns, startedAt, stretch })
    }
  }
  return sessions
}
