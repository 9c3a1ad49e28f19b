import { isBaseName, isEventId, isModel, isSessionId, isSource, isTag, isToolName } from './shapes.ts'

/**
 * The one schema of what VibeTea records and what may leave a machine. Node, page, archive and functions share it.
 * These names are in people's logs: do not rename one.
 */

export const ASSISTANTS = ['claude', 'codex', 'gemini', 'opencode', 'copilot', 'qwen', 'pi', 'droid'] as const
export type Assistant = (typeof ASSISTANTS)[number]

export const EVENT_TYPES = ['session', 'activity', 'tool', 'agent', 'summary', 'error'] as const
export type EventType = (typeof EVENT_TYPES)[number]

export const SESSION_ACTIONS = ['started', 'resumed', 'ended'] as const
export const WAITING_REASONS = ['turn', 'permission', 'question', 'unknown'] as const
export type WaitingReason = (typeof WAITING_REASONS)[number]
export const TOOL_STATUSES = ['started', 'completed', 'failed', 'unknown'] as const
export type ToolStatus = (typeof TOOL_STATUSES)[number]
export const AGENT_STATES = ['started', 'finished'] as const
export const ERROR_CATEGORIES = ['api', 'rate-limit', 'overloaded', 'auth', 'network', 'other'] as const
export type ErrorCategory = (typeof ERROR_CATEGORIES)[number]

/** `input` excludes what came from or went into the cache; `output` includes thinking. */
export interface Tokens {
  input: number
  output: number
  cacheRead: number
  cacheWrite: number
}

/** What happened between a session's start, or its resumption, and its end. */
export interface Totals {
  prompts: number
  tools: number
  failures: number
  errors: number
  tokens: Tokens
  /** From the first to the last record. */
  durationMs: number
}

/** What every payload has. */
export interface Common {
  /** The assistant's UUID for the session, lower case. */
  sessionId: string
  /** A base name, never a path. */
  project: string
  /** Tells two projects of one name apart: 12 z-base-32 characters. */
  projectTag?: string
  assistant: Assistant
}

export type SessionPayload = Common & { action: (typeof SESSION_ACTIONS)[number] }
export type PromptPayload = Common & { kind: 'prompt' }
export type ResponsePayload = Common & { kind: 'response'; model: string; tokens: Tokens }
export type WaitingPayload = Common & { kind: 'waiting'; reason: WaitingReason }
export type CompactionPayload = Common & { kind: 'compaction' }
export type ActivityPayload = PromptPayload | ResponsePayload | WaitingPayload | CompactionPayload
export type ToolPayload = Common & {
  tool: string
  /** 12 z-base-32 characters of a keyed hash; pairs a start with its result. */
  callId: string
  status: ToolStatus
  /** The base name of the one file the tool reads or changes. */
  context?: string
  durationMs?: number
  /** Same file, same tag: 12 z-base-32 characters. */
  fileTag?: string
}
export type AgentPayload = Common & {
  agentId: string
  agentType?: string
  state: (typeof AGENT_STATES)[number]
}
export type SummaryPayload = Common & { summary: typeof SUMMARY_TEXT; totals: Totals }
export type ErrorPayload = Common & { category: ErrorCategory }

export const SUMMARY_TEXT = 'Session ended'

interface Of<T extends EventType, P> {
  /** `evt_` and 20 z-base-32 characters. Deterministic for a device; unique together with `source`. */
  id: string
  /** `<name>-<first 6 of z32(device key)>`: a label. Identity is the device key. */
  source: string
  /** RFC 3339 UTC: when it happened, from the session record. */
  timestamp: string
  eventType: T
  payload: P
}

export type SessionEvent = Of<'session', SessionPayload>
export type ActivityEvent = Of<'activity', ActivityPayload>
export type ToolEvent = Of<'tool', ToolPayload>
export type AgentEvent = Of<'agent', AgentPayload>
export type SummaryEvent = Of<'summary', SummaryPayload>
export type ErrorEvent = Of<'error', ErrorPayload>
export type Event = SessionEvent | ActivityEvent | ToolEvent | AgentEvent | SummaryEvent | ErrorEvent

/** The protocol's limit of an event in bytes of JSON. The shapes of its fields keep every valid event far below it. */
export const MAX_EVENT_BYTES = 4096
/** No count of tokens and no duration in milliseconds is larger than this. */
const MAX_COUNT = 1e12

type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
/** Whether a value is a whole number from 0 to 10^12; -0 is not one, as it does not survive JSON. */
export function isCount(value: unknown): value is number {
  return (
    Number.isSafeInteger(value) && !Object.is(value, -0) && Number(value) >= 0 && Number(value) <= MAX_COUNT
  )
}

/** The count nearest to a number; 0 for what is none. */
export function fitCount(value: number): number {
  return value > 0 ? Math.min(Math.round(value), MAX_COUNT) : 0
}

const oneOf = <T extends string>(list: readonly T[], value: unknown): value is T =>
  (list as readonly unknown[]).includes(value)

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/

/** Whether a value is an RFC 3339 time in UTC that exists: 30 February and 24:00 do not. */
export function isTimestamp(value: unknown): value is string {
  if (typeof value !== 'string' || !TIMESTAMP.test(value)) return false
  const ms = Date.parse(value)
  if (Number.isNaN(ms)) return false
  // Only later days and later hours than these can be read as another day.
  if (value.slice(8, 10) <= '28' && value.slice(11, 13) < '24') return true
  return new Date(ms).toISOString().startsWith(value.slice(0, 19))
}

function parseTokens(value: unknown): Tokens | null {
  if (!isFields(value)) return null
  const { input, output, cacheRead, cacheWrite } = value
  if (!isCount(input) || !isCount(output) || !isCount(cacheRead) || !isCount(cacheWrite)) return null
  return { input, output, cacheRead, cacheWrite }
}

function parseTotals(value: unknown): Totals | null {
  if (!isFields(value)) return null
  const { prompts, tools, failures, errors, durationMs, tokens: given } = value
  const tokens = parseTokens(given)
  if (!isCount(prompts) || !isCount(tools) || !isCount(failures)) return null
  if (!isCount(errors) || !isCount(durationMs) || !tokens) return null
  return { prompts, tools, failures, errors, tokens, durationMs }
}

/** The common part of a payload, each field checked. */
export function parseCommon(value: Fields): Common | null {
  const { sessionId, project, projectTag, assistant } = value
  if (!isSessionId(sessionId) || !isBaseName(project) || !oneOf(ASSISTANTS, assistant)) return null
  if (projectTag === undefined) return { sessionId, project, assistant }
  return isTag(projectTag) ? { sessionId, project, projectTag, assistant } : null
}

/** A copy that can be added to: adding to one made by a spread takes V8 2 µs, more than all the checks together. */
function copyOf({ sessionId, project, projectTag, assistant }: Common): Common {
  return projectTag === undefined
    ? { sessionId, project, assistant }
    : { sessionId, project, projectTag, assistant }
}

/** Adds to `common`, as the other types' functions do. */
function parseActivity(common: Common, value: Fields): ActivityPayload | null {
  const { kind, reason, model, tokens: given } = value
  switch (kind) {
    case 'prompt':
      return Object.assign(common, { kind: 'prompt' as const })
    case 'compaction':
      return Object.assign(common, { kind: 'compaction' as const })
    case 'waiting':
      return oneOf(WAITING_REASONS, reason)
        ? Object.assign(common, { kind: 'waiting' as const, reason })
        : null
    case 'response': {
      const tokens = parseTokens(given)
      return tokens && isModel(model)
        ? Object.assign(common, { kind: 'response' as const, model, tokens })
        : null
    }
    default:
      return null
  }
}

function parseTool(common: Common, value: Fields): ToolPayload | null {
  const { tool, callId, status, context, durationMs, fileTag } = value
  if (!isToolName(tool) || !isTag(callId) || !oneOf(TOOL_STATUSES, status)) return null
  const payload: ToolPayload = Object.assign(common, { tool, callId, status })
  if (context !== undefined) {
    if (!isBaseName(context)) return null
    payload.context = context
  }
  if (durationMs !== undefined) {
    if (!isCount(durationMs)) return null
    payload.durationMs = durationMs
  }
  if (fileTag !== undefined) {
    if (!isTag(fileTag)) return null
    // No tag without the name it belongs to: who withholds the name withholds the file.
    if (context !== undefined) payload.fileTag = fileTag
  }
  return payload
}

function parseAgent(common: Common, value: Fields): AgentPayload | null {
  const { agentId, agentType, state } = value
  if (!isTag(agentId) || !oneOf(AGENT_STATES, state)) return null
  if (agentType === undefined) return Object.assign(common, { agentId, state })
  return isToolName(agentType) ? Object.assign(common, { agentId, agentType, state }) : null
}

/**
 * Reads an event from untrusted data: copies the known fields, each checked for shape and bounds, into a new object.
 * Unknown fields are left behind; an event with a wrong one is `null`. Each field is read once.
 */
export function parseEvent(value: unknown): Event | null {
  if (!isFields(value)) return null
  const { id, source, timestamp, eventType, payload } = value
  if (!isEventId(id) || !isSource(source) || !isTimestamp(timestamp) || !isFields(payload)) return null
  const common = parseCommon(payload)
  return common && parseBody({ id, source, timestamp }, common, eventType, payload)
}

/** Which event it is; each field already of its shape. */
export type Head = Pick<Event, 'id' | 'source' | 'timestamp'>

/**
 * The second half of `parseEvent`, for a writer who makes ids and times and has one `common` for a session's events:
 * checks what a type of event has beside it.
 */
export function parseBody(
  { id, source, timestamp }: Head,
  shared: Common,
  eventType: unknown,
  fields: Fields,
): Event | null {
  const common = copyOf(shared)
  switch (eventType) {
    case 'session': {
      const { action } = fields
      return oneOf(SESSION_ACTIONS, action)
        ? { id, source, timestamp, eventType, payload: Object.assign(common, { action }) }
        : null
    }
    case 'activity': {
      const payload = parseActivity(common, fields)
      return payload && { id, source, timestamp, eventType, payload }
    }
    case 'tool': {
      const payload = parseTool(common, fields)
      return payload && { id, source, timestamp, eventType, payload }
    }
    case 'agent': {
      const payload = parseAgent(common, fields)
      return payload && { id, source, timestamp, eventType, payload }
    }
    case 'summary': {
      const { summary } = fields
      const totals = parseTotals(fields.totals)
      if (summary !== SUMMARY_TEXT || !totals) return null
      return {
        id,
        source,
        timestamp,
        eventType,
        payload: Object.assign(common, { summary: SUMMARY_TEXT, totals } as const),
      }
    }
    case 'error': {
      const { category } = fields
      return oneOf(ERROR_CATEGORIES, category)
        ? { id, source, timestamp, eventType, payload: Object.assign(common, { category }) }
        : null
    }
    default:
      return null
  }
}

/** All tokens of a response together: what "the larger" compares when an id comes again. */
export function tokenSum(tokens: Tokens): number {
  return tokens.input + tokens.output + tokens.cacheRead + tokens.cacheWrite
}

/** The weight of an event among those of its id: of two, everyone keeps the heavier, the first of equals. */
export function weight(event: Event): number {
  return event.eventType === 'activity' && event.payload.kind === 'response'
    ? tokenSum(event.payload.tokens)
    : 0
}
