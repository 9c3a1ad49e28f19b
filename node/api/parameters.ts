import * as z from 'zod'
import { STATS_BY } from '../../core/api.ts'
import { ASSISTANTS, EVENT_TYPES } from '../../core/events.ts'
import { DISPLAY_NAME_FORM, parseDisplayName } from '../../core/profile.ts'
import { parseProjectKey, PROJECT_FORM } from '../../core/project-key.ts'
import { isSessionId, isSource } from '../../core/shapes.ts'
import { Refusal, shown } from './refusal.ts'

/**
 * What each call takes. The error text of a schema says what is allowed; `check` puts the parameter's name and value
 * before it.
 */

const SESSION_STATES = ['active', 'waiting', 'inactive', 'ended'] as const
const MAX_LIST = 100
const MAX_QUERY_LENGTH = 200
/** The last ms of the year 9999, where RFC 3339 ends. */
const MAX_TIME_MS = 253_402_300_799_999
const MAX_STATS_DAYS = 365

const isoTime = z.iso.datetime({ offset: true })

/** Reads RFC 3339 or ms since 1970; null where it is neither. */
export function parseTime(text: string): number | null {
  if (/^\d{1,15}$/.test(text)) return Number(text) <= MAX_TIME_MS ? Number(text) : null
  // A "+" that was not encoded comes as a space.
  const time = text.replace(/ (?=\d\d:\d\d$)/, '+')
  return isoTime.safeParse(time).success ? Date.parse(time) : null
}

function isTimeZone(name: string): boolean {
  // Newer engines take offsets too, which no daylight saving follows.
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function matching(test: (text: string) => boolean, allowed: string) {
  return z.string(allowed).refine(test, allowed)
}

function whole(min: number, max: number) {
  const allowed = `a whole number from ${min} to ${max}`
  return matching(
    (text) => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max,
    allowed,
  ).transform(Number)
}

function choice<const T extends readonly string[]>(values: T) {
  return z.enum(values, values.join(', '))
}

/** Commas between names. */
function list<T extends z.ZodType<string, string>>(name: T) {
  const allowed = `1 to ${MAX_LIST} names with commas between them`
  return z
    .string(allowed)
    .transform((text) => text.split(','))
    .pipe(z.array(name).min(1, allowed).max(MAX_LIST, allowed))
}

const cursor = matching(
  (text) => /^[A-Za-z0-9._:~-]{1,128}$/.test(text),
  'a cursor that an earlier answer gave, unchanged',
)
const time = matching(
  (text) => parseTime(text) !== null,
  'a time such as 2026-11-20T08:00:00Z, or milliseconds since 1970',
).transform((text) => parseTime(text)!)
/** What a person calls a project; gives its key. */
export const project = matching((text) => parseProjectKey(text) !== null, PROJECT_FORM).transform((text) =>
  parseProjectKey(text)!,
)
/** What people and teams call themselves. */
export const displayName = matching((text) => parseDisplayName(text) !== null, DISPLAY_NAME_FORM).transform(
  (text) => parseDisplayName(text)!,
)
const source = matching(isSource, 'sources such as macbook-k3f9xq with commas between them')
const types = list(choice(EVENT_TYPES))
const assistants = list(choice(ASSISTANTS))
const words = matching(
  (text) => text.trim() !== '' && text.length <= MAX_QUERY_LENGTH,
  `1 to ${MAX_QUERY_LENGTH} characters to search for`,
)

const isOrdered = ({ from, to }: { from?: number; to?: number }): boolean =>
  from === undefined || to === undefined || from < to
const ORDERED = { path: ['to'], error: 'a time after "from"' }

export const noParameters = z.strictObject({})

export const eventsParameters = z
  .strictObject({
    limit: whole(1, 1000).prefault('200'),
    before: z.exactOptional(cursor),
    after: z.exactOptional(cursor),
    order: choice(['arrival', 'time']).prefault('arrival'),
    first: z.exactOptional(choice(['newest', 'oldest'])),
    from: z.exactOptional(time),
    to: z.exactOptional(time),
    source: z.exactOptional(list(source)),
    type: z.exactOptional(types),
    project: z.exactOptional(list(project)),
    assistant: z.exactOptional(assistants),
    session: z.exactOptional(matching(isSessionId, "a session's id, a UUID in lower case")),
    q: z.exactOptional(words),
  })
  .refine(isOrdered, ORDERED)
  .refine(({ before, after }) => before === undefined || after === undefined, {
    path: ['after'],
    error: 'either "before" or "after", not both',
  })

export const sessionsParameters = z
  .strictObject({
    state: z.exactOptional(list(choice(SESSION_STATES))),
    from: z.exactOptional(time),
    to: z.exactOptional(time),
    q: z.exactOptional(words),
    limit: z.exactOptional(whole(1, 1000)),
  })
  .refine(isOrdered, ORDERED)
  .refine(({ q, limit }) => q !== undefined || limit === undefined, {
    path: ['limit'],
    error: 'only with "q"',
  })

const MAX_SPAN_MS = 8 * 86_400_000
const MAX_STEPS = 2000
const isShort = ({ from, to }: { from?: number; to?: number }): boolean =>
  from === undefined || to === undefined || to - from <= MAX_SPAN_MS
const SHORT = { path: ['to'], error: 'a time at most 8 days after "from"' }

export const timelineParameters = z
  .strictObject({ from: time, to: time, step: whole(60, 3600).prefault('300') })
  .refine(isOrdered, ORDERED)
  .refine(isShort, SHORT)
  .refine(({ from, to, step }) => (to - from) / (step * 1000) <= MAX_STEPS, {
    path: ['step'],
    error: `seconds of which at most ${MAX_STEPS} steps fill the time`,
  })

export const overlapsParameters = z
  .strictObject({ from: z.exactOptional(time), to: z.exactOptional(time) })
  .refine(({ from, to }) => (from === undefined) === (to === undefined), {
    path: ['to'],
    error: '"from" and "to", or neither',
  })
  .refine(isOrdered, ORDERED)
  .refine(isShort, SHORT)

const timeZone = matching(isTimeZone, 'a time zone by its IANA name, such as Europe/Berlin')

export const heatmapParameters = z.strictObject({
  days: choice(['7', '30'])
    .prefault('7')
    .transform((days) => (days === '7' ? 7 : 30)),
  tz: timeZone.prefault('UTC'),
  dayStart: whole(0, 23).prefault('0'),
  source: z.exactOptional(list(source)),
  retry: choice(['0', '1'])
    .prefault('0')
    .transform((retry) => retry === '1'),
})

export const statsParameters = z.strictObject({
  days: whole(1, MAX_STATS_DAYS).prefault('7'),
  by: choice(STATS_BY).prefault('source'),
  tz: z.exactOptional(timeZone),
  dayStart: whole(0, 23).prefault('0'),
  source: z.exactOptional(list(source)),
})

export const outboxParameters = z.strictObject({
  limit: whole(1, 1000).prefault('200'),
  before: z.exactOptional(cursor),
  project: z.exactOptional(list(project)),
})

export const liveParameters = z.strictObject({
  source: z.exactOptional(list(source)),
  type: z.exactOptional(types),
  project: z.exactOptional(list(project)),
  assistant: z.exactOptional(assistants),
  after: z.exactOptional(cursor),
  /** The least time between two messages, ms. */
  interval: whole(10, 1000).prefault('100'),
})

const CODE = 'the code of an address that "vibetea open" printed'
export const sessionBody = z.strictObject({ code: z.string(CODE).regex(/^[A-Za-z0-9_-]{1,128}$/, CODE) })

const printable = (value: unknown): string => shown(typeof value === 'string' ? value : JSON.stringify(value))

/** Reads what a caller gave by a schema. Throws a `Refusal` (400) that names what is wrong and what is allowed. */
export function check<S extends z.ZodType>(schema: S, given: Readonly<Record<string, unknown>>): z.output<S> {
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  if (issue.code === 'unrecognized_keys') {
    throw new Refusal(400, 'invalid_request', `This call has no parameter "${shown(issue.keys[0]!)}".`)
  }
  const name = String(issue.path[0])
  const was = Object.hasOwn(given, name) ? `"${printable(given[name])}"` : 'missing'
  throw new Refusal(400, 'invalid_request', `"${name}" is ${was}; allowed: ${issue.message}.`)
}

/** The parameters of a URL's query, each at most once. Throws a `Refusal` (400). */
export function queryOf(search: URLSearchParams): Record<string, string> {
  const names = [...search.keys()]
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    throw new Refusal(400, 'invalid_request', `"${shown(twice)}" is given twice; once is allowed.`)
  }
  return Object.fromEntries(search)
}
