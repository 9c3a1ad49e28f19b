import type { ErrorCategory } from '../../../core/events.ts'
import { categoryOfStatus, categoryOfText } from '../api-errors.ts'
import { listOf, Texts, timeOf, tokenCount } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isCut, isFields } from '../json-line.ts'
import { patchedFile } from '../patch.ts'
import type { Found } from '../records.ts'
import type { Usage } from './usage.ts'
import { usageOf } from './usage.ts'

/**
 * A record of a Copilot CLI session file, reduced to what VibeTea uses: `{type, data, id, timestamp, parentId,
 * agentId?}`. The types are those of `generated/session-events.d.ts` in npm's `@github/copilot-sdk` 1.0.14; what is
 * marked `ephemeral` there is not written to the file.
 */
export interface CopilotRecord {
  /** ms since 1970; null where the record has no time. */
  at: number | null
  /** Unique, and kept when a session is forked. */
  id: string | null
  /** A subagent wrote it. */
  isOfSubagent: boolean
  body: Body
}

export type Body =
  | { type: 'start'; sessionId: string | null; parentId: string | null; model: string | null; place: Place }
  | { type: 'resume'; model: string | null; place: Place }
  | { type: 'place'; place: Place }
  | { type: 'model'; model: string | null }
  | { type: 'prompt' }
  | { type: 'message'; messageId: string | null; model: string | null; output: number; requests: Call[] }
  | { type: 'turn end' }
  | { type: 'call'; call: Call }
  | { type: 'result'; callId: string; isSuccess: boolean | null }
  | { type: 'agent'; agentId: string; agentType: string | null; state: 'started' | 'finished' }
  | { type: 'request'; requestId: string; reason: 'permission' | 'question'; after: string }
  | { type: 'answer'; requestId: string }
  | { type: 'compaction' }
  | { type: 'error'; category: ErrorCategory }
  | { type: 'abort' }
  | { type: 'shutdown'; usage: ReadonlyMap<string, Usage> }

/** Where a session works. */
export interface Place {
  cwd: string | null
  branch: string | null
}

export interface Call {
  callId: string
  tool: string
  path?: string
}

const NONE: Found<CopilotRecord> = { record: null, isIncomplete: false }

type BodyReader = (data: Fields, texts: Texts) => Body | null

const READERS: Readonly<Record<string, BodyReader>> = {
  'session.start': (data, texts) => ({
    type: 'start',
    sessionId: texts.take(data.sessionId),
    parentId: texts.take(data.detachedFromSpawningParentSessionId),
    model: modelOf(data.selectedModel, texts),
    place: placeOf(data.context, texts),
  }),
  'session.resume': (data, texts) => ({
    type: 'resume',
    model: modelOf(data.selectedModel, texts),
    place: placeOf(data.context, texts),
  }),
  'session.context_changed': (data, texts) => ({ type: 'place', place: placeOf(data, texts) }),
  'session.model_change': (data, texts) => ({ type: 'model', model: modelOf(data.newModel, texts) }),
  'assistant.turn_start': (data, texts) => ({ type: 'model', model: modelOf(data.model, texts) }),
  'user.message': (data) => (isTyped(data) ? { type: 'prompt' } : null),
  'assistant.message': (data, texts) => ({
    type: 'message',
    messageId: texts.take(data.messageId),
    model: modelOf(data.model, texts),
    output: tokenCount(data.outputTokens),
    requests: listOf(data.toolRequests).flatMap((each) => callOf(each, 'name', texts) ?? []),
  }),
  'assistant.turn_end': () => ({ type: 'turn end' }),
  'tool.execution_start': callBody,
  'tool.user_requested': callBody,
  'tool.execution_complete': (data, texts) => {
    const callId = texts.take(data.toolCallId)
    return callId === null
      ? null
      : { type: 'result', callId, isSuccess: typeof data.success === 'boolean' ? data.success : null }
  },
  'subagent.started': (data, texts) => agentBody(data, 'started', texts),
  'subagent.completed': (data, texts) => agentBody(data, 'finished', texts),
  'subagent.failed': (data, texts) => agentBody(data, 'finished', texts),
  'permission.requested': (data, texts) =>
    data.resolvedByHook === true ? null : requestBody(data, 'permission', data.permissionRequest, texts),
  'permission.completed': answerBody,
  'user_input.requested': (data, texts) => requestBody(data, 'question', data, texts),
  'user_input.completed': answerBody,
  'elicitation.requested': (data, texts) => requestBody(data, 'question', data, texts),
  'elicitation.completed': answerBody,
  'session.compaction_complete': (data) => (data.success === false ? null : { type: 'compaction' }),
  'session.error': (data) => ({ type: 'error', category: errorCategory(data) }),
  abort: () => ({ type: 'abort' }),
  'session.shutdown': (data) => ({ type: 'shutdown', usage: usageOf(data) }),
}

/** Whether records of a type are read at all. */
export function isWantedType(type: string): boolean {
  return Object.hasOwn(READERS, type)
}

/** Reduces a parsed record. Never throws. */
export function recordOf(fields: Fields): Found<CopilotRecord> {
  const { type, data } = fields
  if (typeof type !== 'string' || !isWantedType(type) || !isFields(data)) return NONE
  const texts = new Texts()
  const body = READERS[type]!(data, texts)
  if (!body) return NONE
  const record: CopilotRecord = {
    at: timeOf(fields.timestamp),
    id: texts.take(fields.id),
    isOfSubagent: isText(fields.agentId) || isText(data.parentToolCallId),
    body,
  }
  return { record, isIncomplete: texts.sawCut }
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

/** `auto` leaves the choice to Copilot, and is no model. */
function modelOf(value: unknown, texts: Texts): string | null {
  return value === 'auto' ? null : texts.take(value)
}

function placeOf(context: unknown, texts: Texts): Place {
  if (!isFields(context)) return { cwd: null, branch: null }
  return { cwd: texts.take(context.cwd), branch: texts.take(context.branch) }
}

/** Skills, subagents and the runtime itself write messages in the person's place; `source` tells of them. */
function isTyped(data: Fields): boolean {
  if (data.isAutopilotContinuation === true) return false
  if (isText(data.source) && data.source !== 'user') return false
  const { content } = data
  return (typeof content === 'string' && content.trim() !== '') || listOf(data.attachments).length > 0
}

function callBody(data: Fields, texts: Texts): Body | null {
  const call = callOf(data, 'toolName', texts)
  return call && { type: 'call', call }
}

function callOf(value: unknown, nameField: 'name' | 'toolName', texts: Texts): Call | null {
  if (!isFields(value)) return null
  const callId = texts.take(value.toolCallId)
  if (callId === null) return null
  const tool = texts.take(value[nameField]) ?? ''
  const path = isFields(value.arguments)
    ? texts.take(value.arguments.path ?? value.arguments.file_path)
    : fileOfPatch(tool, value.arguments, texts)
  return { callId, tool, ...(path !== null && { path }) }
}

function fileOfPatch(tool: string, patch: unknown, texts: Texts): string | null {
  if (tool !== 'apply_patch' || typeof patch !== 'string') return null
  if (isCut(patch)) texts.sawCut = true
  return patchedFile(patch)
}

function agentBody(data: Fields, state: 'started' | 'finished', texts: Texts): Body | null {
  const agentId = texts.take(data.toolCallId)
  return agentId === null ? null : { type: 'agent', agentId, agentType: texts.take(data.agentName), state }
}

function requestBody(
  data: Fields,
  reason: 'permission' | 'question',
  about: unknown,
  texts: Texts,
): Body | null {
  const requestId = texts.take(data.requestId)
  if (requestId === null) return null
  const callId = isFields(about) ? texts.take(about.toolCallId) : null
  return { type: 'request', requestId, reason, after: callId ?? requestId }
}

function answerBody(data: Fields, texts: Texts): Body | null {
  const requestId = texts.take(data.requestId)
  return requestId === null ? null : { type: 'answer', requestId }
}

/** Words of `errorType`. */
const BY_TYPE: Readonly<Record<string, ErrorCategory>> = {
  authentication: 'auth',
  authorization: 'auth',
  quota: 'rate-limit',
  rate_limit: 'rate-limit',
  context_limit: 'api',
}

function errorCategory(data: Fields): ErrorCategory {
  const { errorType } = data
  if (typeof errorType === 'string' && Object.hasOwn(BY_TYPE, errorType)) return BY_TYPE[errorType]!
  return categoryOfStatus(data.statusCode) ?? categoryOfText(data.message) ?? 'other'
}
