import type { Meeting } from '../../core/api.ts'
import { compare } from '../../core/buckets.ts'
import type { Database } from '../sqlite.ts'
import type { Edit } from './edits.ts'
import { EDITING_MS, editsIn, keyOf, meets, overlapOf } from './edits.ts'

/** When sessions met in a file, from `from` to `to` (ms), the latest first. `self` is the source of this machine. */
export async function meetingsIn(db: Database, self: string, from: number, to: number): Promise<Meeting[]> {
  // One that began before goes on while edits follow each other.
  const files = await editsIn(db, from - EDITING_MS, to + EDITING_MS)
  return files
    .flatMap((file) => meetingsOf(file, self))
    .filter((meeting) => Date.parse(meeting.from) < to && Date.parse(meeting.to) >= from)
    .sort((a, b) => compare(b.to, a.to) || compare(a.fileTag, b.fileTag))
}

/** Of one file's edits, the earliest first: those that meet, and with them those that these meet. */
function meetingsOf(edits: readonly Edit[], self: string): Meeting[] {
  const found: { from: number; to: number; last: Map<string, Edit> }[] = []
  const last = new Map<string, Edit>()
  for (const edit of edits) {
    const met = [...last.values()].filter((earlier) => meets(edit, earlier, self))
    last.set(keyOf(edit), edit)
    if (met.length === 0) continue
    const from = Math.min(...met.map(({ at }) => at))
    let meeting = found.at(-1)
    if (!meeting || from > meeting.to) found.push((meeting = { from, to: edit.at, last: new Map() }))
    meeting.from = Math.min(meeting.from, from)
    meeting.to = edit.at
    for (const one of [...met, edit]) meeting.last.set(keyOf(one), one)
  }
  return found.map(({ from, to, last }) => ({
    ...overlapOf(last.values(), self),
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
  }))
}
