import type { Interval } from './intervals.ts'
import { withInterval } from './intervals.ts'

/**
 * What an ignore file in a directory kept out: of what happened from `from` on and before `to` (ms since 1970; Infinity
 * while it lies there) all that the patterns match, everything where they are ''.
 */
export interface Ignoring extends Interval {
  patterns: string
}

export type Ignorings = ReadonlyMap<string, readonly Ignoring[]>

/** The ignoring that lasts in a directory. */
export const lasting = (all: Ignorings, directory: string): Ignoring | undefined =>
  all.get(directory)?.find(({ to }) => to === Infinity)

/**
 * From now on a directory's file keeps out what `patterns` match, as it has since `from`; null: there is none. What
 * another one kept out until then is kept out for good, to `until`. The same value where that changes nothing.
 */
export function withIgnoring(
  all: Ignorings,
  directory: string,
  now: Omit<Ignoring, 'to'> | null,
  until: number,
): Ignorings {
  const before = lasting(all, directory)
  if (!now && !before) return all
  const isSame = now?.patterns === before?.patterns
  if (isSame && before!.from <= now!.from) return all
  let next: readonly Ignoring[] = (all.get(directory) ?? []).filter((other) => other !== before)
  // Clocks are set back at times; then the times between count as well.
  const [from, to] = [Math.min(before?.from ?? until, until), Math.max(before?.from ?? until, until)]
  if (before && !isSame) next = added(next, { from, to, patterns: before.patterns })
  if (now) next = added(next, { ...now, to: Infinity })
  const changed = new Map(all)
  changed.delete(directory)
  return next.length > 0 ? changed.set(directory, next) : changed
}

/** Those of the same patterns that touch become one. */
function added(all: readonly Ignoring[], one: Ignoring): readonly Ignoring[] {
  const { patterns } = one
  const same = withInterval(
    all.filter((other) => other.patterns === patterns),
    one,
  )
  const others = all.filter((other) => other.patterns !== patterns)
  return [...others, ...same.map(({ from, to }) => ({ from, to, patterns }))].sort((a, b) => a.from - b.from)
}
