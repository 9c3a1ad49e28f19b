import type { Invented, Turns } from './invented.ts'

/**
 * A rollout of Codex CLI: calls with their outputs, encrypted reasoning of so many characters and up to four times as
 * many, which nothing compresses, and what was used so far after each.
 */
export function* codexTurns(invented: Invented, reasoning = 600): Turns {
  const { sessionId: id, cwd } = invented
  const total = { input_tokens: 0, cached_input_tokens: 0, output_tokens: 0, reasoning_output_tokens: 0 }
  let isFirst = true
  for (;;) {
    const turn: object[] = []
    const record = (type: string, payload: object) =>
      turn.push({ timestamp: invented.timestamp(), type, payload })
    if (isFirst) {
      const text = invented.text(12_000)
      record('session_meta', {
        id, timestamp: invented.timestamp(), cwd, originator: 'codex_cli_rs', cli_version: '0.146.0', source: 'cli',
        model_provider: 'openai', base_instructions: { text },
      }) // prettier-ignore
      isFirst = false
    }
    const turnId = invented.uuid()
    record('event_msg', { type: 'task_started', turn_id: turnId, model_context_window: 258_400 })
    record('turn_context', {
      turn_id: turnId, cwd, approval_policy: 'on-request', sandbox_policy: { type: 'read-only' }, model: 'gpt-5.6-sol',
      effort: 'medium', summary: 'auto', user_instructions: invented.text(400),
    }) // prettier-ignore
    const text = invented.text(20 + invented.int(200))
    const content = [{ type: 'input_text', text }]
    record('response_item', { type: 'message', role: 'user', content })
    record('event_msg', { type: 'user_message', message: text, images: [] })
    for (let call = 0; call < 3; call++) {
      record('response_item', {
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: invented.text(80) }],
        encrypted_content: invented.token(reasoning + invented.int(3 * reasoning)),
      })
      const callId = `call_${invented.token(24)}`
      const isPatch = invented.random() < 0.3
      const body = isPatch
        ? { input: patch(invented) }
        : { arguments: JSON.stringify({ cmd: command(invented) }) }
      const type = isPatch ? 'custom_tool_call' : 'function_call'
      const name = isPatch ? 'apply_patch' : 'exec_command'
      record('response_item', { type, name, ...body, call_id: callId })
      const exit = invented.random() < 0.1 ? 1 : 0
      const output = isPatch
        ? JSON.stringify({ output: 'Success.', metadata: { exit_code: exit, duration_seconds: 0.1 } })
        : `Chunk ID: a1b2c3\nWall time: 0.25 seconds\nProcess exited with code ${exit}\nOutput:\n${invented.output()}`
      record('response_item', { type: `${type}_output`, call_id: callId, output })
      const last = {
        input_tokens: 1000 + invented.int(90_000),
        cached_input_tokens: invented.int(1000),
        output_tokens: 1 + invented.int(2000),
        reasoning_output_tokens: 0,
      }
      for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += last[key]
      record('event_msg', {
        type: 'token_count',
        info: {
          total_token_usage: { ...total },
          last_token_usage: last,
          model_context_window: 258_400,
        },
        rate_limits: { primary: { used_percent: 7, window_minutes: 300 } },
      })
    }
    record('event_msg', { type: 'agent_message', message: invented.text(300) })
    record('event_msg', { type: 'task_complete', turn_id: turnId, last_agent_message: invented.text(300) })
    yield turn
  }
}

const command = (invented: Invented) => `cat ${invented.path()} ${invented.text(40)}`

function patch(invented: Invented): string {
  return `*** Begin Patch\n*** Update File: ${invented.path()}\n@@\n+${invented.output()}\n*** End Patch`
}
