import type { EventRow } from '../../core/api.ts'
import { type Assistant, ASSISTANTS, EVENT_TYPES, type EventType } from '../../core/events.ts'
import { isAmong, isProjectKey } from '../../core/project-key.ts'
import { isFound } from '../../core/search.ts'
import { isSessionId, isSource } from '../../core/shapes.ts'
import type { Params } from './api.ts'
import { formatHash } from './router.svelte.ts'

/** What of the feed is shown; empty lists, '' and null let everything through. */
export interface Filters {
  type: EventType[]
  project: string[]
  source: string[]
  assistant: Assistant[]
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
  assistant: [],
  session: '',
  q: '',
  from: null,
  to: null,
}

/** As much as the node takes. */
const MAX_TEXT = 200
const MAX_NAMES = 100
/** The last ms of the year 9999, where RFC 3339 ends. */
const MAX_TIME_MS = 253_402_300_799_999

const list = (params: URLSearchParams, name: string): string[] => [
  ...new Set((params.get(name) ?? '').split(',')),
]

/** A time of an address, ms since 1970; null where there is none, or none that the node takes. */
export function readTime(params: URLSearchParams, name: string): number | null {
  const ms = Date.parse(params.get(name) ?? '')
  return ms >= 0 && ms <= MAX_TIME_MS ? ms : null
}

/** Reads filters from an address; what makes no sense, and the node would refuse, is left out. */
export function readFilters(params: URLSearchParams): Filters {
  const session = params.get('session') ?? ''
  const q = (params.get('q') ?? '').slice(0, MAX_TEXT)
  const [from, to] = [readTime(params, 'from'), readTime(params, 'to')]
  return {
    type: EVENT_TYPES.filter((type) => list(params, 'type').includes(type)),
    project: list(params, 'project').filter(isProjectKey).slice(0, MAX_NAMES),
    source: list(params, 'source').filter(isSource).slice(0, MAX_NAMES),
    assistant: ASSISTANTS.filter((assistant) => list(params, 'assistant').includes(assistant)),
    session: isSessionId(session) ? session : '',
    q: q.trim() ? q : '',
    from,
    to: from !== null && to !== null && to <= from ? null : to,
  }
}

/** The filters as an address holds them; `readFilters` gives the same again. */
export function writeFilters(filters: Filters): URLSearchParams {
  return new URLSearchParams(
    Object.entries(toParams(filters)).filter((pair): pair is [string, string] => Boolean(pair[1])),
  )
}

/** Where a list shows what passes some filters, of which those that are not given let everything through. */
export function listOf(screen: 'live' | 'history', filters: Partial<Filters>): string {
  return formatHash(screen, '', writeFilters({ ...NO_FILTERS, ...filters }))
}

/** An address's parameters with other filters; what else they hold stays. */
export function withFilters(params: URLSearchParams, filters: Filters): URLSearchParams {
  const names = Object.keys(toParams(NO_FILTERS))
  return new URLSearchParams([
    ...writeFilters(filters),
    ...[...params].filter(([name]) => !names.includes(name)),
  ])
}

/** The filters as `/api/events` takes them. */
export function toParams({ type, project, source, assistant, session, q, from, to }: Filters): Params {
  return {
    type: type.join(','),
    project: project.join(','),
    source: source.join(','),
    assistant: assistant.join(','),
    session,
    q,
    from: from === null ? undefined : new Date(from).toISOString(),
    to: to === null ? undefined : new Date(to).toISOString(),
  }
}

export function isEmpty(filters: Filters): boolean {
  return writeFilters(filters).size === 0
}

/** Whether a row passes; for `q`, whether the node's search would find it. */
export function matches(filters: Filters, row: EventRow): boolean {
  const { type, project, source, assistant, session, q, from, to } = filters
  if (type.length && !type.includes(row.eventType)) return false
  if (project.length && !isAmong(project, row.payload)) return false
  if (source.length && !source.includes(row.source)) return false
  if (assistant.length && !assistant.includes(row.payload.assistant)) return false
  if (session && row.payload.sessionId !== session) return false
  if (from !== null && Date.parse(row.timestamp) < from) return false
  if (to !== null && Date.parse(row.timestamp) >= to) return false
  return isFound(q, row)
}
