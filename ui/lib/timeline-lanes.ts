import { type Gap, isReached, type Meeting } from '../../core/api.ts'
import { compare } from '../../core/buckets.ts'
import type { Teammate } from './people.svelte.ts'
import { isMine } from './same-file.ts'
import { type Bar, type Span, tracksOf } from './timeline.ts'
import { meetingWords } from './timeline-words.ts'

/** What a lane is of: a person, or a project where one person is shown. */
export interface LaneOwner {
  key: string
  name: string
  /** One of eight. */
  colour: number
}

/** A time of which it is not known what went on. */
export interface Unknown extends Span {
  /** Why, in the middle of a sentence. */
  reason: string
}

export interface Lane extends LaneOwner {
  unknown: Unknown[]
  tracks: Track[]
}

/** Bars that stand in one line, and what is written under them. */
export interface Track {
  key: string
  bars: Bar[]
  notes: Note[]
  noteRows: number
}

/** A file in which others were too, under the bar that was in it. */
export interface Note {
  key: string
  words: string
  /** Whether one's own session is among those who met. */
  isMine: boolean
  /** px from the left, and how wide it may be. */
  left: number
  width: number
  row: number
}

/** Room of a bar that can be hit, px. */
const BAR_ROOM = 24
/** Until it is known how wide it is, px. */
const USUAL_WIDTH = 1000
const NOTE_ICON = 20
const LETTER = 6.5
const MAX_NOTE = 300
const NOTE_SPACE = 12
const NOTE_ROWS = 3

export interface LanesOptions {
  span: Span
  /** Of the time that is shown, px. */
  width: number
  /** Whose a bar is. */
  ownerOf: (bar: Bar) => LaneOwner
  nameOf: (source: string) => string
  /** By key of an owner. */
  unknownOf: (key: string) => Unknown[]
}

/** Lanes by name: those of `owners`, and of whoever has bars besides. */
export function lanesOf(
  owners: readonly LaneOwner[],
  bars: readonly Bar[],
  { span, width, ownerOf, nameOf, unknownOf }: LanesOptions,
): Lane[] {
  const found = new Map(owners.map((owner) => [owner.key, { owner, bars: [] as Bar[] }]))
  for (const bar of bars) {
    const owner = ownerOf(bar)
    const lane = found.get(owner.key)
    if (lane) lane.bars.push(bar)
    else found.set(owner.key, { owner, bars: [bar] })
  }
  const least = ((span.to - span.from) * BAR_ROOM) / (width || USUAL_WIDTH)
  return [...found.values()]
    .map(({ owner, bars }) => ({
      ...owner,
      unknown: unknownOf(owner.key),
      tracks: tracksOf(bars, least).map((track): Track => {
        const notes = notesOf(track, span, width, nameOf)
        const noteRows = Math.max(0, ...notes.map(({ row }) => row + 1))
        return { key: track[0]!.key, bars: track, notes, noteRows }
      }),
    }))
    .sort((a, b) => a.name.localeCompare(b.name) || compare(a.key, b.key))
}

/** What stands under the bars of a line, each where it happened; what does not fit is left to the bars' words. */
function notesOf(
  bars: readonly Bar[],
  span: Span,
  width: number,
  nameOf: (source: string) => string,
): Note[] {
  const place = ({ from }: Meeting) => ((Date.parse(from) - span.from) / (span.to - span.from)) * width
  const notes: Note[] = []
  for (const bar of bars) {
    const last = new Map<string, { note: Note; meeting: Meeting }>()
    for (const meeting of bar.meetings) {
      const before = last.get(meeting.fileTag)
      // Meetings in one file that follow each other closely are one note, of all who were there.
      const isOne = before && place(meeting) < before.note.left + before.note.width
      const all = isOne
        ? { ...before.meeting, sessions: [...before.meeting.sessions, ...meeting.sessions] }
        : meeting
      const words = meetingWords(all, bar.row.source, nameOf)
      const room = Math.min(width, MAX_NOTE, NOTE_ICON + words.length * LETTER)
      const note = {
        key: `${bar.key} ${all.fileTag} ${all.from}`,
        words,
        isMine: isMine(all),
        left: Math.max(0, Math.min(place(all), width - room)),
        width: room,
        row: 0,
      }
      if (isOne) notes[notes.indexOf(before.note)] = note
      else notes.push(note)
      last.set(meeting.fileTag, { note, meeting: all })
    }
  }
  return inRows(notes)
}

/** Notes under each other where they would overlap, and no more than have room. */
function inRows(notes: readonly Note[]): Note[] {
  const ends: number[] = []
  return [...notes]
    .sort((a, b) => a.left - b.left)
    .flatMap((note) => {
      const free = ends.findIndex((end) => end <= note.left)
      const row = free < 0 ? ends.length : free
      if (row >= NOTE_ROWS) return []
      ends[row] = note.left + note.width + NOTE_SPACE
      return [{ ...note, row }]
    })
}

const REASONS: Record<Gap['reason'], string> = {
  paused: 'recording was paused',
  missing: 'not all of it is here',
}

/** What is not known of somebody: what the node says, and what has been since they were last seen. */
export function unknownIn(
  span: Span,
  gaps: readonly Gap[],
  person: Pick<Teammate, 'isSelf' | 'connection' | 'lastSeen' | 'name'> | undefined,
): Unknown[] {
  const all = gaps.map(({ from, to, reason }) => ({
    from: Date.parse(from),
    to: Date.parse(to),
    reason: REASONS[reason],
  }))
  if (person?.lastSeen && !person.isSelf && !isReached(person)) {
    const reason = `${person.name} is not connected, and what they do comes when they are back`
    all.push({ from: Date.parse(person.lastSeen), to: span.to, reason })
  }
  const least = (span.to - span.from) / 100
  return all
    .map(({ from, to, reason }) => ({
      from: Math.max(from, span.from),
      to: Math.min(to, span.to),
      reason,
    }))
    .filter(({ from, to }) => to - from > least)
}

const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity } as const

/** Where a key leads from a bar: along its lane by time, or to the line above or below; null where it leads nowhere. */
export function stepFrom(lanes: readonly Lane[], key: string, pressed: string, isFar: boolean): Bar | null {
  const tracks = lanes.flatMap((lane) => lane.tracks.map((track) => ({ lane, bars: track.bars })))
  const at = tracks.findIndex(({ bars }) => bars.some((bar) => bar.key === key))
  const from = tracks[at]?.bars.find((bar) => bar.key === key)
  if (!from) return null
  if (pressed === 'ArrowUp' || pressed === 'ArrowDown') {
    return nearest(tracks[at + (pressed === 'ArrowUp' ? -1 : 1)]?.bars ?? [], from)
  }
  if (!(pressed in STEPS)) return null
  const all = isFar ? tracks.flatMap(({ bars }) => bars) : tracks[at]!.lane.tracks.flatMap(({ bars }) => bars)
  const inTime = isFar ? all : [...all].sort((a, b) => a.from - b.from || compare(a.key, b.key))
  const place = inTime.indexOf(from) + STEPS[pressed as keyof typeof STEPS]
  return inTime[Math.min(inTime.length - 1, Math.max(0, place))] ?? null
}

/** The bar of another line that is nearest in time. */
function nearest(bars: readonly Bar[], { from, to }: Span): Bar | null {
  const middle = (from + to) / 2
  const distance = (bar: Bar) => Math.max(bar.from - middle, middle - bar.to, 0)
  return [...bars].sort((a, b) => distance(a) - distance(b))[0] ?? null
}
