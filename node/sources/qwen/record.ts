import type { ErrorCategory, Tokens, ToolStatus } from '../../../core/events.ts'
import type { CopiedFrom } from '../copies.ts'
import { copiedFromOf } from '../copies.ts'
import { listOf, Texts, timeOf, tokenCount } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isFields } from '../json-line.ts'
import type { Found } from '../records.ts'
import { resultOf, RUNNING } from './results.ts'
import { telemetryOf } from './telemetry.ts'

/**
 * A record of a Qwen Code session file, reduced to the fields that VibeTea uses. As QwenLM/qwen-code writes them
 * (packages/core: chatRecordingService.ts, agent-transcript.ts, uiTelemetry.ts), and in real files of versions 0.18 and
 * 0.21. The envelope is like Claude Code's, a message's parts are Gemini's. An allow-list: an unknown type or subtype is
 * no record, a field of a wrong type is no field.
 */
export type QwenRecord = AssistantRecord | ResultRecord | PlainRecord | ErrorRecord | TextRecord

/** What all records have; `common` in each. */
export interface Common {
  /** ms since 1970; null where the record has no time. */
  at: number | null
  /** Of the record; copies of it in a branched session keep it. */
  uuid: string | null
  sessionId: string | null
  /** Where this record was copied from when the session was branched. */
  copiedFrom: CopiedFrom | null
  cwd: string | null
  branch: string | null
  isSidechain: boolean
}

/** What a model answered. A subagent's tokens stand in the main conversation alone, see `subagentResponse`. */
export interface AssistantRecord {
  common: Common
  type: 'assistant' | 'subagent response'
  model: string
  tokens: Tokens
  calls: ToolCall[]
  /** It says something to the person, beside what it thinks. */
  saysText: boolean
}

export interface ToolCall {
  callId: string
  tool: string
  path?: string
  /** The kind of subagent that this call starts. */
  agentType?: string
  /** The subagent goes on after the call has its result. */
  isInBackground: boolean
}

export interface ResultRecord {
  common: Common
  type: 'results'
  results: { callId: string; status: ToolStatus; durationMs?: number }[]
  /** The subagent that the call started goes on. */
  isAgentRunning: boolean
}

export interface PlainRecord {
  common: Common
  type: 'compaction' | 'turn end' | 'other'
}

export interface ErrorRecord {
  common: Common
  type: 'error'
  category: ErrorCategory
}

/** A prompt, a title that a person chose or a model, or the end of a subagent that went on in the background. */
export interface TextRecord {
  common: Common
  type: 'prompt' | 'chosen title' | 'made title' | 'agent end'
  /** The prompt, the title, or the id of the call that started the subagent. */
  text: string
}

const TYPES = new Set(['user', 'assistant', 'tool_result', 'system'])

/** Whether records of a type are read at all. */
export function isWantedType(type: string): boolean {
  return TYPES.has(type)
}

/** User records that a person wrote; the others are the program's notifications, timers and goals. */
const PERSON_SUBTYPES = new Set<unknown>([undefined, 'mid_turn_user_message', 'realtime_message'])

/** Reduces a parsed record. Never throws. */
export function recordOf(fields: Fields): Found<QwenRecord> {
  const { type, forkedFrom } = fields
  if (typeof type !== 'string' || !TYPES.has(type)) return { record: null, isIncomplete: false }
  const texts = new Texts()
  const common: Common = {
    at: timeOf(fields.timestamp),
    uuid: texts.take(fields.uuid),
    sessionId: texts.take(fields.sessionId),
    copiedFrom: copiedFromOf(forkedFrom, texts),
    cwd: texts.take(fields.cwd),
    branch: texts.take(fields.gitBranch),
    isSidechain: fields.isSidechain === true,
  }
  const record = bodyOf(type, common, fields, texts) ?? { common, type: 'other' }
  return { record, isIncomplete: texts.sawCut }
}

function bodyOf(type: string, common: Common, fields: Fields, texts: Texts): QwenRecord | null {
  switch (type) {
    case 'assistant':
      return assistantOf(common, fields, texts)
    case 'tool_result':
      return resultOf(
        common,
        partsOf(fields),
        isFields(fields.toolCallResult) ? fields.toolCallResult : {},
        texts,
      )
    case 'user':
      return userOf(common, fields, texts)
    default:
      return systemOf(common, fields, texts)
  }
}

function partsOf(fields: Fields): Fields[] {
  return isFields(fields.message) ? listOf(fields.message.parts).filter(isFields) : []
}

function assistantOf(common: Common, fields: Fields, texts: Texts): AssistantRecord {
  const parts = partsOf(fields)
  const usage = isFields(fields.usageMetadata) ? fields.usageMetadata : {}
  const prompt = tokenCount(usage.promptTokenCount)
  const cached = tokenCount(usage.cachedContentTokenCount)
  const output = tokenCount(usage.candidatesTokenCount) + tokenCount(usage.thoughtsTokenCount)
  return {
    common,
    type: 'assistant',
    model: texts.take(fields.model) ?? '',
    tokens: tokensOf(prompt, cached, output),
    calls: parts.flatMap((part) => callOf(part.functionCall, texts) ?? []),
    saysText: parts.some(({ text, thought }) => typeof text === 'string' && text !== '' && thought !== true),
  }
}

/** The count of the prompt includes what came from the cache. */
export function tokensOf(prompt: number, cached: number, output: number): Tokens {
  return { input: Math.max(0, prompt - cached), output, cacheRead: cached, cacheWrite: 0 }
}

function callOf(value: unknown, texts: Texts): ToolCall | null {
  if (!isFields(value)) return null
  const callId = texts.take(value.id)
  if (callId === null) return null
  const tool = texts.take(value.name) ?? ''
  const args = isFields(value.args) ? value.args : {}
  const path = texts.take(args.file_path ?? args.absolute_path ?? args.notebook_path ?? args.path)
  const agentType = startsAgent(tool) ? texts.take(args.subagent_type) : null
  return {
    callId,
    tool,
    ...(path !== null && { path }),
    ...(agentType !== null && { agentType }),
    isInBackground: args.run_in_background === true,
  }
}

/** The tool was called `task` before. */
export function startsAgent(tool: string): boolean {
  return tool === 'agent' || tool === 'task'
}

function userOf(common: Common, fields: Fields, texts: Texts): QwenRecord | null {
  const { subtype, provenance, systemPayload } = fields
  if (subtype === 'notification') return notificationOf(common, systemPayload, texts)
  if (common.isSidechain || !PERSON_SUBTYPES.has(subtype)) return null
  if (provenance !== undefined && provenance !== 'real_user') return null
  const said: string[] = []
  let isPrompt = false
  for (const { text, inlineData, fileData, functionResponse } of partsOf(fields)) {
    if (functionResponse !== undefined) return null
    if (isFields(inlineData) || isFields(fileData)) isPrompt = true
    const part = texts.take(text)
    if (part !== null) said.push(part)
  }
  if (!isPrompt && said.every((text) => text.trim() === '')) return null
  return { common, type: 'prompt', text: said.join('\n') }
}

/** A subagent in the background has ended. */
function notificationOf(common: Common, payload: unknown, texts: Texts): QwenRecord | null {
  const task = isFields(payload) && isFields(payload.backgroundTask) ? payload.backgroundTask : {}
  if (task.kind !== 'agent' || RUNNING.has(task.status)) return null
  const callId = texts.take(task.toolUseId)
  return callId === null ? null : { common, type: 'agent end', text: callId }
}

function systemOf(common: Common, fields: Fields, texts: Texts): QwenRecord | null {
  const payload = isFields(fields.systemPayload) ? fields.systemPayload : {}
  switch (fields.subtype) {
    case 'chat_compression':
      return { common, type: 'compaction' }
    case 'turn_result':
      return { common, type: 'turn end' }
    case 'custom_title': {
      const text = texts.take(payload.customTitle)
      const type = payload.titleSource === 'auto' ? 'made title' : 'chosen title'
      return text === null ? null : { common, type, text }
    }
    case 'ui_telemetry':
      return isFields(payload.uiEvent) ? telemetryOf(common, payload.uiEvent, texts) : null
    default:
      return null
  }
}
