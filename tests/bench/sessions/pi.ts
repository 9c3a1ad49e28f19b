import type { Invented, Turns } from './invented.ts'

const TOOLS = ['read', 'read', 'edit', 'bash', 'bash', 'grep', 'write']
const COST = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 }

/** A session of pi. */
export function* piTurns(invented: Invented): Turns {
  const { sessionId: id, cwd } = invented
  let parentId: string | null = null
  let isFirst = true
  for (;;) {
    const turn: object[] = []
    const message = (body: object) => {
      const own = invented.token(8)
      const time = invented.time()
      const timestamp = new Date(time).toISOString()
      turn.push({ type: 'message', id: own, parentId, timestamp, message: { ...body, timestamp: time } })
      parentId = own
    }
    if (isFirst) turn.push({ type: 'session', version: 3, id, timestamp: invented.timestamp(), cwd })
    isFirst = false
    message({ role: 'user', content: [{ type: 'text', text: invented.text(20 + invented.int(200)) }] })
    for (let call = 0; call < 3; call++) {
      const toolCallId = `toolu_01${invented.token(22)}`
      const name = invented.one(TOOLS)
      const say = (content: readonly object[], stopReason: string) => {
        const [input, output, cacheRead, cacheWrite] = [
          invented.int(50),
          invented.int(2000),
          invented.int(90_000),
          invented.int(9000),
        ]
        const usage = { input, output, cacheRead, cacheWrite, totalTokens: input + output, cost: COST }
        const model = { api: 'anthropic-messages', provider: 'anthropic', model: 'claude-sonnet-4-5' }
        message({ role: 'assistant', content, ...model, usage, stopReason })
      }
      const thinking = {
        type: 'thinking',
        thinking: invented.output(),
        thinkingSignature: invented.token(300),
      }
      const call = { path: invented.path(), content: invented.output() }
      say([thinking, { type: 'toolCall', id: toolCallId, name, arguments: call }], 'toolUse')
      const content = [{ type: 'text', text: invented.output() }]
      const isError = invented.random() < 0.1
      message({ role: 'toolResult', toolCallId, toolName: name, content, isError, details: {} })
    }
    yield turn
  }
}
