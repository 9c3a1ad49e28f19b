import type { Overlap } from '../../core/api.ts'
import { compare } from '../../core/buckets.ts'
import { handleOf } from '../../core/handle.ts'
import type { Database } from '../sqlite.ts'
import { EVENT_COLUMNS, eventOf, typeNumber, storedRows } from './rows.ts'

/** A file is being edited while its last edit is younger than this. */
const EDITING_MS = 10 * 60_000

/** Tools that change a file, lower case, as the assistants call them. */
const EDITORS = new Set([
  'edit', 'multiedit', 'write', 'notebookedit', 'apply_patch', 'patch', 'replace', 'write_file', 'edit_file',
  'create_file', 'create', 'str_replace', 'str_replace_editor', 'str_replace_based_edit_tool', 'insert_edit_into_file',
  'replace_string_in_file', 'multi_replace_string_in_file', 'insert',
]) // prettier-ignore

/**
 * Files that more than one session has edited within ten minutes before `now` (ms), the latest first. `self` is the
 * source of this machine.
 */
export async function overlapsAt(db: Database, self: string, now: number): Promise<Overlap[]> {
  const rows = await storedRows(
    db,
    `SELECT ${EVENT_COLUMNS} FROM events e INDEXED BY events_by_time JOIN scopes s USING (scope)
     WHERE e.at > ? AND e.type = ? AND e.detail LIKE '%"fileTag":%' ORDER BY e.at DESC, e.row DESC`,
    [now - EDITING_MS, typeNumber('tool')],
  )
  const files = new Map<string, Overlap>()
  for (const event of rows.map(eventOf)) {
    if (event.eventType !== 'tool' || !EDITORS.has(event.payload.tool.toLowerCase())) continue
    const { fileTag, context = '', project, sessionId } = event.payload
    if (fileTag === undefined) continue
    let file = files.get(fileTag)
    if (!file) files.set(fileTag, (file = { fileTag, context, project, kind: 'own', sessions: [] }))
    const { source } = event
    if (file.sessions.some((session) => session.sessionId === sessionId && session.source === source))
      continue
    file.sessions.push({
      sessionId,
      source,
      handle: handleOf(sessionId),
      lastAt: event.timestamp,
      isSelf: source === self,
    })
    if (source !== file.sessions[0]!.source) file.kind = 'team'
  }
  const latest = ({ sessions }: Overlap) => sessions[0]!.lastAt
  return [...files.values()]
    .filter(({ sessions }) => sessions.length > 1)
    .sort((a, b) => compare(latest(b), latest(a)) || compare(a.fileTag, b.fileTag))
}
