import type { Invented, Turns } from './invented.ts'

const TOOLS = ['read_file', 'read_file', 'edit', 'run_shell_command', 'grep_search', 'write_file']

/** A session of Qwen Code: Gemini's parts in an envelope like Claude Code's, and telemetry of each call. */
export function* qwenTurns(invented: Invented): Turns {
  const { sessionId, cwd } = invented
  const model = 'qwen3-coder-plus'
  let parentUuid: string | null = null
  for (;;) {
    const turn: object[] = []
    const record = (type: string, more: object) => {
      const uuid = invented.uuid()
      turn.push({
        uuid, parentUuid, sessionId, timestamp: invented.timestamp(), type, cwd, version: '0.21.3', gitBranch: 'main',
        ...more,
      }) // prettier-ignore
      parentUuid = uuid
    }
    const telemetry = (uiEvent: object) =>
      record('system', { subtype: 'ui_telemetry', systemPayload: { uiEvent } })
    record('user', { message: { role: 'user', parts: [{ text: invented.text(20 + invented.int(200)) }] } })
    for (let message = 0; message < 3; message++) {
      const usageMetadata = {
        promptTokenCount: 1000 + invented.int(90_000),
        candidatesTokenCount: invented.int(2000),
        thoughtsTokenCount: invented.int(200),
        cachedContentTokenCount: invented.int(1000),
      }
      telemetry({
        'event.name': 'qwen-code.api_response',
        model,
        status_code: 200,
        response_text: invented.text(300),
      })
      const id = `call_${invented.token(24)}`
      const name = invented.one(TOOLS)
      const args = { file_path: invented.path(), content: invented.output() }
      const parts = [{ text: invented.output(), thought: true }, { functionCall: { id, name, args } }]
      record('assistant', {
        model,
        message: { role: 'model', parts },
        usageMetadata,
        contextWindowSize: 262_144,
      })
      telemetry({
        'event.name': 'qwen-code.tool_call',
        function_name: name,
        function_args: args,
        status: 'success',
      })
      const output = invented.output()
      const status = invented.random() < 0.1 ? 'error' : 'success'
      record('tool_result', {
        message: { role: 'user', parts: [{ functionResponse: { id, name, response: { output } } }] },
        toolCallResult: { callId: id, status, resultDisplay: output },
      })
    }
    const parts = [{ text: invented.text(400) }]
    record('assistant', { model, message: { role: 'model', parts }, usageMetadata: { promptTokenCount: 9 } })
    yield turn
  }
}
