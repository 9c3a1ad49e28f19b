import type { SessionRow } from '../../core/api.ts'
import type { Teammate } from './people.svelte.ts'

/** Who works on what, put together for the panel of that name. */

/**
 * Lines in all, with those of names and those that say of somebody that there is more: more than that nobody reads at a
 * glance.
 */
export const MAX_LINES = 60
/** Of them for what waits for an answer. */
const MAX_ASKING = 20
/** People whose cup is empty, as many as need no scrolling through. */
const MAX_IDLE = 12
/** Their name, and that their cup is empty. */
const IDLE_LINES = 2

/** Somebody with sessions. */
export interface Brewer {
  source: string
  /** null for one of whom only sessions are known. */
  person: Teammate | null
  /** Those that need no answer, in their order, as many as have room. */
  sessions: SessionRow[]
  /** How many more there are. */
  more: number
}

export interface Brewing {
  /** What waits for an answer, longest first. */
  asking: SessionRow[]
  moreAsking: number
  /** As the people stand; those of whom only sessions are known at the end. */
  brewers: Brewer[]
  /** Those who could have sessions and have none, as many as have room. */
  idle: Teammate[]
  /** How many more people there are, with sessions or without. */
  morePeople: number
}

/** Groups sessions, which come in the order in which they are shown, by person. Nobody stands by how much they did. */
export function brewing(rows: readonly SessionRow[], people: readonly Teammate[]): Brewing {
  const asking = rows.filter(({ needs }) => needs === 'answer')
  const bySource = new Map<string, SessionRow[]>()
  for (const row of rows) {
    if (row.needs === 'answer') continue
    const known = bySource.get(row.source)
    if (known) known.push(row)
    else bySource.set(row.source, [row])
  }
  const busy = new Set(rows.map(({ source }) => source))
  const known = new Set(people.map(({ source }) => source))
  const strangers = [...bySource.keys()].filter((source) => !known.has(source)).sort()
  const all = [
    ...people.map((person) => ({ source: person.source, person })),
    ...strangers.map((source) => ({ source, person: null })),
  ].flatMap((who) => {
    const sessions = bySource.get(who.source)
    return sessions ? [{ ...who, sessions }] : []
  })

  const isCrowd = new Set([...known, ...busy]).size > 1
  const linesOf = (sessions: number, share: number): number =>
    Number(isCrowd) + Math.min(sessions, share) + Number(sessions > share)
  let room = MAX_LINES - Math.min(asking.length, MAX_ASKING)

  // Everybody comes before anybody's second session.
  const fitting: typeof all = []
  for (const who of all) {
    const lines = linesOf(who.sessions.length, 1)
    if (lines > room) break
    fitting.push(who)
    room -= lines
  }
  const empty = people.filter(({ source }) => !busy.has(source))
  const isFull = fitting.length < all.length
  const idle = isFull ? [] : empty.slice(0, Math.min(MAX_IDLE, Math.floor(room / IDLE_LINES)))
  room -= idle.length * IDLE_LINES

  const needed = (share: number): number =>
    fitting.reduce((sum, { sessions }) => sum + linesOf(sessions.length, share), 0)
  const forSessions = room + needed(1)
  let share = 1
  while (share < MAX_LINES && needed(share + 1) <= forSessions) share++
  return {
    asking: asking.slice(0, MAX_ASKING),
    moreAsking: Math.max(0, asking.length - MAX_ASKING),
    brewers: fitting.map(({ sessions, ...who }) => {
      return { ...who, sessions: sessions.slice(0, share), more: Math.max(0, sessions.length - share) }
    }),
    idle,
    morePeople: all.length - fitting.length + empty.length - idle.length,
  }
}
