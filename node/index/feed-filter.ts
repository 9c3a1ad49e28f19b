import type { Assistant, EventType } from '../../core/events.ts'
import { partsOf } from '../../core/project-key.ts'
import type { SqlValue } from '../sqlite.ts'
import { typeNumber } from './rows.ts'
import { matchNames, matchTyped, matchTypes } from './terms.ts'

/** Which events are asked for; all conditions hold together. */
export interface FeedFilter {
  source?: readonly string[]
  type?: readonly EventType[]
  /** Keys: `name`, or `name~tag`. */
  project?: readonly string[]
  assistant?: readonly Assistant[]
  session?: string
  /** ms since 1970, inclusive and exclusive. */
  from?: number
  to?: number
  /** Full text over names: project, tool, file, model, agent type. Every word begins one of them. */
  q?: string
}

/** A filter as SQL, on `events e`. */
export interface Conditions {
  sql: string[]
  params: SqlValue[]
  /** What was typed, and the names and types of the filter, as conditions of full text; null where there are none. */
  typed: string | null
  names: string | null
}

/** A filter as SQL; null where nothing can fit it. */
export function conditionsOf(filter: FeedFilter): Conditions | null {
  const { source, type, project, assistant, session, from, to, q } = filter
  if ([source, type, project, assistant].some((list) => list?.length === 0)) return null
  const conditions: Conditions = { sql: [], params: [], typed: null, names: null }
  const { sql, params } = conditions
  const scopes: string[] = []
  if (source) scopes.push(`source IN ${list(params, source)}`)
  if (project) scopes.push(inProjects(params, project))
  if (assistant) scopes.push(`assistant IN ${list(params, assistant)}`)
  if (session !== undefined) {
    scopes.push('session = ?')
    params.push(session)
  }
  if (scopes.length > 0) sql.push(`e.scope IN (SELECT scope FROM scopes WHERE ${scopes.join(' AND ')})`)
  if (type) sql.push(`e.type IN ${list(params, type.map(typeNumber))}`)
  if (from !== undefined) {
    sql.push('e.at >= ?')
    params.push(from)
  }
  if (to !== undefined) {
    sql.push('e.at < ?')
    params.push(to)
  }
  // A session's own rows are few, and found by its scopes.
  if (session === undefined) {
    const names = [
      source && matchNames(source),
      project && matchNames(project.map((key) => partsOf(key).project)),
      type && matchTypes(type),
    ]
    conditions.names = names.filter(Boolean).join(' AND ') || null
  }
  if (q !== undefined && q.trim() !== '') {
    conditions.typed = matchTyped(q)
    if (conditions.typed === null) return null
  }
  return conditions
}

/** The projects of a name, or of a name and a tag, as SQL on `scopes`. */
function inProjects(params: SqlValue[], keys: readonly string[]): string {
  const parts = keys.map(partsOf)
  const tagged = parts.filter(({ projectTag }) => projectTag !== undefined)
  const names = parts.filter((part) => !tagged.includes(part)).map(({ project }) => project)
  const byName = `project IN ${list(params, names)}`
  if (tagged.length === 0) return byName
  params.push(JSON.stringify(tagged.map(({ project, projectTag }) => [project, projectTag])))
  return `(${byName} OR (project, tag) IN (SELECT value->>0, value->>1 FROM json_each(?)))`
}

function list(params: SqlValue[], values: readonly (string | number)[]): string {
  params.push(JSON.stringify(values))
  return '(SELECT value FROM json_each(?))'
}
