import type { ErrorCategory } from '../../../core/events.ts'
import { categoryOfStatus, categoryOfText } from '../api-errors.ts'
import type { Texts } from '../fields.ts'
import { tokenCount } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import type { AssistantRecord, Common, ErrorRecord } from './record.ts'
import { tokensOf } from './record.ts'

/**
 * What the main conversation's `ui_telemetry` adds. It tells of every request: those of its own stand with their
 * records as well, those of subagents in full here alone, as a subagent's file, where there is one, leaves out the
 * answers that are only calls.
 */
export function telemetryOf(
  common: Common,
  event: Fields,
  texts: Texts,
): AssistantRecord | ErrorRecord | null {
  switch (event['event.name']) {
    case 'qwen-code.api_error':
      return { common, type: 'error', category: categoryOf(event) }
    case 'qwen-code.api_response':
      return isOfSubagent(event) ? subagentResponse(common, event, texts) : null
    default:
      return null
  }
}

/** From the answer's status, a number or its text, else from the name of the error's class. */
function categoryOf({ status_code: status, error_type: type }: Fields): ErrorCategory {
  const code = typeof status === 'string' && /^\d{3}$/.test(status) ? Number(status) : status
  const known = categoryOfStatus(code) ?? categoryOfText(type)
  return (
    known ?? (typeof type === 'string' && /api|server|request/i.test(type.slice(0, 100)) ? 'api' : 'other')
  )
}

/** Requests of subagents are named, and numbered `<session>#<subagent>#<round>`; the session's `<session>########<n>`. */
function isOfSubagent({ subagent_id: id, subagent_name: name, prompt_id: prompt }: Fields): boolean {
  if ([id, name].some((each) => typeof each === 'string' && each !== '')) return true
  return typeof prompt === 'string' && /^[^#]+#[^#]+#\d+$/.test(prompt)
}

function subagentResponse(common: Common, event: Fields, texts: Texts): AssistantRecord {
  const cached = tokenCount(event.cached_content_token_count)
  const output = tokenCount(event.output_token_count) + tokenCount(event.thoughts_token_count)
  return {
    common,
    type: 'subagent response',
    model: texts.take(event.model) ?? '',
    tokens: tokensOf(tokenCount(event.input_token_count), cached, output),
    calls: [],
    saysText: false,
  }
}
