import type { SessionRow } from '../../core/api.ts'
import type { Teammate } from './people.svelte.ts'

/** Who works on what, put together for the panel of that name. */

/** Lines for sessions in all; more than that nobody reads at a glance. */
export const MAX_LINES = 60
/** Of them for what waits for an answer. */
const MAX_ASKING = 20
/** Nobody with sessions gets fewer while there is room. */
const LEAST_LINES = 3

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
  /** Those who could have sessions and have none. */
  idle: Teammate[]
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

  let room = MAX_LINES - Math.min(asking.length, MAX_ASKING)
  const total = all.reduce((sum, { sessions }) => sum + sessions.length, 0)
  const share = total <= room ? Infinity : Math.max(LEAST_LINES, Math.floor(room / all.length))
  const brewers = all.map(({ sessions, ...who }): Brewer => {
    const lines = Math.min(sessions.length, share, room)
    room -= lines
    return { ...who, sessions: sessions.slice(0, lines), more: sessions.length - lines }
  })
  return {
    asking: asking.slice(0, MAX_ASKING),
    moreAsking: Math.max(0, asking.length - MAX_ASKING),
    brewers,
    idle: people.filter(({ source }) => !busy.has(source)),
  }
}
