import type { Invented, Turns } from './invented.ts'

const TOOLS = ['view', 'view', 'edit', 'bash', 'bash', 'grep', 'create']

/** A session of Copilot CLI: what the model asks for, and each call's beginning and end again. */
export function* copilotTurns(invented: Invented): Turns {
  const { sessionId, cwd } = invented
  let parentId: string | null = null
  let turns = 0
  for (;;) {
    const turn: object[] = []
    const record = (type: string, data: object) => {
      const id = invented.uuid()
      turn.push({ type, data, id, timestamp: invented.timestamp(), parentId })
      parentId = id
    }
    if (turns === 0) {
      const context = { cwd, gitRoot: cwd, branch: 'main', hostType: 'github' }
      record('session.start', {
        sessionId, version: 1, producer: 'copilot-agent', copilotVersion: '1.0.77',
        startTime: invented.timestamp(), selectedModel: 'claude-sonnet-4.5', context,
      }) // prettier-ignore
      record('system.message', { role: 'system', content: invented.text(12_000) })
    }
    const content = invented.text(20 + invented.int(200))
    record('user.message', { content, transformedContent: `<now/>${content}`, attachments: [] })
    for (let message = 0; message < 3; message++) {
      const turnId = String(turns++)
      record('assistant.turn_start', { turnId })
      const call = {
        toolCallId: `toolu_01${invented.token(22)}`,
        name: invented.one(TOOLS),
        arguments: { path: invented.path(), file_text: invented.output() },
      }
      record('assistant.message', {
        messageId: invented.uuid(),
        model: 'claude-sonnet-4.5',
        content: invented.text(200),
        toolRequests: [{ ...call, type: 'function', intentionSummary: invented.text(60) }],
        outputTokens: invented.int(2000),
        reasoningText: invented.output(),
      })
      const { toolCallId, name: toolName } = call
      record('tool.execution_start', { toolCallId, toolName, arguments: call.arguments })
      const output = invented.output()
      const success = invented.random() > 0.1
      const result = success
        ? { result: { content: output, detailedContent: output } }
        : { error: { message: output, code: 'failure' } }
      record('tool.execution_complete', { toolCallId, success, ...result })
      record('assistant.turn_end', { turnId })
    }
    yield turn
  }
}
