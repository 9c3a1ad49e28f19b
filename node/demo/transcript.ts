import type { Step, Turn } from './script.ts'
import { turnLength } from './script.ts'

/** What is written of a play, whichever assistant writes it. */

/** What a process of Claude Code says it is doing. */
export type ProcessStatus = 'busy' | 'waiting' | 'idle'

/** Something that is written at a time, in seconds after the session begins. */
export type Entry = { atS: number } & (
  | {
      kind: 'line'
      /** The subagent whose file it goes to; null for the session's own. */
      agentId: string | null
      /** Values that are `NOW` become the time of writing. */
      record: Readonly<Record<string, unknown>>
    }
  | { kind: 'process'; status: ProcessStatus }
)

/** Stands in a record for the time at which it is written. */
export const NOW = '@now'

export interface TranscriptOptions {
  sessionId: string
  title: string
  model: string
  branch: string
  /** Absolute. */
  cwd: string
  /** The absolute path of a file of the repository. */
  pathOf: (file: string) => string
  /** As many random hexadecimal digits. */
  hex: (digits: number) => string
}

/** Writes plays down as an assistant does. */
export interface Transcript {
  readonly entries: Entry[]
  /** Adds a step of a turn that begins at `startS`. */
  add(step: Step, startS: number): void
}

const BETWEEN_TURNS_S = 20

/** The entries of some turns that follow each other as one session, in order. */
export function entriesOf(turns: readonly Turn[], transcript: Transcript): Entry[] {
  let startS = 0
  for (const turn of turns) {
    for (const step of turn) transcript.add(step, startS)
    startS += turnLength(turn) + BETWEEN_TURNS_S
  }
  return transcript.entries.sort((a, b) => a.atS - b.atS)
}

/** How long some turns take that follow each other, in seconds. */
export function transcriptLength(turns: readonly Turn[]): number {
  return turns.reduce((sum, turn) => sum + turnLength(turn) + BETWEEN_TURNS_S, 0)
}

/** A random UUID (RFC 9562, version 4). */
export function uuidFrom(hex: (digits: number) => string): string {
  return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`
}
