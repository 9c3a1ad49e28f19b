import type { PersonId, Script } from './script.ts'
import { invitations, whistle } from './sessions/ada.ts'
import { biscuits, expiry } from './sessions/bruno.ts'
import { lid, teapot } from './sessions/chiyo.ts'
import { descaling, latecomers } from './sessions/dana.ts'

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
}

export const PEOPLE: readonly Person[] = [
  { id: 'ada', name: 'Ada', machine: 'samovar', code: 'code', hours: [8, 16] },
  { id: 'bruno', name: 'Bruno', machine: 'moka', code: 'src', hours: [10, 18] },
  { id: 'chiyo', name: 'Chiyo', machine: 'tetsubin', code: 'projects', hours: [12, 21] },
  { id: 'dana', name: 'Dana', machine: 'teacosy', code: 'work', hours: [9, 17] },
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
