import type { Invented, Turns } from './invented.ts'

const TOOLS = ['Read', 'Read', 'Edit', 'Execute', 'Execute', 'Grep', 'Create']

/** A session of Droid. */
export function* droidTurns(invented: Invented): Turns {
  let parentId: string | null = null
  let isFirst = true
  for (;;) {
    const turn: object[] = []
    const say = (message: object) => {
      const id = invented.uuid()
      turn.push({ type: 'message', id, timestamp: invented.timestamp(), message, parentId })
      parentId = id
    }
    if (isFirst) {
      const { sessionId: id, cwd } = invented
      turn.push({ type: 'session_start', id, title: invented.text(20), owner: 'ada', version: 2, cwd })
    }
    isFirst = false
    say({ role: 'user', content: [{ type: 'text', text: invented.text(20 + invented.int(200)) }] })
    for (let call = 0; call < 3; call++) {
      const id = `toolu_01${invented.token(22)}`
      const input = { file_path: invented.path(), content: invented.output() }
      const content = [
        { type: 'thinking', thinking: invented.output(), signature: invented.token(300) },
        { type: 'tool_use', id, name: invented.one(TOOLS), input },
      ]
      say({ role: 'assistant', content, modelId: 'claude-opus-4-7' })
      const result = { type: 'tool_result', tool_use_id: id, content: invented.output() }
      say({ role: 'user', content: [{ ...result, is_error: invented.random() < 0.1 }] })
    }
    say({
      role: 'assistant',
      content: [{ type: 'text', text: invented.text(300) }],
      modelId: 'claude-opus-4-7',
    })
    turn.push({
      type: 'agent_turn_outcome',
      turnId: invented.uuid(),
      reason: 'completed',
      resultKind: 'text',
    })
    yield turn
  }
}

/** What lies beside a session of Droid: the tokens of all of it. */
export function droidSettings(invented: Invented): object {
  return {
    assistantActiveTimeMs: 187_628,
    model: 'claude-opus-4-7',
    tokenUsage: {
      inputTokens: invented.int(50_000),
      outputTokens: invented.int(50_000),
      cacheReadTokens: invented.int(900_000),
      cacheCreationTokens: invented.int(90_000),
      thinkingTokens: 0,
    },
  }
}
