import type { ErrorCategory, Tokens, ToolStatus } from '../../../core/events.ts'
import type { Fields } from '../json-line.ts'
import { listOf, Texts, timeOf, tokenCount } from '../fields.ts'
import { isFields } from '../json-line.ts'
import type { Found } from '../records.ts'
import { errorCategory } from './errors.ts'
import type { Said } from './said.ts'
import { hasCall, textOf, whatWasSaid } from './said.ts'

/**
 * A record of a Gemini CLI session file, reduced to the fields that VibeTea uses: a line, or a whole document, which
 * is a first line that holds the messages too. The format is that of google-gemini/gemini-cli,
 * packages/core/src/services/chatRecordingService.ts, from August 2025 to August 2026. Everything here is an
 * allow-list: an unknown type is no record, a field of a wrong type is no field.
 */
export type GeminiRecord = SessionRecord | Message | { type: 'rewind' }

export interface SessionRecord {
  type: 'session'
  sessionId: string | null
  projectHash: string | null
  isSubagent: boolean
  startedAt: number | null
  updatedAt: number | null
  directories: string[]
  summary: string | null
  messages: Message[]
  /** The messages are the whole conversation as it is from now on, much of it seen before. */
  isCheckpoint: boolean
}

export type Message = UserMessage | ModelMessage | Notice

interface Common {
  id: string
  /** ms since 1970; null where the message has no time. */
  at: number | null
}

export interface UserMessage extends Common {
  type: 'user'
  said: Said
}

export interface ModelMessage extends Common {
  type: 'gemini'
  model: string
  /** null where it does not say. */
  tokens: Tokens | null
  /** The API answered; what Gemini CLI itself adds has neither model nor tokens. */
  isResponse: boolean
  /** It says something to people and asks for no call. */
  isAnswer: boolean
  /** What Gemini CLI writes for the model after a summary. */
  acknowledges: boolean
  calls: Call[]
}

export interface Call {
  callId: string
  tool: string
  status: ToolStatus
  /** A person is asked whether it may run. */
  awaitsApproval: boolean
  /** A person did not let it run, or stopped it. */
  isCancelled: boolean
  at: number | null
  path?: string
  /** The subagent that it started. */
  agentId?: string
  agentType?: string
}

export interface Notice extends Common {
  type: 'notice'
  /** null where it is not about an error. */
  error: ErrorCategory | null
  says: 'cancelled' | 'compacted' | 'request failed' | 'other'
}

/** Reduces a parsed record. Never throws. */
export function recordOf(fields: Fields): Found<GeminiRecord> {
  const texts = new Texts()
  const record = bodyOf(fields, texts)
  return { record, isIncomplete: texts.sawCut }
}

function bodyOf(fields: Fields, texts: Texts): GeminiRecord | null {
  if (typeof fields.$rewindTo === 'string') return { type: 'rewind' }
  if (typeof fields.id === 'string') return messageOf(fields, texts)
  if (isFields(fields.$set)) return sessionOf(fields.$set, texts, true)
  return isSession(fields) ? sessionOf(fields, texts, false) : null
}

/** Whether it is the first line of a file, or a document. */
export function isSession({ $rewindTo, id, $set, sessionId }: Fields): boolean {
  if (typeof $rewindTo === 'string' || typeof id === 'string' || isFields($set)) return false
  return typeof sessionId === 'string'
}

/** Directories of a session that are looked at: each is hashed. */
const MAX_DIRECTORIES = 256

function sessionOf(fields: Fields, texts: Texts, isUpdate: boolean): SessionRecord {
  const messages = listOf(fields.messages).flatMap((each) =>
    isFields(each) ? (messageOf(each, texts) ?? []) : [],
  )
  return {
    type: 'session',
    sessionId: texts.take(fields.sessionId),
    projectHash: texts.take(fields.projectHash),
    isSubagent: fields.kind === 'subagent',
    startedAt: timeOf(fields.startTime),
    updatedAt: timeOf(fields.lastUpdated),
    directories: listOf(fields.directories)
      .slice(0, MAX_DIRECTORIES)
      .flatMap((each) => texts.take(each) ?? []),
    summary: typeof fields.summary === 'string' && fields.summary !== '' ? fields.summary : null,
    messages,
    isCheckpoint: isUpdate && messages.length > 0,
  }
}

function messageOf(fields: Fields, texts: Texts): Message | null {
  const id = texts.take(fields.id)
  if (id === null) return null
  const common = { id, at: timeOf(fields.timestamp) }
  switch (fields.type) {
    case 'user':
      return { ...common, type: 'user', said: whatWasSaid(fields.content) }
    case 'gemini':
      return modelMessageOf(common, fields, texts)
    case 'info':
    case 'warning':
    case 'error':
      return noticeOf(common, fields.type, textOf(fields.content))
    default:
      return null
  }
}

/** What Gemini CLI has the model say after the summary of a compacted conversation. */
const ACKNOWLEDGEMENT = 'Got it. Thanks for the additional context!'

function modelMessageOf(common: Common, fields: Fields, texts: Texts): ModelMessage {
  const text = textOf(fields.content)
  const model = texts.take(fields.model) ?? ''
  const tokens = isFields(fields.tokens) ? tokensOf(fields.tokens) : null
  const calls = listOf(fields.toolCalls).flatMap((each, i) =>
    isFields(each) ? callOf(each, `${common.id}#${i}`, texts) : [],
  )
  return {
    ...common,
    type: 'gemini',
    model,
    tokens,
    isResponse: model !== '' || tokens !== null,
    isAnswer: text !== '' && calls.length === 0 && !hasCall(fields.content),
    acknowledges: text === ACKNOWLEDGEMENT,
    calls,
  }
}

/** `input` holds what was cached, `output` leaves out what was thought. */
function tokensOf(tokens: Fields): Tokens {
  const cached = tokenCount(tokens.cached)
  return {
    input: Math.max(0, tokenCount(tokens.input) - cached),
    output: tokenCount(tokens.output) + tokenCount(tokens.thoughts),
    cacheRead: cached,
    cacheWrite: 0,
  }
}

const RUNNING = new Set(['validating', 'scheduled', 'executing', 'awaiting_approval'])

/** Calls of early versions may have no id; their place among the calls of their message never changes. */
function callOf(fields: Fields, place: string, texts: Texts): Call {
  const { status } = fields
  const args = isFields(fields.args) ? fields.args : {}
  const tool = texts.take(fields.name) ?? ''
  const path = texts.take(args.file_path ?? args.absolute_path ?? args.path)
  const agentId = texts.take(fields.agentId)
  const agentType = tool === 'invoke_agent' ? texts.take(args.agent_name) : tool
  return {
    callId: texts.take(fields.id) ?? place,
    tool,
    status: statusOf(status),
    awaitsApproval: status === 'awaiting_approval',
    isCancelled: status === 'cancelled',
    at: timeOf(fields.timestamp),
    ...(path !== null && { path }),
    ...(agentId !== null && { agentId, ...(agentType && { agentType }) }),
  }
}

function statusOf(status: unknown): ToolStatus {
  if (status === 'success') return 'completed'
  if (status === 'error') return 'failed'
  return typeof status === 'string' && RUNNING.has(status) ? 'started' : 'unknown'
}

const CANCELLED = /^(?:Request cancelled|User cancelled the request)\.$/
const COMPACTED = /^Context compressed from |compressed context will be sent for future messages/

/** Warnings are of many things, few of them errors. */
function noticeOf(common: Common, type: 'info' | 'warning' | 'error', text: string): Notice {
  const category = type === 'info' ? null : errorCategory(text)
  const error = type === 'warning' && category === 'other' ? null : category
  return { ...common, type: 'notice', error, says: whatIsSaid(type, text, error) }
}

function whatIsSaid(type: string, text: string, error: ErrorCategory | null): Notice['says'] {
  if (type === 'error') return error === 'other' ? 'other' : 'request failed'
  if (type !== 'info') return 'other'
  if (CANCELLED.test(text)) return 'cancelled'
  return COMPACTED.test(text) ? 'compacted' : 'other'
}
