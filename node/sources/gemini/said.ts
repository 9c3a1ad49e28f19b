import { isFields } from '../json-line.ts'

/**
 * What a user message says. `prompt`: what a person asked; `result`: what tools answered, which Gemini CLI records as
 * the user's since May 2026; `summary`: what a compacted conversation goes on from; `context`: what a
 * conversation begins with; `other`: what else it adds by itself.
 */
export type Said = { kind: 'prompt'; text: string } | { kind: 'result' | 'summary' | 'context' | 'other' }

/** What Gemini CLI itself writes into the conversation as the user's begins with one of these. */
const ADDED = [
  '<hook_context>',
  'This is the Gemini CLI. We are setting up the context',
  '- **Workspace Directories:**',
  "Here is the user's editor context as a JSON object",
  "Here is a summary of changes in the user's editor context",
  'I ran the following shell command:\n',
  'User has manually exited Plan Mode.',
  'System: Potential loop detected.',
]
const CONTEXT = '<session_context>'
const SUMMARY = /^<(?:state_snapshot|scratchpad)>/
/** A command to Gemini CLI itself, as `/help` and `?`. */
const COMMAND = /^(?:\/[A-Za-z][\w:-]*(?:\s|$)|\?$)/

/** Reads the content of a user message: a text, a part, or a list of them. A long text may be cut. */
export function whatWasSaid(content: unknown): Said {
  let hasMedia = false
  const texts: string[] = []
  for (const part of partsOf(content)) {
    if (typeof part === 'string') texts.push(part)
    else if (isFields(part)) {
      if ('functionResponse' in part) return { kind: 'result' }
      if ('inlineData' in part || 'fileData' in part) hasMedia = true
      if (typeof part.text === 'string') texts.push(part.text)
    }
  }
  const text = texts.join('').trim()
  if (text.startsWith(CONTEXT)) return { kind: 'context' }
  if (SUMMARY.test(text)) return { kind: 'summary' }
  if (ADDED.some((begin) => text.startsWith(begin)) || COMMAND.test(text)) return { kind: 'other' }
  return text !== '' || hasMedia ? { kind: 'prompt', text } : { kind: 'other' }
}

/** The text of a message that people read, '' where there is none. Thoughts and calls are no text. */
export function textOf(content: unknown): string {
  const texts = partsOf(content).map((part) => {
    if (typeof part === 'string') return part
    return isFields(part) && typeof part.text === 'string' && part.thought !== true ? part.text : ''
  })
  return texts.join('').trim()
}

/** Whether a part of a message is a call. */
export function hasCall(content: unknown): boolean {
  return partsOf(content).some((part) => isFields(part) && 'functionCall' in part)
}

function partsOf(content: unknown): unknown[] {
  return Array.isArray(content) ? (content as unknown[]) : [content]
}
