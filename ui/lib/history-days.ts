import type { EventRow } from '../../core/api.ts'
import { dayBegin } from './time-spans.ts'

/** The name of a day. */
interface DayLine {
  isDay: true
  /** When it begins, ms since 1970. */
  at: number
}

/** A line of the history: a day's name, or a row of it. */
export type HistoryLine = DayLine | EventRow

export const isDay = (line: HistoryLine): line is DayLine => 'isDay' in line

/** Rows, newest first, with the name of each day above its first; days begin `dayStart` hours after midnight. */
export function linesOf(rows: readonly EventRow[], dayStart: number): HistoryLine[] {
  const lines: HistoryLine[] = []
  let begin = Infinity
  for (const row of rows) {
    const at = Date.parse(row.timestamp)
    if (at < begin) {
      begin = dayBegin(at, dayStart)
      lines.push({ isDay: true, at: begin })
    }
    lines.push(row)
  }
  return lines
}

const nameFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' })

/** `Friday 20 November`, as this browser writes it. */
export const dayName = (ms: number): string => nameFormat.format(ms)

/** What tells a line from all others. */
export const lineKey = (line: HistoryLine): string =>
  isDay(line) ? `day ${line.at}` : `${line.source} ${line.id}`

/** When a line was, ms since 1970. */
export const lineTime = (line: HistoryLine): number => (isDay(line) ? line.at : Date.parse(line.timestamp))
