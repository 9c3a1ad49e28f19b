import type { EventRow } from '../../core/api.ts'
import { type Assistant, ASSISTANTS, EVENT_TYPES, type EventType } from '../../core/events.ts'
import { isAmong } from '../../core/project-key.ts'
import { isFound } from '../../core/search.ts'
import type { Params } from './api.ts'

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
    assistant: ASSISTANTS.filter((assistant) => list(params, 'assistant').includes(assistant)),
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
