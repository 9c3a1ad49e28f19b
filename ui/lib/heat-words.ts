import type { HeatCell, HeatGrid } from './heat.ts'
import { count as written, dayLabel, plural, twoDigits } from './time.ts'

/** How the hours of the heat map are written of. */

const HOUR_MS = 3_600_000

/** `14 Fri, 08:00–09:00`. */
export const whenWords = ({ date, hour }: Pick<HeatCell, 'date' | 'hour'>): string =>
  `${dayLabel(date)}, ${twoDigits(hour)}:00–${twoDigits((hour + 1) % 24)}:00`

/** What is known of an hour: `82 events`. */
export function whatWords({ count, isFuture, gap, span }: HeatCell): string {
  if (!span) return 'no such hour, clocks went forward'
  if (isFuture) return 'still to come'
  const unknown = gap && (gap === 'paused' ? 'recording was paused' : 'not all data is here')
  if (unknown && !count) return unknown
  const twice = span.to - span.from > HOUR_MS ? ', clocks went back' : ''
  return `${plural(count, 'event')}${unknown ? `, ${unknown}` : ''}${twice}`
}

/** What stands in the table for an hour, and how it is read out. */
export function numberOf(cell: HeatCell): { shown: string; read: string } {
  const { count, isFuture, gap, span } = cell
  if (!span || isFuture) return { shown: '', read: whatWords(cell) }
  if (gap && !count) return { shown: '–', read: whatWords(cell) }
  return { shown: written(count), read: '' }
}

export interface LevelRange {
  level: number
  /** Events an hour: `4–9`. */
  words: string
}

/** What the colours of a grid stand for, weak to strong; a colour that no hour has is left out. */
export function rangesOf({ days }: HeatGrid): LevelRange[] {
  const lowest = new Map<number, number>()
  const highest = new Map<number, number>()
  for (const { level, count } of days.flatMap(({ cells }) => cells)) {
    if (!level) continue
    lowest.set(level, Math.min(lowest.get(level) ?? count, count))
    highest.set(level, Math.max(highest.get(level) ?? count, count))
  }
  const levels = [...lowest.keys()].sort((a, b) => a - b)
  return levels.map((level, i) => {
    const from = lowest.get(level)!
    const next = levels[i + 1]
    const to = next === undefined ? highest.get(level)! : lowest.get(next)! - 1
    return { level, words: from === to ? written(from) : `${written(from)}–${written(to)}` }
  })
}
