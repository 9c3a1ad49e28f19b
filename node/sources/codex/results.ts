import type { ToolStatus } from '../../../core/events.ts'
import type { Texts } from '../fields.ts'
import { isCount } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isCut, isFields } from '../json-line.ts'
import { statusOf } from './calls.ts'

/** How a call of a tool ended. */
export interface Result {
  type: 'result'
  callId: string
  status: ToolStatus
  /** As Codex measured it; the times of records say when they were written. */
  durationMs?: number
  /** The subagent that the call started. */
  agentId?: string
  /** The output that the model gets. Other records of the same end come before it and know more. */
  isOutput: boolean
}

type Outcome = Pick<Result, 'status' | 'durationMs' | 'agentId'>

const UNKNOWN: Outcome = { status: 'unknown' }

/** Reduces a `response_item` that is a tool's output; null for any other. */
export function outputOf(payload: Fields, texts: Texts): Result | null {
  const callId = texts.take(payload.call_id)
  if (callId === null) return null
  switch (payload.type) {
    case 'function_call_output':
    case 'custom_tool_call_output':
    case 'local_shell_call_output':
      return { type: 'result', callId, isOutput: true, ...outcomeOf(payload.output, texts) }
    case 'tool_search_output':
      return { type: 'result', callId, isOutput: true, status: statusOf(payload.status) }
    default:
      return null
  }
}

/** Reduces an `event_msg` that tells how a call ended; null for any other. Not every version writes them. */
export function endOf(payload: Fields, texts: Texts): Result | null {
  const isItem = payload.type === 'item_completed' && isFields(payload.item)
  const item = isItem ? (payload.item as Fields) : payload
  const callId = texts.take(isItem ? item.id : item.call_id)
  const status = endStatus(item)
  if (callId === null || status === null) return null
  const durationMs = durationOf(item.duration)
  return { type: 'result', callId, status, isOutput: false, ...(durationMs !== undefined && { durationMs }) }
}

function endStatus(item: Fields): ToolStatus | null {
  switch (item.type) {
    case 'exec_command_end':
    case 'CommandExecution':
      return typeof item.exit_code === 'number' ? byExitCode(item.exit_code) : statusOf(item.status)
    case 'patch_apply_end':
    case 'dynamic_tool_call_response':
      return typeof item.success === 'boolean' ? bySuccess(item.success) : statusOf(item.status)
    case 'FileChange':
      return statusOf(item.status)
    case 'mcp_tool_call_end':
      return mcpStatus(item.result)
    case 'McpToolCall':
      return item.status === 'completed' ? mcpStatus({ Ok: item.result }) : statusOf(item.status)
    default:
      return null
  }
}

/** `{Ok: {isError?}}` or `{Err: text}`. */
function mcpStatus(result: unknown): ToolStatus {
  if (!isFields(result)) return 'unknown'
  if ('Err' in result) return 'failed'
  return 'Ok' in result ? bySuccess(!(isFields(result.Ok) && result.Ok.isError === true)) : 'unknown'
}

const byExitCode = (code: number): ToolStatus => bySuccess(code === 0)
const bySuccess = (isGood: boolean): ToolStatus => (isGood ? 'completed' : 'failed')

/** ms of a duration as Codex writes it, `{secs, nanos}`. */
function durationOf(value: unknown): number | undefined {
  if (!isFields(value)) return undefined
  const { secs, nanos } = value
  if (!isCount(secs) || !isCount(nanos)) return undefined
  return secs * 1000 + nanos / 1e6
}

/** What Codex itself writes before a command's own output. */
const EXIT =
  /^(?:(?:Chunk ID|Wall time|Session ID|Warning): [^\n]*\n){0,6}(?:Exit code:|Process exited with code) (-?\d{1,10})(?:\n|$)/
const SCRIPT = /^Script (completed|failed)\nWall time:? [\d.]+ seconds/
const WALL_TIME = /^(?:[^\n]*\n){0,3}?Wall time:? (\d{1,7}(?:\.\d{1,9})?) seconds(?:\n|$)/

/**
 * How a tool ended, by what the model gets of it: JSON with an exit code (until 0.60), or lines above the output. Where
 * neither says so, it is unknown.
 */
function outcomeOf(output: unknown, texts: Texts): Outcome {
  const text = textOf(output)
  if (text === null) return UNKNOWN
  if (text.startsWith('{')) {
    // The code comes last, behind an output of any length.
    texts.take(text)
    return isCut(text) ? UNKNOWN : fromJson(text)
  }
  const exit = EXIT.exec(text)?.[1]
  const script = SCRIPT.exec(text)?.[1]
  if (exit === undefined && script === undefined) return UNKNOWN
  const seconds = WALL_TIME.exec(text)?.[1]
  return {
    status: exit === undefined ? statusOf(script) : byExitCode(Number(exit)),
    ...(seconds !== undefined && { durationMs: Number(seconds) * 1000 }),
  }
}

/** A text, or the first of several parts. */
function textOf(output: unknown): string | null {
  if (typeof output === 'string') return output
  const part: unknown = Array.isArray(output) ? (output as unknown[])[0] : output
  if (!isFields(part)) return null
  const text = part.text ?? part.content
  return typeof text === 'string' ? text : null
}

function fromJson(text: string): Outcome {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // An output that only looks like JSON.
    return UNKNOWN
  }
  if (!isFields(value)) return UNKNOWN
  if (typeof value.agent_id === 'string') return { status: 'unknown', agentId: value.agent_id }
  const metadata = isFields(value.metadata) ? value.metadata : {}
  const { exit_code: code, duration_seconds: seconds } = metadata
  if (typeof code !== 'number') return UNKNOWN
  const isDuration = typeof seconds === 'number' && isCount(Math.floor(seconds))
  return { status: byExitCode(code), ...(isDuration && { durationMs: seconds * 1000 }) }
}
