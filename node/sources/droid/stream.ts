import { categoryOfText } from '../api-errors.ts'
import { Texts, tokenCount } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isFields } from '../json-line.ts'
import type { Result } from './blocks.ts'
import { saysSomething, useOf } from './blocks.ts'
import { headerOf } from './header.ts'
import type { Body } from './record.ts'

/** The records of `droid exec --output-format stream-json`, which people keep in files. */

/** Whether a record is one of these: each names its session. */
export function isStreamed(fields: Fields): boolean {
  return streamBody(fields, new Texts()) !== null
}

export function streamBody(fields: Fields, texts: Texts): Body | null {
  if (sessionOf(fields) === null) return null
  switch (fields.type) {
    case 'system':
      return fields.subtype === undefined || fields.subtype === 'init' ? startBody(fields, texts) : null
    case 'message':
      return messageBody(fields, texts)
    case 'tool_call': {
      const use = useOf(fields.toolCallId ?? fields.id, fields.toolName, fields.parameters, texts)
      return use && { type: 'calls', uses: [use], results: [] }
    }
    case 'tool_result': {
      const callId = texts.take(fields.toolCallId ?? fields.id)
      return callId === null
        ? null
        : { type: 'calls', uses: [], results: [{ callId, status: statusOf(fields) }] }
    }
    case 'completion':
      return { type: 'completion', tokens: isFields(fields.usage) ? tokensOf(fields.usage) : null }
    case 'error':
      return { type: 'error', category: categoryOfText(fields.message) ?? 'other' }
    default:
      return null
  }
}

/** The session that a record of the output names; null where it names none, as those of session files do. */
export function sessionOf(fields: Fields): string | null {
  const id = fields.session_id ?? fields.sessionId
  return typeof id === 'string' && id !== '' ? id : null
}

function startBody(fields: Fields, texts: Texts): Body {
  const header = { ...headerOf({ cwd: fields.cwd }, texts), sessionId: texts.take(sessionOf(fields)) }
  return { type: 'start', header, model: texts.take(fields.model) }
}

function messageBody({ id, role, text }: Fields, texts: Texts): Body | null {
  if (role === 'assistant') return { type: 'assistant', model: null, uses: [], isLastWord: false }
  if (role !== 'user') return null
  const isPrompt = saysSomething([{ type: 'text', text }], texts)
  return { type: 'user', isPrompt, text: typeof id === 'string' ? null : texts.take(text), results: [] }
}

function statusOf({ isError, value }: Fields): Result['status'] {
  if (typeof isError === 'boolean') return isError ? 'failed' : 'completed'
  const code = isFields(value) ? value.exitCode : undefined
  return typeof code === 'number' ? (code === 0 ? 'completed' : 'failed') : 'unknown'
}

function tokensOf(usage: Fields) {
  return {
    input: tokenCount(usage.input_tokens),
    output: tokenCount(usage.output_tokens),
    cacheRead: tokenCount(usage.cache_read_input_tokens),
    cacheWrite: tokenCount(usage.cache_creation_input_tokens),
  }
}
