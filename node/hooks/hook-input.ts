import type { HookSays } from '../../core/api.ts'

/** Tools that ask a person something by themselves: their call stands in the session's file, and says so. */
const ASKING_TOOLS: readonly unknown[] = ['AskUserQuestion', 'ExitPlanMode']

/**
 * What is sent on of what Claude Code hands to a hook; null where nothing is. Prompts, messages, tools and what they are
 * given are dropped here.
 */
export function saysOf(input: unknown): HookSays | null {
  if (typeof input !== 'object' || input === null) return null
  const fields = input as Readonly<Record<string, unknown>>
  const { session_id: sessionId, cwd } = fields
  const event = eventOf(fields)
  if (event === null || typeof sessionId !== 'string') return null
  return { event, sessionId, ...(event === 'started' && typeof cwd === 'string' && { cwd }) }
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
