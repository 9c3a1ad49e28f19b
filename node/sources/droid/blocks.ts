import { listOf, type Texts } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isCut, isFields } from '../json-line.ts'
import { patchedFile } from '../patch.ts'

/** The blocks of a message, in the form of Anthropic's API. */

export interface Use {
  callId: string
  tool: string
  path?: string
  /** The kind of subagent that this call starts. */
  agentType?: string
  /** The call returns at once, and what it began goes on. */
  isInBackground: boolean
}

export interface Result {
  callId: string
  status: 'completed' | 'failed' | 'unknown'
}

/** The tool with which Droid starts a subagent. */
export const TASK = 'Task'

export function usesOf(blocks: readonly unknown[], texts: Texts): Use[] {
  return blocks.flatMap((block) => {
    if (!isFields(block) || block.type !== 'tool_use') return []
    return useOf(block.id, block.name, block.input, texts) ?? []
  })
}

/** null where it has no id. */
export function useOf(id: unknown, name: unknown, input: unknown, texts: Texts): Use | null {
  const callId = texts.take(id)
  if (callId === null) return null
  const use: Use = { callId, tool: texts.take(name) ?? '', isInBackground: false }
  if (!isFields(input)) return use
  const path = pathOf(use.tool, input, texts)
  if (path !== null) use.path = path
  if (use.tool !== TASK) return use
  const agentType = texts.take(input.subagent_type)
  if (agentType !== null) use.agentType = agentType
  use.isInBackground = input.run_in_background === true
  return use
}

function pathOf(tool: string, input: Fields, texts: Texts): string | null {
  if (tool !== 'ApplyPatch') return texts.take(input.file_path ?? input.path)
  const patch = texts.take(input.input ?? input.patch)
  return patch === null ? null : patchedFile(patch)
}

export function resultsOf(blocks: readonly unknown[], texts: Texts): Result[] {
  return blocks.flatMap((block) => {
    if (!isFields(block) || block.type !== 'tool_result') return []
    const callId = texts.take(block.tool_use_id)
    return callId === null ? [] : { callId, status: statusOf(block.is_error, block.content, texts) }
  })
}

/**
 * How a call went. Early versions do not say; of a command the output then holds the code with which it ended, and of
 * other tools nothing is known.
 */
function statusOf(isError: unknown, content: unknown, texts: Texts): Result['status'] {
  if (typeof isError === 'boolean') return isError ? 'failed' : 'completed'
  const last = listOf(content).at(-1)
  const output = isFields(last) ? last.text : content
  if (typeof output !== 'string') return 'unknown'
  if (/^Error: Command failed \(exit code: \d+\)/.test(output)) return 'failed'
  if (isCut(output)) texts.sawCut = true
  const code = /\[Process exited with code (\d+)\]\s*$/.exec(output)?.[1]
  return code === undefined ? 'unknown' : Number(code) === 0 ? 'completed' : 'failed'
}

/** What Droid itself puts into messages. */
const REMINDER = '<system-reminder>'
const REMINDERS = /<system-reminder>[\s\S]*?(?:<\/system-reminder>|$)/g

/** Whether there is anything in a message but what Droid itself put there. */
export function saysSomething(blocks: readonly unknown[], texts: Texts): boolean {
  return blocks.some((block) => {
    if (!isFields(block)) return false
    if (block.type === 'image' || block.type === 'document') return true
    if (block.type !== 'text' || typeof block.text !== 'string') return false
    const { text } = block
    if (!text.includes(REMINDER)) return text.trim() !== ''
    if (isCut(text)) texts.sawCut = true
    return text.replace(REMINDERS, '').trim() !== ''
  })
}
