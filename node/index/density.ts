/** Events of a session per step of five minutes; the last four hours before its last event. */
export const STEP_MS = 5 * 60_000
const MAX_STEPS = 48

/** `counts[i]` belongs to the step `first + i`; steps are counted from 1970. The last one is the last event's. */
export interface Density {
  first: number
  counts: number[]
}

/** Counts an event at `at` (ms) in, or out again. A function of the set of events alone, whatever their order. */
export function countStep(density: Density, at: number, sign: 1 | -1): void {
  const step = Math.floor(at / STEP_MS)
  const { counts } = density
  if (counts.length === 0 || step - density.first >= counts.length - 1 + MAX_STEPS) {
    density.first = step
    counts.length = 0
  }
  for (; density.first > step; density.first--) {
    if (counts.length >= MAX_STEPS) return
    counts.unshift(0)
  }
  while (counts.length <= step - density.first) counts.push(0)
  const beyond = counts.length - MAX_STEPS
  if (beyond > 0) {
    counts.splice(0, beyond)
    density.first += beyond
  }
  counts[step - density.first]! += sign
}

/** Without the empty steps before its first event. */
export function trimmed({ first, counts }: Density): Density {
  const empty = counts.findIndex((count) => count > 0)
  return empty > 0 ? { first: first + empty, counts: counts.slice(empty) } : { first, counts }
}
