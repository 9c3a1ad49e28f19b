import type { ErrorCategory, Tokens, ToolStatus } from '../../../core/events.ts'
import { derivedId } from '../derived-id.ts'
import { listOf, Texts, timeOf, tokenCount } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isFields } from '../json-line.ts'
import type { Found } from '../records.ts'
import { errorCategory } from './errors.ts'

/**
 * A record of a pi session file, reduced to the fields that VibeTea uses. As badlogic/pi-mono writes them
 * (packages/coding-agent: docs/session.md, session-manager.ts; packages/ai: types.ts), versions 1 to 3 of the format.
 * An allow-list: an unknown type or role is no record, a field of a wrong type is no field.
 */
export type PiRecord =
  HeaderRecord | AnswerRecord | ResultRecord | PromptRecord | CompactionRecord | TitleRecord

export interface HeaderRecord {
  type: 'header'
  /** ms since 1970; null where it does not say. */
  at: number | null
  sessionId: string
  cwd: string | null
  /** The file that this one was branched from, as it was named then; null where it was not. */
  parent: string | null
}

/** When something happened. */
interface Dated {
  /** ms since 1970; null where the record has no time. */
  at: number | null
  /** As `at`, but the same in every copy: the first versions gave a branched session's copies a new time. */
  origin: number | null
}

export interface AnswerRecord extends Dated {
  type: 'answer'
  messageId: string
  model: string
  tokens: Tokens
  calls: { callId: string; tool: string; path?: string }[]
  /** `error` and `aborted` may come with a part of an answer. */
  end: 'turn' | 'calls' | 'error' | 'aborted' | 'unknown'
  error: ErrorCategory
}

export interface ResultRecord extends Dated {
  type: 'result'
  callId: string
  tool: string
  status: ToolStatus
}

export interface PromptRecord extends Dated {
  type: 'prompt'
  text: string
}

export interface CompactionRecord extends Dated {
  type: 'compaction'
}

export interface TitleRecord {
  type: 'title'
  title: string
}

const TYPES = new Set(['session', 'message', 'compaction', 'session_info'])

/** Whether records of a type are read at all. */
export function isWantedType(type: string): boolean {
  return TYPES.has(type)
}

/** Reduces a parsed record. Never throws. */
export function recordOf(fields: Fields): Found<PiRecord> {
  const texts = new Texts()
  const record = bodyOf(fields, texts)
  return { record, isIncomplete: texts.sawCut }
}

function bodyOf(fields: Fields, texts: Texts): PiRecord | null {
  switch (fields.type) {
    case 'session':
      return headerOf(fields, texts)
    case 'message':
      return isFields(fields.message) ? messageOf(fields, fields.message, texts) : null
    case 'compaction': {
      const at = timeOf(fields.timestamp)
      return { type: 'compaction', at, origin: at }
    }
    case 'session_info': {
      const title = texts.take(fields.name)
      return title === null ? null : { type: 'title', title }
    }
    default:
      return null
  }
}

function headerOf(fields: Fields, texts: Texts): HeaderRecord | null {
  const sessionId = texts.take(fields.id)
  if (sessionId === null) return null
  return {
    type: 'header',
    at: timeOf(fields.timestamp),
    sessionId,
    cwd: texts.take(fields.cwd),
    parent: texts.take(fields.parentSession ?? fields.branchedFrom),
  }
}

/** A file's name has at most so many characters on all systems; a path that a record names may have any number. */
const MAX_NAME = 255

/** Files are named `<time>_<session>.jsonl`, where a person did not choose another name. */
export function sessionIdInName(path: string): string | null {
  return /\d{4}-\d\d-\d\dT[\d-]+Z_([^\\/]+)\.jsonl$/.exec(path.slice(-MAX_NAME))?.[1] ?? null
}

function messageOf(fields: Fields, message: Fields, texts: Texts): PiRecord | null {
  const recorded = timeOf(fields.timestamp)
  const happened = timeOf(message.timestamp) ?? recorded
  switch (message.role) {
    case 'assistant':
      // A message's own time is when its answer began; its calls run when all of it is there.
      return { ...answerOf(message, happened, texts), at: recorded ?? happened, origin: happened }
    case 'toolResult':
      return resultOf(message, { at: happened, origin: happened }, texts)
    case 'user':
      return promptOf(message.content, { at: happened, origin: happened }, texts)
    default:
      return null
  }
}

/** What the reason to stop means; `length` is an answer that became too long. */
const ENDS: Readonly<Record<string, AnswerRecord['end']>> = {
  stop: 'turn',
  length: 'turn',
  toolUse: 'calls',
  error: 'error',
  aborted: 'aborted',
}

function answerOf(message: Fields, at: number | null, texts: Texts): Omit<AnswerRecord, keyof Dated> {
  const model = texts.take(message.model) ?? ''
  const usage = isFields(message.usage) ? message.usage : {}
  const tokens: Tokens = {
    input: tokenCount(usage.input),
    output: tokenCount(usage.output),
    cacheRead: tokenCount(usage.cacheRead),
    cacheWrite: tokenCount(usage.cacheWrite),
  }
  const { stopReason, errorMessage } = message
  const isKnown = typeof stopReason === 'string' && Object.hasOwn(ENDS, stopReason)
  return {
    type: 'answer',
    // An entry's id is given anew when a file of version 1 is opened by a later version, and version 1 has none.
    messageId: derivedId(['pi', at, model, tokens.input, tokens.output, tokens.cacheRead, tokens.cacheWrite]),
    model,
    tokens,
    calls: callsOf(message.content, texts),
    end: isKnown ? ENDS[stopReason]! : 'unknown',
    error: typeof errorMessage === 'string' ? errorCategory(errorMessage) : 'other',
  }
}

function callsOf(content: unknown, texts: Texts): AnswerRecord['calls'] {
  const calls: AnswerRecord['calls'] = []
  for (const block of listOf(content)) {
    if (!isFields(block) || block.type !== 'toolCall') continue
    const callId = texts.take(block.id)
    if (callId === null) continue
    const input = isFields(block.arguments) ? block.arguments : {}
    const path = texts.take(input.path ?? input.file_path)
    calls.push({ callId, tool: texts.take(block.name) ?? '', ...(path !== null && { path }) })
  }
  return calls
}

function resultOf(message: Fields, dated: Dated, texts: Texts): ResultRecord | null {
  const callId = texts.take(message.toolCallId)
  if (callId === null) return null
  const { isError } = message
  const status = isError === true ? 'failed' : isError === false ? 'completed' : 'unknown'
  return { type: 'result', ...dated, callId, tool: texts.take(message.toolName) ?? '', status }
}

/** A text, or blocks of text and images. */
function promptOf(content: unknown, dated: Dated, texts: Texts): PromptRecord | null {
  const blocks = Array.isArray(content)
    ? (content as unknown[]).filter(isFields)
    : [{ type: 'text', text: content }]
  const said = blocks.flatMap(({ type, text }) => (type === 'text' ? (texts.take(text) ?? []) : []))
  const hasImage = blocks.some(({ type }) => type === 'image')
  if (!hasImage && said.every((text) => text.trim() === '')) return null
  return { type: 'prompt', ...dated, text: said.join('\n') }
}
