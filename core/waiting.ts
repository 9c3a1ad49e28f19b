import type { Event, WaitingReason } from './events.ts'

/** `answer`: a permission or a question is open. `review`: the turn is over. */
export type Needs = 'answer' | 'review'

/** What a person is needed for. */
export const NEEDS: Readonly<Record<WaitingReason, Needs | null>> = {
  permission: 'answer',
  question: 'answer',
  turn: 'review',
  unknown: null,
}

/** Whether a person is asked something, and the session goes on only with an answer. */
export function asks(reason: WaitingReason | null): boolean {
  return reason !== null && NEEDS[reason] === 'answer'
}

/** What an event waits for; null where it does not wait. */
export function waitOf(event: Event): WaitingReason | null {
  return event.eventType === 'activity' && event.payload.kind === 'waiting' ? event.payload.reason : null
}

/** Of waits at one time the later in this list counts. `unknown` takes a wait back: nobody can answer any more. */
const ORDER: readonly (WaitingReason | null)[] = [null, 'turn', 'permission', 'question', 'unknown']

/** Of what two events of one time wait for, that which counts, whichever comes first. */
export function strongerWait(a: WaitingReason | null, b: WaitingReason | null): WaitingReason | null {
  return ORDER.indexOf(a) < ORDER.indexOf(b) ? b : a
}
