import type { Overlap } from '../../core/api.ts'
import { compare } from '../../core/buckets.ts'
import type { Database } from '../sqlite.ts'
import type { Edit } from './edits.ts'
import { EDITING_MS, editsIn, keyOf, meets, overlapOf } from './edits.ts'

/**
 * Files at which sessions meet at `now` (ms since 1970), the latest first. `self` is the source of this machine. Two
 * sessions meet where each edits the file within ten minutes of the other, and are shown until the later of the two
 * edits is ten minutes old: so nobody has less than that to see it, however far apart the two were. Sessions of one
 * teammate alone are that teammate's affair and not told.
 */
export async function overlapsAt(db: Database, self: string, now: number): Promise<Overlap[]> {
  const files = await editsIn(db, now - 2 * EDITING_MS)
  return files
    .flatMap((file) => overlapAt(file, self, now) ?? [])
    .sort((a, b) => compare(latest(b), latest(a)) || compare(a.fileTag, b.fileTag))
}

const latest = ({ sessions }: Overlap) => sessions[0]!.lastAt

/** What is shown of a file with these edits, the earliest first; null where nobody meets there. */
function overlapAt(edits: readonly Edit[], self: string, now: number): Overlap | null {
  const last = new Map<string, Edit>()
  const meeting = new Set<string>()
  for (const edit of edits) {
    const key = keyOf(edit)
    if (now - edit.at < EDITING_MS) {
      for (const [otherKey, other] of last) if (meets(edit, other, self)) meeting.add(key).add(otherKey)
    }
    last.set(key, edit)
  }
  if (meeting.size === 0) return null
  return overlapOf(
    [...last.values()].filter((edit) => meeting.has(keyOf(edit))),
    self,
  )
}
