import type { ToolStatus } from '../../../core/events.ts'
import { isWithoutContext } from '../../../core/file-context.ts'
import type { Texts } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isCut, isFields } from '../json-line.ts'
import { patchedFile } from '../patch.ts'

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
export function callOf(payload: Fields, texts: Texts): Call | null {
  switch (payload.type) {
    case 'function_call':
    case 'custom_tool_call': {
      const tool = texts.take(payload.name) ?? ''
      const given = payload.type === 'function_call' ? payload.arguments : payload.input
      return { ...bare(payload, tool, texts), ...filesAndAgents(tool, given, texts) }
    }
    case 'local_shell_call':
    case 'tool_search_call':
      return bare(payload, payload.type, texts)
    case 'web_search_call':
    case 'image_generation_call':
      return { ...bare(payload, payload.type, texts), ended: statusOf(payload.status) }
    default:
      return null
  }
}

/** How something ended, in Codex's words. */
export function statusOf(word: unknown): ToolStatus {
  if (word === 'completed') return 'completed'
  return word === 'failed' || word === 'declined' ? 'failed' : 'unknown'
}

function bare(payload: Fields, tool: string, texts: Texts): Call {
  const callId = texts.take(payload.call_id) ?? texts.take(payload.id)
  return { type: 'call', callId, tool, path: null, agentType: null, ended: null }
}

/** Of a command or a search nothing is read. */
function filesAndAgents(tool: string, given: unknown, texts: Texts): Partial<Call> {
  if (tool === 'apply_patch') return { path: patchedFile(patchOf(given, texts)) }
  if (tool === 'spawn_agent') return { agentType: texts.take(argumentsOf(given, texts).agent_type) }
  if (isWithoutContext(tool)) return {}
  const { file_path: filePath, path } = argumentsOf(given, texts)
  return { path: texts.take(filePath ?? path) }
}

/** The arguments of a call, which are JSON in a text. */
function argumentsOf(given: unknown, texts: Texts): Fields {
  if (isFields(given)) return given
  const text = texts.take(given)
  if (!text?.startsWith('{') || isCut(text)) return {}
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : {}
  } catch {
    // What a model writes for arguments need not be JSON.
    return {}
  }
}

function patchOf(given: unknown, texts: Texts): string {
  if (typeof given === 'string' && !given.startsWith('{')) return texts.take(given) ?? ''
  const { input, patch } = argumentsOf(given, texts)
  return texts.take(input ?? patch) ?? ''
}
