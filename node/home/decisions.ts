import { VibeTeaError } from '../../core/errors.ts'
import { partsOf } from '../../core/project-key.ts'
import type { Sharing } from '../../core/rule.ts'
import { withInterval } from './intervals.ts'
import type { Decision, SharingState } from './sharing-file.ts'

/** What becomes of the decisions about projects. Keys are `name` or `name~tag`, times ms since 1970. */

/** From `since` on the project is what is decided at `at`; what it was excluded for until then stays out. */
export function decided(
  state: SharingState,
  key: string,
  { sharing, since }: Decision,
  at = since,
): SharingState {
  const { project: name, projectTag } = partsOf(key)
  if (
    projectTag !== undefined &&
    sharing !== 'excluded' &&
    state.decisions.get(name)?.sharing === 'excluded'
  ) {
    throw new VibeTeaError(
      'excluded_by_name',
      `Every project named ${name} is excluded, ${key} too.`,
      `Use "vibetea private ${name}" first, then exclude the others by their tags.`,
    )
  }
  const before = state.decisions.get(key)
  if (before?.sharing === sharing && before.since <= since) return state
  const next = { ...state, decisions: new Map(state.decisions).set(key, { sharing, since }) }
  return before?.sharing === 'excluded' && sharing !== 'excluded'
    ? withExclusion(next, key, before.since, at)
    : next
}

/** How strict each is, where two decisions are of one moment. */
const STRICTNESS: Record<Sharing, number> = { shared: 0, private: 1, excluded: 2 }

/**
 * Two keys mean one project: for both the later decision holds, and whatever either was excluded for. The state itself
 * where that is so already.
 */
export function merged(state: SharingState, a: string, b: string): SharingState {
  const { decisions, exclusions } = state
  const [first, second] = [decisions.get(a), decisions.get(b)]
  const [last, earlier] = !first || (second && isLater(second, first)) ? [second, first] : [first, second]
  let next = state
  for (const [key, other] of [
    [a, b],
    [b, a],
  ] as const) {
    if (last && !isSame(decisions.get(key), last))
      next = { ...next, decisions: new Map(next.decisions).set(key, last) }
    for (const { from, to } of exclusions.get(other) ?? []) next = withExclusion(next, key, from, to)
    if (last && earlier?.sharing === 'excluded' && last.sharing !== 'excluded')
      next = withExclusion(next, key, earlier.since, last.since)
  }
  return next
}

function isLater(a: Decision, b: Decision): boolean {
  return a.since === b.since ? STRICTNESS[a.sharing] > STRICTNESS[b.sharing] : a.since > b.since
}

function isSame(a: Decision | undefined, b: Decision): boolean {
  return a?.sharing === b.sharing && a.since === b.since
}

/** Clocks are set back at times; then the times between were excluded as well. */
function withExclusion(state: SharingState, key: string, one: number, other: number): SharingState {
  const [from, to] = [Math.min(one, other), Math.max(one, other)]
  const before = state.exclusions.get(key) ?? []
  if (from === to || before.some((interval) => interval.from <= from && to <= interval.to)) return state
  const intervals = withInterval(before, { from, to })
  return { ...state, exclusions: new Map(state.exclusions).set(key, intervals) }
}
