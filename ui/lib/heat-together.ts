import { dayOf } from '../../core/buckets.ts'

/** Who did something on fewer days has no usual hours yet. */
const MIN_DAYS = 3
const MIN_PEOPLE = 2

export interface TogetherOptions {
  /** Events by source, then `<date> <hour>`. */
  counts: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** Whose a source is: one's machines count as one. */
  personOf: (source: string) => string
  /** The days that count, `2026-11-20`; each begins `dayStart` hours after midnight. */
  dates: readonly string[]
  dayStart: number
}

/**
 * How many people usually work at each hour of the day, 0–23; 0 where it is fewer than two. Somebody usually works at
 * an hour if they did on at least half of the days on which they worked at all. It says how many, never who.
 */
export function workingTogether({ counts, personOf, dates, dayStart }: TogetherOptions): number[] {
  const shown = new Set(dates)
  /** By person, then by day: the hours that have events. */
  const people = new Map<string, Map<string, Set<number>>>()
  for (const [source, cells] of counts) {
    const person = personOf(source)
    const days = people.get(person) ?? new Map<string, Set<number>>()
    people.set(person, days)
    for (const [key, count] of cells) {
      const [date = '', hour = ''] = key.split(' ')
      const day = dayOf({ date, hour: Number(hour) }, dayStart)
      if (count <= 0 || !shown.has(day)) continue
      days.set(day, (days.get(day) ?? new Set()).add(Number(hour)))
    }
  }
  const usual = [...people.values()].filter((days) => days.size >= MIN_DAYS)
  return Array.from({ length: 24 }, (_, hour) => {
    const workers = usual.filter((days) => {
      const worked = [...days.values()].filter((hours) => hours.has(hour)).length
      return worked * 2 >= days.size
    })
    return workers.length >= MIN_PEOPLE ? workers.length : 0
  })
}
