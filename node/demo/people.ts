import type { PersonId, Script } from './script.ts'
import { invitations, whistle } from './sessions/ada.ts'
import { biscuits, expiry } from './sessions/bruno.ts'
import { lid, teapot } from './sessions/chiyo.ts'
import { descaling, latecomers } from './sessions/dana.ts'
import { menu } from './sessions/emi.ts'

/** Somebody of the demo's team. */
export interface Person {
  id: PersonId
  /** What teammates see. */
  name: string
  /** The name of the machine, for the label of its events. */
  machine: string
  /** The folder in the home that holds the clones: everybody has another. */
  code: string
  /** Local hours in which the person works: from, to. */
  hours: readonly [number, number]
  /** How far their clocks are ahead of the visitor's, minutes. */
  aheadMinutes: number
  /** So long after the demo begins their nodes do, ms. */
  laterMs: number
  /** Only watches, with the key for that. */
  isReader: boolean
}

const person = (id: PersonId, name: string, machine: string, more: Partial<Person> = {}): Person => {
  const usual = { code: 'code', hours: [9, 17], aheadMinutes: 0, laterMs: 0, isReader: false } as const
  return { id, name, machine, ...usual, ...more }
}

export const PEOPLE: readonly Person[] = [
  person('ada', 'Ada', 'samovar', { hours: [8, 16], aheadMinutes: -60 }),
  person('bruno', 'Bruno', 'moka', { code: 'src', hours: [10, 18], aheadMinutes: -240 }),
  person('chiyo', 'Chiyo', 'tetsubin', { code: 'projects', hours: [11, 20], aheadMinutes: 270 }),
  person('dana', 'Dana', 'teacosy', { code: 'work' }),
  // Has worked on a plane, and landed.
  person('emi', 'Emi', 'cezve', { aheadMinutes: 120, laterMs: 12_000 }),
  person('finn', 'Finn', 'coaster', { laterMs: 3000, isReader: true }),
]

/** Whose dashboard the visitor sees. */
export const VISITOR: PersonId = 'dana'

/** What is played, all at once. */
export const SCRIPTS: readonly Script[] = [
  invitations,
  whistle,
  expiry,
  biscuits,
  lid,
  teapot,
  latecomers,
  descaling,
]

/** What Emi did on the plane: hours ago from, until. */
export const FLIGHT = { script: menu, from: 9, until: 2 } as const

/** No zone is further from UTC, minutes. */
const WEST = -12 * 60
const EAST = 14 * 60
const DAY = 24 * 60

/** How far a person's clocks are ahead of UTC, minutes, where the visitor's are `visitors` ahead. */
export function utcOffsetOf({ aheadMinutes }: Person, visitors: number): number {
  const offset = visitors + aheadMinutes
  if (offset > EAST) return offset - DAY
  return offset < WEST ? offset + DAY : offset
}
