import { describe, expect, test } from 'vitest'
import { saysOf } from '../../../node/hooks/hook-input.ts'

const SESSION = '5e0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e55'
/** What Claude Code hands to a hook, with a secret in all that may hold one. */
const input = (more: object) => ({
  session_id: SESSION,
  transcript_path: '/home/ada/.claude/projects/SECRET.jsonl',
  cwd: '/code/web-app',
  prompt_id: 'SECRET',
  permission_mode: 'default',
  ...more,
})

describe('what a hook sends on', () => {
  test.each([
    [{ hook_event_name: 'SessionStart', source: 'startup', model: 'SECRET' }, 'started'],
    [{ hook_event_name: 'SessionStart', source: 'resume' }, 'started'],
    [{ hook_event_name: 'SessionEnd', reason: 'SECRET' }, 'ended'],
    [
      { hook_event_name: 'PermissionRequest', tool_name: 'Bash', tool_input: { command: 'SECRET' } },
      'permission',
    ],
    [
      { hook_event_name: 'Notification', notification_type: 'permission_prompt', message: 'SECRET' },
      'permission',
    ],
    [
      { hook_event_name: 'Notification', notification_type: 'elicitation_dialog', message: 'SECRET' },
      'question',
    ],
  ])('%j is that it %s, of which session and nothing more', (more, event) => {
    const cwd = event === 'started' ? { cwd: '/code/web-app' } : {}
    expect(saysOf(input(more))).toEqual({ event, sessionId: SESSION, ...cwd })
  })

  test.each([
    [{ hook_event_name: 'PermissionRequest', tool_name: 'AskUserQuestion' }],
    [{ hook_event_name: 'PermissionRequest', tool_name: 'ExitPlanMode' }],
    [{ hook_event_name: 'Notification', notification_type: 'idle_prompt' }],
    [{ hook_event_name: 'Notification' }],
    [{ hook_event_name: 'UserPromptSubmit', prompt: 'SECRET' }],
    [{ hook_event_name: 'SessionEnd', session_id: 7 }],
    [{ hook_event_name: ['SessionEnd'] }],
    [{}],
  ])('is nothing of %j', (more) => expect(saysOf(input(more))).toBeNull())

  test.each([null, 7, 'SessionEnd', [], undefined])('is nothing of %j', (value) =>
    expect(saysOf(value)).toBeNull(),
  )
})
