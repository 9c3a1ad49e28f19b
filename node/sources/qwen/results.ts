import type { ToolStatus } from '../../../core/events.ts'
import type { Texts } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isFields } from '../json-line.ts'
import type { Common, ResultRecord } from './record.ts'

/** What a subagent's result says while the subagent still runs. */
export const RUNNING = new Set<unknown>(['running', 'background', 'paused'])

/** Reduces a record of calls' results. */
export function resultOf(common: Common, parts: readonly Fields[], told: Fields, texts: Texts): ResultRecord {
  const toldId = texts.take(told.callId)
  const results: ResultRecord['results'] = []
  const say = (callId: string, status: ToolStatus, duration: unknown) => {
    results.push({ callId, status, ...(typeof duration === 'number' && { durationMs: duration }) })
  }
  for (const { functionResponse } of parts) {
    const callId = isFields(functionResponse) ? texts.take(functionResponse.id) : null
    if (!isFields(functionResponse) || callId === null) continue
    const isTold = toldId === null || toldId === callId
    const status = (isTold ? statusOf(told.status) : null) ?? statusOfResponse(functionResponse.response)
    say(callId, status, isTold ? told.durationMs : undefined)
  }
  if (toldId !== null && results.length === 0)
    say(toldId, statusOf(told.status) ?? 'unknown', told.durationMs)
  const display = isFields(told.resultDisplay) ? told.resultDisplay : {}
  return { common, type: 'results', results, isAgentRunning: RUNNING.has(display.status) }
}

/** The scheduler's word; a call that a person refused or stopped is `cancelled`. null where it says nothing. */
function statusOf(word: unknown): ToolStatus | null {
  if (word === 'success') return 'completed'
  if (word === 'error') return 'failed'
  return typeof word === 'string' ? 'unknown' : null
}

/** What the model is told, in the keys that Gemini's API has for it: `output` or `error`. */
function statusOfResponse(response: unknown): ToolStatus {
  if (!isFields(response)) return 'unknown'
  const { error } = response
  if (error !== undefined && error !== null) {
    return typeof error === 'string' && error.startsWith('[Operation Cancelled]') ? 'unknown' : 'failed'
  }
  return 'output' in response ? 'completed' : 'unknown'
}
