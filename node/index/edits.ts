import type { Overlap } from '../../core/api.ts'
import { compare } from '../../core/buckets.ts'
import { handleOf } from '../../core/handle.ts'
import type { Database } from '../sqlite.ts'
import { typeNumber } from './rows.ts'

/** Two edits of one file meet within this time. */
export const EDITING_MS = 10 * 60_000

/** The latest edits that are looked at: of a team of fifty, one every three seconds by each for twenty minutes. */
const MAX_EDITS = 20_000

/** Tools that change a file, lower case, as the assistants call them. */
const EDITORS = [
  'edit', 'multiedit', 'write', 'notebookedit', 'apply_patch', 'patch', 'replace', 'write_file', 'edit_file',
  'create_file', 'create', 'str_replace', 'str_replace_editor', 'str_replace_based_edit_tool', 'insert_edit_into_file',
  'replace_string_in_file', 'multi_replace_string_in_file', 'insert',
] // prettier-ignore

/** One session's edit of one file. */
export interface Edit {
  source: string
  sessionId: string
  project: string
  fileTag: string
  context: string
  /** ms since 1970. */
  at: number
}

/**
 * Edits after `from` (ms since 1970) and up to `to`, by file, the earliest first. No edit was made after it came,
 * whatever its writer's clock says.
 */
export async function editsIn(db: Database, from: number, to = Infinity): Promise<Edit[][]> {
  const found = await db.get<{ edits: string }>(
    `SELECT json_group_array(json_array(source, session, project, detail->>'fileTag', detail->>'context', at)) AS edits
     FROM (
       SELECT s.source, s.session, s.project, e.detail, min(e.at, e.received_at) AS at
       FROM events e INDEXED BY events_by_time JOIN scopes s USING (scope)
       WHERE e.at > ? AND e.at <= ? AND e.type = ? AND e.detail LIKE '%"fileTag":%'
         AND lower(e.detail->>'tool') IN (SELECT value FROM json_each(?))
       ORDER BY e.at DESC LIMIT ${MAX_EDITS}
     )`,
    [from, Math.min(to, 8.64e15), typeNumber('tool'), JSON.stringify(EDITORS)],
  )
  const rows = JSON.parse(found!.edits) as [string, string, string, string, string | null, number][]
  const edits = rows
    .map(([source, sessionId, project, fileTag, context, at]): Edit => {
      return { source, sessionId, project, fileTag, context: context ?? '', at }
    })
    .sort((a, b) => a.at - b.at)
  const files = new Map<string, Edit[]>()
  for (const edit of edits) {
    const file = files.get(edit.fileTag)
    if (file) file.push(edit)
    else files.set(edit.fileTag, [edit])
  }
  return [...files.values()]
}

/**
 * Whether an edit of a file meets an earlier one of it. Sessions of one teammate alone are that teammate's affair;
 * `self` is the source of this machine.
 */
export function meets(edit: Edit, earlier: Edit, self: string): boolean {
  if (keyOf(edit) === keyOf(earlier) || edit.at - earlier.at > EDITING_MS) return false
  return edit.source !== earlier.source || edit.source === self
}

/** What is told of sessions that meet, by the last edit of each; at least two. */
export function overlapOf(edits: Iterable<Edit>, self: string): Overlap {
  const latest = [...edits].sort((a, b) => b.at - a.at || compare(keyOf(a), keyOf(b)))
  const { fileTag, context, project } = latest[0]!
  return {
    fileTag,
    context,
    project,
    kind: latest.some(({ source }) => source !== self) ? 'team' : 'own',
    sessions: latest.map(({ source, sessionId, at }) => ({
      sessionId,
      source,
      handle: handleOf(sessionId),
      lastAt: new Date(at).toISOString(),
      isSelf: source === self,
    })),
  }
}

export const keyOf = ({ source, sessionId }: Pick<Edit, 'source' | 'sessionId'>): string =>
  `${source} ${sessionId}`
