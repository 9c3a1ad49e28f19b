import type { ErrorCategory, Tokens } from '../../../core/events.ts'
import { categoryOfText } from '../api-errors.ts'
import { listOf, Texts, timeOf } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isFields } from '../json-line.ts'
import type { Found } from '../records.ts'
import type { Result, Use } from './blocks.ts'
import { resultsOf, saysSomething, usesOf } from './blocks.ts'
import type { Header } from './header.ts'
import { headerOf } from './header.ts'
import { sessionOf, streamBody } from './stream.ts'

/**
 * A record of a Droid session file, or of the output of `droid exec --output-format stream-json`, reduced to what
 * VibeTea uses. The format is not documented; what is known comes from versions 0.81 to 0.229.
 */
export interface DroidRecord {
  /** ms since 1970; null where the record has no time. */
  at: number | null
  /** Unique, and kept when a session is forked; null where the record has none. */
  id: string | null
  /** null where the session is that of the file. */
  sessionId: string | null
  body: Body
}

export type Body =
  | { type: 'start'; header: Header; model: string | null }
  /** `text` where the record has no id by which to know the prompt again. */
  | { type: 'user'; isPrompt: boolean; text: string | null; results: Result[] }
  | { type: 'assistant'; model: string | null; uses: Use[]; isLastWord: boolean }
  | { type: 'notice'; category: ErrorCategory | null }
  | { type: 'calls'; uses: Use[]; results: Result[] }
  | { type: 'compaction' }
  | { type: 'turn end'; turnId: string | null; reason: string }
  | { type: 'completion'; tokens: Tokens | null }
  | { type: 'error'; category: ErrorCategory }

const NONE: Found<DroidRecord> = { record: null, isIncomplete: false }

const TYPES = new Set([
  'session_start',
  'message',
  'compaction_state',
  'agent_turn_outcome',
  'system',
  'tool_call',
  'tool_result',
  'completion',
  'error',
])

/** Whether records of a type are read at all. */
export function isWantedType(type: string): boolean {
  return TYPES.has(type)
}

/** Reduces a parsed record. Never throws. */
export function recordOf(fields: Fields): Found<DroidRecord> {
  const texts = new Texts()
  const body = bodyOf(fields, texts)
  if (!body) return NONE
  const id = texts.take(body.type === 'turn end' ? body.turnId : fields.id)
  const record = { at: timeOf(fields.timestamp), id, sessionId: texts.take(sessionOf(fields)), body }
  return { record, isIncomplete: texts.sawCut }
}

function bodyOf(fields: Fields, texts: Texts): Body | null {
  switch (fields.type) {
    case 'session_start':
      return { type: 'start', header: headerOf(fields, texts), model: null }
    case 'message':
      return isFields(fields.message) ? messageBody(fields, fields.message, texts) : streamBody(fields, texts)
    case 'compaction_state':
      return { type: 'compaction' }
    case 'agent_turn_outcome': {
      const { turnId, reason } = fields
      return {
        type: 'turn end',
        turnId: texts.take(turnId),
        reason: typeof reason === 'string' ? reason : '',
      }
    }
    default:
      return streamBody(fields, texts)
  }
}

function messageBody(fields: Fields, message: Fields, texts: Texts): Body | null {
  const { content } = message
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : listOf(content)
  const visibility = message.visibility ?? fields.visibility
  if (visibility === 'user_only') return { type: 'notice', category: noticeOf(blocks) }
  if (message.role === 'assistant') {
    const uses = usesOf(blocks, texts)
    const isLastWord = uses.length === 0 && visibility !== 'llm_only' && saysSomething(blocks, new Texts())
    return { type: 'assistant', model: texts.take(message.modelId), uses, isLastWord }
  }
  if (message.role !== 'user') return null
  const results = resultsOf(blocks, texts)
  const isPrompt = results.length === 0 && visibility !== 'llm_only' && saysSomething(blocks, texts)
  return { type: 'user', isPrompt, text: null, results }
}

/** What is shown to the person and not to the model may tell why a request failed. */
function noticeOf(blocks: readonly unknown[]): ErrorCategory | null {
  const texts = blocks.flatMap((block) => (isFields(block) ? [block.text] : []))
  return texts.map(categoryOfText).find((category) => category !== null) ?? null
}
