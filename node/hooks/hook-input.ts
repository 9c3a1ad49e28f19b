import type { HookSays } from '../../core/api.ts'

/** Tools that ask a person something by themselves: their call stands in the session's file, and says so. */
const ASKING_TOOLS: readonly unknown[] = ['AskUserQuestion', 'ExitPlanMode']

/**
 * What is sent on of what Claude Code hands to a hook; null where nothing is. Prompts, messages, tools and what they are
 * given are dropped here.
 */
export function saysOf(fields: Readonly<Record<string, unknown>>): HookSays | null {
  const { session_id: sessionId, cwd } = fields
  const event = eventOf(fields)
  if (event === null || typeof sessionId !== 'string') return null
  return { event, sessionId, ...(event === 'started' && typeof cwd === 'string' && { cwd }) }
}

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+)/y

/**
 * The fields of an input that hold no object or list, as far as it goes: whoever hands a long one to a program that
 * returns at once may be able to write its beginning only. Throws a `SyntaxError` where it is no JSON.
 */
export function fieldsOf(head: string): Record<string, unknown> {
  const fields: [string, unknown][] = []
  let depth = 0
  let before: string[] = []
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(head); match; match = TOKEN.exec(head)) {
    const token = match[1]!
    if (depth === 1 && (token === ',' || token === '}')) {
      const [name = '', colon, value = '{'] = before
      if (colon === ':' && !/^[{[]/.test(value)) fields.push([JSON.parse(name) as string, JSON.parse(value)])
      before = []
    } else if (depth === 1) before.push(token)
    if (token === '{' || token === '[') depth++
    if (token === '}' || token === ']') depth--
  }
  return Object.fromEntries(fields)
}

function eventOf(fields: Readonly<Record<string, unknown>>): HookSays['event'] | null {
  switch (fields.hook_event_name) {
    case 'SessionStart':
      return 'started'
    case 'SessionEnd':
      return 'ended'
    case 'PermissionRequest':
      return ASKING_TOOLS.includes(fields.tool_name) ? null : 'permission'
    case 'Notification':
      if (fields.notification_type === 'permission_prompt') return 'permission'
      return fields.notification_type === 'elicitation_dialog' ? 'question' : null
    default:
      return null
  }
}
