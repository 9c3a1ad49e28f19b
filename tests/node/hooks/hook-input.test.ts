import { describe, expect, test } from 'vitest'
import { fieldsOf, saysOf } from '../../../node/hooks/hook-input.ts'

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

  test('is taken from the beginning of an input, for the end of a long one may never come', () => {
    const text = JSON.stringify(
      input({
        hook_event_name: 'PermissionRequest',
        tool_name: 'Write "x"',
        n: 7,
        tool_input: { content: 'x'.repeat(99) },
      }),
    )
    for (let length = text.indexOf('tool_input'); length <= text.length; length++) {
      expect(fieldsOf(text.slice(0, length))).toMatchObject({
        session_id: SESSION,
        tool_name: 'Write "x"',
        n: 7,
      })
    }
    expect(fieldsOf(JSON.stringify(input({}), null, 2))).toMatchObject({
      session_id: SESSION,
      cwd: '/code/web-app',
    })
    expect(fieldsOf(text.slice(0, 10))).toEqual({})
  })

  test.each(['', 'null', '[]', '7', '{', '{"session_id":', '\u0000\u0001'])('is nothing of %j', (text) =>
    expect(saysOf(fieldsOf(text))).toBeNull(),
  )
})
