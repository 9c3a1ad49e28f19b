import type { EventRow } from '../../core/api.ts'
import { EVENT_TYPES, type EventType } from '../../core/events.ts'
import { handleOf } from '../../core/handle.ts'
import type { Params } from './api.ts'

/** What of the feed is shown; empty lists, '' and null let everything through. */
export interface Filters {
  type: EventType[]
  project: string[]
  source: string[]
  session: string
  /** Full text over names; the node searches. */
  q: string
  /** Event time, ms since 1970: from inclusive, to exclusive. */
  from: number | null
  to: number | null
}

export const NO_FILTERS: Filters = {
  type: [],
  project: [],
  source: [],
  session: '',
  q: '',
  from: null,
  to: null,
}

const MAX_TEXT = 200

const list = (params: URLSearchParams, name: string): string[] => [
  ...new Set((params.get(name) ?? '').split(',').filter((value) => value && value.length <= MAX_TEXT)),
]

function time(params: URLSearchParams, name: string): number | null {
  const ms = Date.parse(params.get(name) ?? '')
  return Number.isNaN(ms) ? null : ms
}

/** Reads filters from an address; what makes no sense is left out. */
export function readFilters(params: URLSearchParams): Filters {
  return {
    type: EVENT_TYPES.filter((type) => list(params, 'type').includes(type)),
    project: list(params, 'project'),
    source: list(params, 'source'),
    session: (params.get('session') ?? '').slice(0, MAX_TEXT),
    q: (params.get('q') ?? '').slice(0, MAX_TEXT),
    from: time(params, 'from'),
    to: time(params, 'to'),
  }
}

/** The filters as an address holds them; `readFilters` gives the same again. */
export function writeFilters(filters: Filters): URLSearchParams {
  return new URLSearchParams(
    Object.entries(toParams(filters)).filter((pair): pair is [string, string] => Boolean(pair[1])),
  )
}

/** The filters as `/api/events` takes them. */
export function toParams({ type, project, source, session, q, from, to }: Filters): Params {
  return {
    type: type.join(','),
    project: project.join(','),
    source: source.join(','),
    session,
    q,
    from: from === null ? undefined : new Date(from).toISOString(),
    to: to === null ? undefined : new Date(to).toISOString(),
  }
}

export function isEmpty(filters: Filters): boolean {
  return writeFilters(filters).size === 0
}

/** The names in a row that a search looks at, each as words: as the node's index has them. */
function terms({ source, payload }: EventRow): string[] {
  const handle = handleOf(payload.sessionId)
  const found = [source, payload.project, handle, handle.slice(handle.indexOf('-') + 1)]
  if ('tool' in payload) found.push(payload.tool, payload.context ?? '')
  if ('model' in payload) found.push(payload.model)
  if ('agentType' in payload) found.push(payload.agentType ?? '')
  return found.flatMap(words)
}

const words = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^a-z0-9._-]+/)
    .filter(Boolean)

/** `name`, or `name~tag` where two projects have one name. */
function isProject(names: readonly string[], { project, projectTag }: EventRow['payload']): boolean {
  return names.includes(project) || names.includes(`${project}~${projectTag ?? ''}`)
}

/** Whether a row passes. For `q`: each word begins some name, as in the node's search. */
export function matches(filters: Filters, row: EventRow): boolean {
  const { type, project, source, session, q, from, to } = filters
  if (type.length && !type.includes(row.eventType)) return false
  if (project.length && !isProject(project, row.payload)) return false
  if (source.length && !source.includes(row.source)) return false
  if (session && row.payload.sessionId !== session) return false
  if (from !== null && Date.parse(row.timestamp) < from) return false
  if (to !== null && Date.parse(row.timestamp) >= to) return false
  if (!q) return true
  const names = terms(row)
  return words(q).every((word) => names.some((name) => name.startsWith(word)))
}
