import type { ErrorCategory, Tokens } from '../../../core/events.ts'
import type { Fields } from '../json-line.ts'
import { isCut, isFields } from '../json-line.ts'
import { errorCategory } from './errors.ts'
import type { Said } from './prompt.ts'
import { whatWasSaid } from './prompt.ts'

/**
 * A record of a Claude Code session file, reduced to the fields that VibeTea uses. The format is not documented; what
 * is known comes from real files of versions 1.0.17 to 2.1.237. New types of records appear every few weeks, so
 * everything here is an allow-list: an unknown type is no record, a field of a wrong type is no field.
 */
export type ClaudeRecord = AssistantRecord | UserRecord | SystemRecord | TitleRecord

/** What all records have; `common` in each. */
export interface Common {
  /** ms since 1970; null where the record has no time. */
  at: number | null
  sessionId: string | null
  cwd: string | null
  branch: string | null
  isSidechain: boolean
  /** The subagent that wrote the record; null in the main conversation and in versions before 2.0. */
  agentId: string | null
}

export interface AssistantRecord {
  common: Common
  type: 'assistant'
  messageId: string | null
  model: string
  /** null where the record does not say. */
  tokens: Tokens | null
  /** The model has said all it had to say. */
  endsTurn: boolean
  toolUses: ToolUse[]
  /** The record stands for a failed request. */
  error: ErrorCategory | null
}

export interface ToolUse {
  callId: string
  tool: string
  path?: string
  /** The kind of subagent that this call starts. */
  agentType?: string
}

export interface UserRecord {
  common: Common
  type: 'user'
  results: { callId: string; isError: boolean }[]
  /** The subagent that a call in `results` started, and whether it goes on in the background. */
  agent: { agentId: string; isRunning: boolean } | null
  said: Said
}

export interface SystemRecord {
  common: Common
  type: 'system'
  what: 'turn end' | 'compaction' | 'error' | 'other'
  error: ErrorCategory | null
}

export interface TitleRecord {
  common: Common
  type: 'title'
  title: string
  /** A person chose it. */
  isChosen: boolean
}

export interface Found {
  record: ClaudeRecord | null
  /** A text that matters was cut: read the line again, whole. */
  isIncomplete: boolean
}

const TYPES = new Set(['assistant', 'user', 'system', 'custom-title', 'ai-title'])

/** Whether records of a type are read at all. */
export function isWantedType(type: string): boolean {
  return TYPES.has(type)
}

/** The model of records that Claude Code writes itself. */
export const SYNTHETIC_MODEL = '<synthetic>'

const NONE: Found = { record: null, isIncomplete: false }

/** Reduces a parsed record. Never throws. */
export function recordOf(fields: Fields): Found {
  const { type } = fields
  if (typeof type !== 'string' || !TYPES.has(type)) return NONE
  const reading = new Reading()
  const common: Common = {
    at: timeOf(fields.timestamp),
    sessionId: reading.text(fields.sessionId),
    cwd: reading.text(fields.cwd),
    branch: reading.text(fields.gitBranch),
    isSidechain: fields.isSidechain === true,
    agentId: reading.text(fields.agentId),
  }
  const record = bodyOf(type, common, fields, reading)
  return { record, isIncomplete: reading.sawCut }
}

function bodyOf(type: string, common: Common, fields: Fields, reading: Reading): ClaudeRecord | null {
  switch (type) {
    case 'assistant':
      return assistantOf(common, fields, reading)
    case 'user':
      return userOf(common, fields, reading)
    case 'system':
      return systemOf(common, fields)
    default: {
      const isChosen = type === 'custom-title'
      const title = reading.text(isChosen ? fields.customTitle : fields.aiTitle)
      return title === null ? null : { common, type: 'title', title, isChosen }
    }
  }
}

/** Takes texts out of a record and notices where one was cut. */
class Reading {
  sawCut = false

  text(value: unknown): string | null {
    if (typeof value !== 'string' || value === '') return null
    if (isCut(value)) this.sawCut = true
    return value
  }
}

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/

/** ISO text in all versions known; a number is taken for what it must be, seconds or milliseconds since 1970. */
function timeOf(value: unknown): number | null {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 1e8 || value >= 1e14) return null
    return value < 1e11 ? value * 1000 : value
  }
  if (typeof value !== 'string' || !ISO_TIME.test(value)) return null
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? null : ms
}

function assistantOf(common: Common, fields: Fields, reading: Reading): AssistantRecord {
  const message = isFields(fields.message) ? fields.message : {}
  const isError = fields.isApiErrorMessage === true
  return {
    common,
    type: 'assistant',
    messageId: reading.text(message.id),
    model: reading.text(message.model) ?? '',
    tokens: isFields(message.usage) ? tokensOf(message.usage) : null,
    endsTurn: message.stop_reason === 'end_turn',
    toolUses: toolUsesOf(message.content, reading),
    error: isError ? errorCategory(fields) : null,
  }
}

function tokensOf(usage: Fields): Tokens {
  return {
    input: count(usage.input_tokens),
    output: count(usage.output_tokens),
    cacheRead: count(usage.cache_read_input_tokens),
    cacheWrite: count(usage.cache_creation_input_tokens) || cacheWriteByAge(usage.cache_creation),
  }
}

/** Before 2.1.152 the sum could read 0 while its parts were right. */
function cacheWriteByAge(parts: unknown): number {
  if (!isFields(parts)) return 0
  return count(parts.ephemeral_5m_input_tokens) + count(parts.ephemeral_1h_input_tokens)
}

/** A trillion tokens is more than any message has: a wrong number must not drown the right ones. */
function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 1e12 ? value : 0
}

function toolUsesOf(content: unknown, reading: Reading): ToolUse[] {
  const uses: ToolUse[] = []
  if (!Array.isArray(content)) return uses
  for (const block of content as unknown[]) {
    if (!isFields(block) || block.type !== 'tool_use') continue
    const callId = reading.text(block.id)
    if (callId === null) continue
    const use: ToolUse = { callId, tool: reading.text(block.name) ?? '' }
    if (isFields(block.input)) {
      const { input } = block
      const path = reading.text(input.file_path ?? input.notebook_path ?? input.path)
      if (path !== null) use.path = path
      if (use.tool === 'Task' || use.tool === 'Agent') {
        const agentType = reading.text(input.subagent_type)
        if (agentType !== null) use.agentType = agentType
      }
    }
    uses.push(use)
  }
  return uses
}

function userOf(common: Common, fields: Fields, reading: Reading): UserRecord {
  const content = isFields(fields.message) ? fields.message.content : undefined
  const results: UserRecord['results'] = []
  for (const block of Array.isArray(content) ? (content as unknown[]) : []) {
    if (!isFields(block) || block.type !== 'tool_result') continue
    const callId = reading.text(block.tool_use_id)
    if (callId !== null) results.push({ callId, isError: block.is_error === true })
  }
  const said = whatWasSaid(fields, content)
  if (said.kind === 'prompt' && isCut(said.text)) reading.sawCut = true
  return { common, type: 'user', results, agent: agentOf(fields.toolUseResult, reading), said }
}

function agentOf(result: unknown, reading: Reading): UserRecord['agent'] {
  if (!isFields(result)) return null
  const agentId = reading.text(result.agentId)
  if (agentId === null) return null
  return { agentId, isRunning: result.isAsync === true || result.status === 'async_launched' }
}

function systemOf(common: Common, fields: Fields): SystemRecord {
  switch (fields.subtype) {
    case 'turn_duration':
    case 'stop_hook_summary':
      return { common, type: 'system', what: 'turn end', error: null }
    case 'compact_boundary':
      return { common, type: 'system', what: 'compaction', error: null }
    case 'api_error':
      return { common, type: 'system', what: 'error', error: errorCategory(fields) }
    default:
      return { common, type: 'system', what: 'other', error: null }
  }
}
