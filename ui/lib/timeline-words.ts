import type { Meeting } from '../../core/api.ts'
import { ASSISTANT_NAMES, stateWord } from './describe.ts'
import { nameList } from './name-list.ts'
import type { Bar, Span } from './timeline.ts'
import { fileName } from './same-file.ts'
import { duration, plural } from './time.ts'
import { plain } from './text.ts'

/** How times are written in one zone. */
export interface ZoneTimes {
  /** `06:15`. */
  time: (ms: number) => string
  /** `Fri, 20 Nov`. */
  date: (ms: number) => string
}

export function timesIn(timeZone: string): ZoneTimes {
  const time = new Intl.DateTimeFormat(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone,
  })
  const date = new Intl.DateTimeFormat(undefined, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    timeZone,
  })
  return { time: (ms) => time.format(ms), date: (ms) => date.format(ms) }
}

export const projectName = ({ row }: Pick<Bar, 'row'>): string => plain(row.project)

/** `invite.ts with Bruno Lima`, at the bar of a session of `source`. */
export function meetingWords(meeting: Meeting, source: string, nameOf: (source: string) => string): string {
  const others = new Set(meeting.sessions.map((session) => session.source))
  others.delete(source)
  const who = [...others].map(nameOf).sort((a, b) => a.localeCompare(b))
  if (!who.length) return `${fileName(meeting)} in ${plural(meeting.sessions.length, 'session')} at a time`
  return `${fileName(meeting)} with ${nameList(who, Infinity)}`
}

/** From when to when a session went on, as far as it is shown: `07:02–08:20, 08:55–now`. */
export function spanWords({ pieces, row }: Bar, now: number, { time }: ZoneTimes): string {
  return pieces
    .map(({ from, to }, i) => {
      const goesOn = i === pieces.length - 1 && row.state === 'active' && now - to < 5 * 60_000
      return `${time(from)}–${goesOn ? 'now' : time(to)}`
    })
    .join(', ')
}

/** How it stands: `active`, `needs an answer for 12 min`, `idle for 9 min`, `ended`. */
export function standing({ row }: Bar, now: number): string {
  const since = row.needsSince ?? (row.state === 'inactive' ? row.lastEventAt : null)
  return stateWord(row) + (since === null ? '' : ` for ${duration(now - Date.parse(since))}`)
}

export function errorWords({ errors }: Bar, { time }: ZoneTimes): string {
  const all = errors.reduce((sum, { count }) => sum + count, 0)
  if (!all) return ''
  return `${plural(all, 'error')}: ${errors.map(({ at }) => time(at)).join(', ')}`
}

/** All that a bar shows, in words, in the order in which it matters. */
export function barWords(
  bar: Bar,
  {
    person,
    now,
    times,
    nameOf,
  }: { person: string; now: number; times: ZoneTimes; nameOf: (source: string) => string },
): string {
  const { row, meetings } = bar
  return [
    `${projectName(bar)}, ${ASSISTANT_NAMES[row.assistant]}, ${row.handle}${person && `, ${person}`}`,
    bar.pieces.length ? spanWords(bar, now, times) : '',
    standing(bar, now),
    plural(bar.events, 'event'),
    errorWords(bar, times),
    ...meetings.map((meeting) => `same file: ${meetingWords(meeting, row.source, nameOf)}`),
  ]
    .filter(Boolean)
    .join('; ')
}

/** `05:40–09:40`, with the days where it is not today. */
export function rangeWords({ from, to }: Span, now: number, { time, date }: ZoneTimes): string {
  const isToday = date(from) === date(now) && date(to) === date(now)
  if (isToday) return `${time(from)}–${time(to)}`
  const end = date(from) === date(to) ? time(to) : `${date(to)} ${time(to)}`
  return `${date(from)} ${time(from)}–${end}`
}
