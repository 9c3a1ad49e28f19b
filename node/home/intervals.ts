/** A time from `from` on and before `to`, in ms since 1970; `to` is Infinity while it lasts. */
export interface Interval {
  from: number
  to: number
}

/** Sorted, disjoint intervals with one more in them; those that touch become one. Empty ones change nothing. */
export function withInterval(intervals: readonly Interval[], { from, to }: Interval): readonly Interval[] {
  if (!(from < to)) return intervals
  const apart = intervals.filter((other) => other.to < from || other.from > to)
  const touching = intervals.filter((other) => other.to >= from && other.from <= to)
  const merged = {
    from: Math.min(from, ...touching.map((other) => other.from)),
    to: Math.max(to, ...touching.map((other) => other.to)),
  }
  return [...apart, merged].sort((a, b) => a.from - b.from)
}

/** Whether a time lies in one of some sorted, disjoint intervals. */
export function contains(intervals: readonly Interval[], at: number): boolean {
  let low = 0
  let high = intervals.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (intervals[middle]!.to <= at) low = middle + 1
    else high = middle
  }
  return low < intervals.length && intervals[low]!.from <= at
}
