import type { ErrorCategory, Tokens } from '../../../core/events.ts'
import { timeOf, tokenCount, Texts } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isFields } from '../json-line.ts'
import type { Found } from '../records.ts'
import { errorCategory, wasStopped } from './errors.ts'

/**
 * OpenCode's records, reduced to the fields that VibeTea uses: a session, the messages of it, the parts of each message.
 * They are the same in the JSON tree of versions before 1.2 and in the database since (packages/opencode/src/session/
 * message-v2.ts and session.sql.ts in anomalyco/opencode). An unknown type is no record, a field of a wrong type is no
 * field.
 */
export interface SessionRecord {
  id: string
  /** The session whose task it does; null where a person began it. */
  parentId: string | null
  directory: string | null
  title: string | null
  /** When it began, ms since 1970. */
  at: number | null
}

export interface MessageRecord {
  id: string
  sessionId: string
  role: 'user' | 'assistant'
  at: number
  /** When nothing more of it will come; null before, and for a person's message. */
  completedAt: number | null
  model: string
  tokens: Tokens | null
  /** Why the model stopped: `stop`, `tool-calls`, …; null before, and in old versions. */
  finish: string | null
  /** `stopped` where a person stopped it. */
  error: ErrorCategory | 'stopped' | null
  /** It is what a compaction left. */
  isSummary: boolean
  cwd: string | null
}

interface OfMessage {
  id: string
  messageId: string
  /** null where the record does not say: then it is that of its message. */
  sessionId: string | null
}

export type PartRecord = OfMessage &
  (
    | ToolPart
    /** What a person typed or attached, if the message is a person's. */
    | { type: 'typed' }
    | { type: 'compaction' }
    /** A request failed and was made again. */
    | { type: 'retry'; at: number; error: ErrorCategory }
  )

export interface ToolPart {
  type: 'tool'
  callId: string
  tool: string
  status: 'running' | 'completed' | 'failed' | 'unknown'
  startedAt: number
  endedAt: number
  path: string | null
  /** The kind of subagent that a `task` starts. */
  agentType: string | null
  /** A `task` has its own session, and so has begun. */
  hasSession: boolean
  /** A `task` goes on after its call is over. */
  isInBackground: boolean
}

/** `id` and `sessionId` stand where the record itself does not say them: they come from its place. */
export interface Place {
  id?: string | undefined
  sessionId?: string | undefined
  messageId?: string | undefined
}

/** OpenCode names a session by its time before it has a title. */
const DEFAULT_TITLE = /^(?:New|Child) session - \d{4}-/

/** Reads a session's record. Never throws. */
export function sessionOf(fields: Fields, place: Place = {}): Found<SessionRecord> {
  const texts = new Texts()
  const id = texts.take(fields.id) ?? place.id
  const title = texts.take(fields.title)
  const record = {
    parentId: texts.take(fields.parentID),
    directory: texts.take(fields.directory),
    title: title !== null && !DEFAULT_TITLE.test(title) ? title : null,
    at: timeOf(inner(fields.time).created),
  }
  return { record: id === undefined ? null : { id, ...record }, isIncomplete: texts.sawCut }
}

/** Reads a message's record. Never throws. */
export function messageOf(fields: Fields, place: Place = {}): Found<MessageRecord> {
  const { role } = fields
  const texts = new Texts()
  const id = texts.take(fields.id) ?? place.id
  const sessionId = texts.take(fields.sessionID) ?? place.sessionId
  const time = inner(fields.time)
  const at = timeOf(time.created)
  if ((role !== 'user' && role !== 'assistant') || at === null) return { record: null, isIncomplete: false }
  const record: Omit<MessageRecord, 'id' | 'sessionId'> = {
    role,
    at,
    completedAt: timeOf(time.completed),
    model: texts.take(fields.modelID) ?? '',
    tokens: isFields(fields.tokens) ? tokensOf(fields.tokens) : null,
    finish: texts.take(fields.finish),
    error: isFields(fields.error) ? (errorCategory(fields.error) ?? 'stopped') : null,
    isSummary: fields.summary === true,
    cwd: texts.take(inner(fields.path).cwd),
  }
  const isNamed = id !== undefined && sessionId !== undefined
  return { record: isNamed ? { id, sessionId, ...record } : null, isIncomplete: texts.sawCut }
}

/**
 * `input` is without the cache in OpenCode's own records. `output` is without `reasoning` in versions since 2026, before
 * them some models' was with it; where there is a `total` it tells which.
 */
function tokensOf(tokens: Fields): Tokens {
  const cache = inner(tokens.cache)
  const [input, output, reasoning] = [tokens.input, tokens.output, tokens.reasoning].map(tokenCount)
  const [cacheRead, cacheWrite] = [cache.read, cache.write].map(tokenCount)
  const isWithin = tokens.total === input! + output! + cacheRead! + cacheWrite!
  return {
    input: input!,
    output: isWithin ? output! : output! + reasoning!,
    cacheRead: cacheRead!,
    cacheWrite: cacheWrite!,
  }
}

/** Reads a part's record; null for parts that tell nothing. Never throws. */
export function partOf(fields: Fields, place: Place = {}): Found<PartRecord> {
  const texts = new Texts()
  const id = texts.take(fields.id) ?? place.id
  const messageId = texts.take(fields.messageID) ?? place.messageId
  const sessionId = texts.take(fields.sessionID) ?? place.sessionId ?? null
  const body = bodyOf(fields, texts)
  const isNamed = body !== null && id !== undefined && messageId !== undefined
  return { record: isNamed ? { id, messageId, sessionId, ...body } : null, isIncomplete: texts.sawCut }
}

type Body<T> = T extends unknown ? Omit<T, keyof OfMessage> : never

function bodyOf(fields: Fields, texts: Texts): Body<PartRecord> | null {
  switch (fields.type) {
    case 'tool':
      return toolOf(fields, texts)
    case 'text':
      return isTyped(fields) ? { type: 'typed' } : null
    case 'file':
    case 'subtask':
      return { type: 'typed' }
    case 'compaction':
      return { type: 'compaction' }
    case 'retry': {
      const at = timeOf(inner(fields.time).created)
      const error = isFields(fields.error) ? errorCategory(fields.error) : 'other'
      return at === null || error === null ? null : { type: 'retry', at, error }
    }
    default:
      return null
  }
}

/** `synthetic` is what OpenCode put into a person's message, `ignored` what plugins only show. */
function isTyped({ text, synthetic, ignored }: Fields): boolean {
  return typeof text === 'string' && text.trim() !== '' && synthetic !== true && ignored !== true
}

/** A call that is pending has neither its input nor a time yet, and may never be made. */
function toolOf(fields: Fields, texts: Texts): (Omit<ToolPart, 'path'> & { path: string | null }) | null {
  const state = inner(fields.state)
  const callId = texts.take(fields.callID)
  const time = inner(state.time)
  const startedAt = timeOf(time.start)
  if (callId === null || startedAt === null || state.status === 'pending') return null
  const input = inner(state.input)
  const metadata = inner(state.metadata)
  return {
    type: 'tool',
    callId,
    tool: texts.take(fields.tool) ?? '',
    status: statusOf(state),
    startedAt,
    endedAt: timeOf(time.end) ?? startedAt,
    path: texts.take(input.filePath ?? input.path),
    agentType: texts.take(input.subagent_type),
    hasSession: texts.take(metadata.sessionId) !== null,
    isInBackground: metadata.background === true,
  }
}

function statusOf(state: Fields): ToolPart['status'] {
  switch (state.status) {
    case 'running':
    case 'completed':
      return state.status
    case 'error': {
      const isStopped = inner(state.metadata).interrupted === true
      return isStopped || (typeof state.error === 'string' && wasStopped(state.error)) ? 'unknown' : 'failed'
    }
    default:
      return 'unknown'
  }
}

function inner(value: unknown): Fields {
  return isFields(value) ? value : {}
}
