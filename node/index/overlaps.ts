import type { Overlap } from '../../core/api.ts'
import { compare } from '../../core/buckets.ts'
import { handleOf } from '../../core/handle.ts'
import type { Database } from '../sqlite.ts'
import { typeNumber } from './rows.ts'

/** Two edits of one file meet within this time; and that they met is shown until the later one is this old. */
export const EDITING_MS = 10 * 60_000

/** The latest edits that are looked at: of a team of fifty, one every three seconds by each. */
const MAX_EDITS = 20_000

/** Tools that change a file, lower case, as the assistants call them. */
const EDITORS = [
  'edit', 'multiedit', 'write', 'notebookedit', 'apply_patch', 'patch', 'replace', 'write_file', 'edit_file',
  'create_file', 'create', 'str_replace', 'str_replace_editor', 'str_replace_based_edit_tool', 'insert_edit_into_file',
  'replace_string_in_file', 'multi_replace_string_in_file', 'insert',
] // prettier-ignore

/** One session's edit of one file. */
interface Edit {
  source: string
  sessionId: string
  project: string
  fileTag: string
  context: string
  /** ms since 1970. */
  at: number
}

/**
 * Files at which sessions meet at `now` (ms since 1970), the latest first. `self` is the source of this machine. Two
 * sessions meet where each edits the file within ten minutes of the other, and are shown until the later of the two
 * edits is ten minutes old: so nobody has less than that to see it, however far apart the two were. Sessions of one
 * teammate alone are that teammate's affair and not told.
 */
export async function overlapsAt(db: Database, self: string, now: number): Promise<Overlap[]> {
  const edits = await recentEdits(db, now)
  const byFile = new Map<string, Edit[]>()
  for (const edit of edits) {
    const file = byFile.get(edit.fileTag)
    if (file) file.push(edit)
    else byFile.set(edit.fileTag, [edit])
  }
  return [...byFile.values()]
    .flatMap((file) => overlapOf(file, self, now) ?? [])
    .sort((a, b) => compare(latest(b), latest(a)) || compare(a.fileTag, b.fileTag))
}

const latest = ({ sessions }: Overlap) => sessions[0]!.lastAt

/** Edits that can matter at `now`, the earliest first. No edit was made after it came, whatever its writer's clock says. */
async function recentEdits(db: Database, now: number): Promise<Edit[]> {
  const found = await db.get<{ edits: string }>(
    `SELECT json_group_array(json_array(source, session, project, detail->>'fileTag', detail->>'context', at)) AS edits
     FROM (
       SELECT s.source, s.session, s.project, e.detail, min(e.at, e.received_at) AS at
       FROM events e INDEXED BY events_by_time JOIN scopes s USING (scope)
       WHERE e.at > ? AND e.type = ? AND e.detail LIKE '%"fileTag":%'
         AND lower(e.detail->>'tool') IN (SELECT value FROM json_each(?))
       ORDER BY e.at DESC LIMIT ${MAX_EDITS}
     )`,
    [now - 2 * EDITING_MS, typeNumber('tool'), JSON.stringify(EDITORS)],
  )
  const rows = JSON.parse(found!.edits) as [string, string, string, string, string | null, number][]
  return rows
    .map(([source, sessionId, project, fileTag, context, at]) => {
      return { source, sessionId, project, fileTag, context: context ?? '', at }
    })
    .sort((a, b) => a.at - b.at)
}

/** What is shown of a file with these edits, the earliest first; null where nobody meets there. */
function overlapOf(edits: readonly Edit[], self: string, now: number): Overlap | null {
  const last = new Map<string, Edit>()
  const meeting = new Set<string>()
  let isTeams = false
  for (const edit of edits) {
    const key = keyOf(edit)
    if (now - edit.at < EDITING_MS) {
      for (const [otherKey, other] of last) {
        const isOthers = other.source !== edit.source
        if (otherKey === key || edit.at - other.at > EDITING_MS || !(isOthers || edit.source === self))
          continue
        meeting.add(key).add(otherKey)
        isTeams ||= isOthers
      }
    }
    last.set(key, edit)
  }
  if (meeting.size === 0) return null
  const sessions = [...last.values()]
    .filter((edit) => meeting.has(keyOf(edit)))
    .sort((a, b) => b.at - a.at || compare(keyOf(a), keyOf(b)))
  const { fileTag, context, project } = sessions[0]!
  return {
    fileTag,
    context,
    project,
    kind: isTeams ? 'team' : 'own',
    sessions: sessions.map(({ source, sessionId, at }) => ({
      sessionId,
      source,
      handle: handleOf(sessionId),
      lastAt: new Date(at).toISOString(),
      isSelf: source === self,
    })),
  }
}

const keyOf = ({ source, sessionId }: Edit) => `${source} ${sessionId}`
