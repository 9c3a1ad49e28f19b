import type { Meeting, TimelineSession } from '../../core/api.ts'
import { BUCKET_MS, compare, type LocalHour } from '../../core/buckets.ts'
import { SESSION_GAP_MS } from '../../core/lifecycle.ts'
import { keyOf } from './sessions.svelte.ts'

/** Times in ms since 1970. */
export interface Span {
  from: number
  to: number
}

export const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/** How many hours are shown at a time. */
export const HOURS = [1, 4, 12, 24] as const
export type Hours = (typeof HOURS)[number]
const DEFAULT_HOURS: Hours = 4

/** What of the timeline is shown, as its address says. */
export interface View {
  hours: Hours
  /** Where it ends; null: with now, and moves on with it. */
  to: number | null
  isUtc: boolean
  asTable: boolean
  hidesEmpty: boolean
}

/** Reads an address; what makes no sense, or is still to come at `now` (ms), is as by default. */
export function readView(params: URLSearchParams, now = Infinity): View {
  const to = Date.parse(params.get('to') ?? '')
  return {
    hours: HOURS.find((hours) => String(hours) === params.get('hours')) ?? DEFAULT_HOURS,
    to: to > 24 * HOUR_MS && to <= now ? to : null,
    isUtc: params.get('zone') === 'utc',
    asTable: params.get('view') === 'table',
    hidesEmpty: params.get('lanes') === 'busy',
  }
}

/** The view as an address holds it; `readView` gives the same again. */
export function writeView({ hours, to, isUtc, asTable, hidesEmpty }: View): URLSearchParams {
  return new URLSearchParams({
    ...(hours !== DEFAULT_HOURS && { hours: String(hours) }),
    ...(to !== null && { to: new Date(to).toISOString() }),
    ...(isUtc && { zone: 'utc' }),
    ...(asTable && { view: 'table' }),
    ...(hidesEmpty && { lanes: 'busy' }),
  })
}

/** The view moved by hours, to a whole minute; one that would reach past `now` (ms) follows it. */
export function moved(view: View, hours: number, now: number): View {
  const to = Math.floor((view.to ?? now) / MINUTE_MS) * MINUTE_MS + hours * HOUR_MS
  return { ...view, to: to > now - MINUTE_MS ? null : to }
}

/** The time that is shown. One that follows moves on by the pixel, not by the second. */
export function spanOf({ hours, to }: Pick<View, 'hours' | 'to'>, now: number): Span {
  const grain = hours * 3000
  const end = to ?? Math.floor(now / grain) * grain
  return { from: end - hours * HOUR_MS, to: end }
}

/** What the node is asked for: whole steps, and before them as much as tells whether a session went on there. */
export interface Asked extends Span {
  stepMs: number
}

export function askedFor({ hours, to }: Pick<View, 'hours' | 'to'>, now: number): Asked {
  const stepMs = hours === 1 ? MINUTE_MS : 5 * MINUTE_MS
  const end = (Math.ceil((to ?? now) / stepMs) + (to === null ? 2 : 0)) * stepMs
  return { from: end - hours * HOUR_MS - SESSION_GAP_MS - 3 * stepMs, to: end, stepMs }
}

/** A mark on the axis of time. */
export interface Tick {
  at: number
  /** Where a day begins. */
  isDay: boolean
}

const TICK_HOURS: Record<Hours, number> = { 1: 1, 4: 1, 12: 2, 24: 3 }

/** Marks at whole hours of a zone, which `toLocal` tells; at quarters where an hour is shown. Days begin at `dayStart`. */
export function ticksOf(
  { from, to }: Span,
  hours: Hours,
  toLocal: (ms: number) => LocalHour,
  dayStart: number,
): Tick[] {
  const ticks: Tick[] = []
  for (let at = Math.ceil(from / BUCKET_MS) * BUCKET_MS; at <= to; at += BUCKET_MS) {
    const { hour } = toLocal(at)
    const isHour = toLocal(at - BUCKET_MS).hour !== hour
    const isDay = isHour && hour === dayStart
    if (isDay || hours === 1 || (isHour && hour % TICK_HOURS[hours] === 0)) ticks.push({ at, isDay })
  }
  return ticks
}

/** A stretch of time in which a session went on without a gap that ends one. */
export type Piece = Span

/** A session as it is drawn; all within the time that is shown. */
export interface Bar extends Span {
  key: string
  row: TimelineSession
  pieces: Piece[]
  /** Silence since its last event, while it has not ended. */
  tail: Span | null
  /** Errors; those that would be drawn over each other are one. */
  errors: { at: number; count: number }[]
  meetings: Meeting[]
  /** Events in the time. */
  events: number
}

const inside = ({ from, to }: Span, ms: number): number => Math.min(to, Math.max(from, ms))
const ms = (time: string): number => Date.parse(time)

/** When a session went on: steps with events, those together between which it did not end. */
export function piecesOf({ density, startedAt, lastEventAt }: TimelineSession): Piece[] {
  const { stepMs, counts } = density
  const start = ms(density.from)
  const pieces: Piece[] = []
  for (const [i, count] of counts.entries()) {
    if (count === 0) continue
    const from = start + i * stepMs
    const last = pieces.at(-1)
    if (last && from - last.to < SESSION_GAP_MS) last.to = from + stepMs
    else pieces.push({ from, to: from + stepMs })
  }
  return pieces.map(({ from, to }) => {
    const begin = Math.max(from, Math.min(ms(startedAt), to))
    return { from: begin, to: Math.max(begin, Math.min(to, ms(lastEventAt))) }
  })
}

/** The bar of a session as it stands at `now` (ms); null where there is nothing of it to show. */
export function barOf(
  row: TimelineSession,
  meetings: readonly Meeting[],
  span: Span,
  now: number,
): Bar | null {
  const shown = piecesOf(row)
  const lastAt = ms(row.lastEventAt)
  const isNow = span.to > now - (span.to - span.from) / 100
  const last = shown.at(-1)
  // What it did since its steps were counted.
  if (last && lastAt > last.to && lastAt - last.to < SESSION_GAP_MS) last.to = lastAt
  if (isNow && last && row.state === 'active') last.to = Math.max(last.to, now)
  const pieces = shown
    .filter(({ from, to }) => from <= span.to && to >= span.from)
    .map(({ from, to }) => ({ from: inside(span, from), to: inside(span, to) }))
  const isIdle = row.state === 'inactive' || row.state === 'waiting'
  const isSilent = span.to - lastAt > (span.to - span.from) / 200
  const tail = isNow && isIdle && isSilent ? { from: inside(span, lastAt), to: span.to } : null
  if (!pieces.length && !tail) return null
  const { stepMs, counts } = row.density
  const first = ms(row.density.from)
  return {
    key: keyOf(row),
    row,
    from: Math.min(...pieces.map(({ from }) => from), tail?.from ?? Infinity),
    to: Math.max(...pieces.map(({ to }) => to), tail?.to ?? -Infinity),
    pieces,
    tail,
    errors: together(
      row.errors.map(ms).filter((at) => at >= span.from && at <= span.to),
      span,
    ),
    meetings: meetings
      .filter(({ from, to, sessions }) => {
        const isIn = sessions.some((session) => keyOf(session) === keyOf(row))
        return isIn && ms(from) <= span.to && ms(to) >= span.from
      })
      .sort((a, b) => ms(a.from) - ms(b.from)),
    events: counts.reduce((sum, count, i) => {
      const at = first + i * stepMs
      return at + stepMs > span.from && at < span.to ? sum + count : sum
    }, 0),
  }
}

/** Bars of sessions, each worked out anew only where something of it can have changed: most have ended. */
export class Bars {
  readonly #ended = new WeakMap<
    TimelineSession,
    { bar: Bar | null; span: Span; meetings: readonly Meeting[] }
  >()

  /** As `barOf`; the same bar as before where it is the same. */
  of(row: TimelineSession, meetings: readonly Meeting[], span: Span, now: number): Bar | null {
    if (row.state !== 'ended') return barOf(row, meetings, span, now)
    const known = this.#ended.get(row)
    const isSame = known?.meetings === meetings && known.span.from === span.from && known.span.to === span.to
    if (isSame) return known.bar
    const bar = barOf(row, meetings, span, now)
    this.#ended.set(row, { bar, span, meetings })
    return bar
  }
}

/** As close as two marks may stand: a hundredth of what is shown. */
function together(times: readonly number[], { from, to }: Span): Bar['errors'] {
  const close = (to - from) / 100
  const marks: Bar['errors'] = []
  for (const at of times) {
    const last = marks.at(-1)
    if (last && at - last.at < close) last.count++
    else marks.push({ at, count: 1 })
  }
  return marks
}

/** Bars under each other where they would overlap; those that follow each other share a line. `least` is the room of one, ms. */
export function tracksOf(bars: readonly Bar[], least: number): Bar[][] {
  const tracks: Bar[][] = []
  const ends: number[] = []
  const inTime = [...bars].sort((a, b) => a.from - b.from || b.to - a.to || compare(a.key, b.key))
  for (const bar of inTime) {
    const free = ends.findIndex((end) => end <= bar.from)
    const track = free < 0 ? tracks.push([]) - 1 : free
    tracks[track]!.push(bar)
    ends[track] = Math.max(bar.to, bar.from + least) + least / 8
  }
  return tracks
}

/** How many steps of brightness there are. */
const STRIPES = 4
/** So many events a minute are bright in every session, however quiet the rest of it was. */
const BRIGHT_PER_MINUTE = 4

/** A session's busier minutes, as shapes of `STRIPES` strengths: seconds from its first step on, by 1. */
export function stripesOf({ stepMs, counts }: TimelineSession['density']): string[] {
  const most = Math.max(...counts, (BRIGHT_PER_MINUTE * stepMs) / MINUTE_MS)
  const seconds = stepMs / 1000
  const paths = Array<string>(STRIPES).fill('')
  for (const [i, count] of counts.entries()) {
    if (count === 0) continue
    const level = Math.ceil((Math.log1p(count) / Math.log1p(most)) * STRIPES)
    paths[level - 1] = `${paths[level - 1]!}M${i * seconds} 0h${seconds}v1h-${seconds}z`
  }
  return paths
}
