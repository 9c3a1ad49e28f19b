import type { ToolStatus } from '../../../core/events.ts'
import { isWithoutContext } from '../../../core/file-context.ts'
import type { Fields } from '../json-line.ts'
import { isCut, isFields } from '../json-line.ts'
import type { Reading } from './fields.ts'

/** A call of a tool, as a `response_item` has it. */
export interface Call {
  type: 'call'
  /** null in some versions for what the service does itself, such as a search. */
  callId: string | null
  tool: string
  /** The one file that it reads or changes. */
  path: string | null
  /** The kind of subagent that it starts. */
  agentType: string | null
  /** How it ended, where the call itself says so and no output follows; null where one does. */
  ended: ToolStatus | null
}

/** Reduces a `response_item` that is a call; null for any other. */
export function callOf(payload: Fields, reading: Reading): Call | null {
  switch (payload.type) {
    case 'function_call':
    case 'custom_tool_call': {
      const tool = reading.text(payload.name) ?? ''
      const given = payload.type === 'function_call' ? payload.arguments : payload.input
      return { ...bare(payload, tool, reading), ...filesAndAgents(tool, given, reading) }
    }
    case 'local_shell_call':
    case 'tool_search_call':
      return bare(payload, payload.type, reading)
    case 'web_search_call':
    case 'image_generation_call':
      return { ...bare(payload, payload.type, reading), ended: statusOf(payload.status) }
    default:
      return null
  }
}

/** How something ended, in Codex's words. */
export function statusOf(word: unknown): ToolStatus {
  if (word === 'completed') return 'completed'
  return word === 'failed' || word === 'declined' ? 'failed' : 'unknown'
}

function bare(payload: Fields, tool: string, reading: Reading): Call {
  const callId = reading.text(payload.call_id) ?? reading.text(payload.id)
  return { type: 'call', callId, tool, path: null, agentType: null, ended: null }
}

/** Of a command or a search nothing is read. */
function filesAndAgents(tool: string, given: unknown, reading: Reading): Partial<Call> {
  if (tool === 'apply_patch') return { path: onlyFile(patchOf(given, reading)) }
  if (tool === 'spawn_agent') return { agentType: reading.text(argumentsOf(given, reading).agent_type) }
  if (isWithoutContext(tool)) return {}
  const { file_path: filePath, path } = argumentsOf(given, reading)
  return { path: reading.text(filePath ?? path) }
}

/** The arguments of a call, which are JSON in a text. */
function argumentsOf(given: unknown, reading: Reading): Fields {
  if (isFields(given)) return given
  const text = reading.text(given)
  if (!text?.startsWith('{') || isCut(text)) return {}
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : {}
  } catch {
    // What a model writes for arguments need not be JSON.
    return {}
  }
}

function patchOf(given: unknown, reading: Reading): string {
  if (typeof given === 'string' && !given.startsWith('{')) return reading.text(given) ?? ''
  const { input, patch } = argumentsOf(given, reading)
  return reading.text(input ?? patch) ?? ''
}

/** The file that a patch is about; null where it is about several, or moves one. */
function onlyFile(patch: string): string | null {
  const names = patch.matchAll(/^\*\*\* (?:Add File|Update File|Delete File|Move to): (.+)$/gm)
  const distinct = new Set([...names].map((match) => match[1]!.trim()))
  const [only] = distinct
  return distinct.size === 1 ? only! : null
}
