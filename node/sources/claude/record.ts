import type { ErrorCategory, Tokens } from '../../../core/events.ts'
import type { CopiedFrom } from '../copies.ts'
import { copiedFromOf } from '../copies.ts'
import { listOf, Texts, timeOf, tokenCount } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isCut, isFields } from '../json-line.ts'
import type { Found } from '../records.ts'
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
  /** Where this record was copied from when the session was branched. */
  copiedFrom: CopiedFrom | null
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

const TYPES = new Set(['assistant', 'user', 'system', 'custom-title', 'ai-title'])

/** Whether records of a type are read at all. */
export function isWantedType(type: string): boolean {
  return TYPES.has(type)
}

/** The model of records that Claude Code writes itself. */
export const SYNTHETIC_MODEL = '<synthetic>'

const NONE: Found<ClaudeRecord> = { record: null, isIncomplete: false }

/** Reduces a parsed record. Never throws. */
export function recordOf(fields: Fields): Found<ClaudeRecord> {
  const { type } = fields
  if (typeof type !== 'string' || !TYPES.has(type)) return NONE
  const texts = new Texts()
  const common: Common = {
    at: timeOf(fields.timestamp),
    sessionId: texts.take(fields.sessionId),
    copiedFrom: copiedFromOf(fields.forkedFrom, texts),
    cwd: texts.take(fields.cwd),
    branch: texts.take(fields.gitBranch),
    isSidechain: fields.isSidechain === true,
    agentId: texts.take(fields.agentId),
  }
  const record = bodyOf(type, common, fields, texts)
  return { record, isIncomplete: texts.sawCut }
}

function bodyOf(type: string, common: Common, fields: Fields, texts: Texts): ClaudeRecord | null {
  switch (type) {
    case 'assistant':
      return assistantOf(common, fields, texts)
    case 'user':
      return userOf(common, fields, texts)
    case 'system':
      return systemOf(common, fields)
    default: {
      const isChosen = type === 'custom-title'
      const title = texts.take(isChosen ? fields.customTitle : fields.aiTitle)
      return title === null ? null : { common, type: 'title', title, isChosen }
    }
  }
}

function assistantOf(common: Common, fields: Fields, texts: Texts): AssistantRecord {
  const message = isFields(fields.message) ? fields.message : {}
  const isError = fields.isApiErrorMessage === true
  return {
    common,
    type: 'assistant',
    messageId: texts.take(message.id),
    model: texts.take(message.model) ?? '',
    tokens: isFields(message.usage) ? tokensOf(message.usage) : null,
    endsTurn: message.stop_reason === 'end_turn',
    toolUses: toolUsesOf(message.content, texts),
    error: isError ? errorCategory(fields) : null,
  }
}

function tokensOf(usage: Fields): Tokens {
  return {
    input: tokenCount(usage.input_tokens),
    output: tokenCount(usage.output_tokens),
    cacheRead: tokenCount(usage.cache_read_input_tokens),
    cacheWrite: tokenCount(usage.cache_creation_input_tokens) || cacheWriteByAge(usage.cache_creation),
  }
}

/** Before 2.1.152 the sum could read 0 while its parts were right. */
function cacheWriteByAge(parts: unknown): number {
  if (!isFields(parts)) return 0
  return tokenCount(parts.ephemeral_5m_input_tokens) + tokenCount(parts.ephemeral_1h_input_tokens)
}

function toolUsesOf(content: unknown, texts: Texts): ToolUse[] {
  const uses: ToolUse[] = []
  for (const block of listOf(content)) {
    if (!isFields(block) || block.type !== 'tool_use') continue
    const callId = texts.take(block.id)
    if (callId === null) continue
    const use: ToolUse = { callId, tool: texts.take(block.name) ?? '' }
    if (isFields(block.input)) {
      const { input } = block
      const path = texts.take(input.file_path ?? input.notebook_path ?? input.path)
      if (path !== null) use.path = path
      if (use.tool === 'Task' || use.tool === 'Agent') {
        const agentType = texts.take(input.subagent_type)
        if (agentType !== null) use.agentType = agentType
      }
    }
    uses.push(use)
  }
  return uses
}

function userOf(common: Common, fields: Fields, texts: Texts): UserRecord {
  const content = isFields(fields.message) ? fields.message.content : undefined
  const results: UserRecord['results'] = []
  for (const block of listOf(content)) {
    if (!isFields(block) || block.type !== 'tool_result') continue
    const callId = texts.take(block.tool_use_id)
    if (callId !== null) results.push({ callId, isError: block.is_error === true })
  }
  const said = whatWasSaid(fields, content)
  if (said.kind === 'prompt' && isCut(said.text)) texts.sawCut = true
  return { common, type: 'user', results, agent: agentOf(fields.toolUseResult, texts), said }
}

function agentOf(result: unknown, texts: Texts): UserRecord['agent'] {
  if (!isFields(result)) return null
  const agentId = texts.take(result.agentId)
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
