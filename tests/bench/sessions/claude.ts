import type { Invented, Turns } from './invented.ts'

const TOOLS = ['Read', 'Read', 'Edit', 'Bash', 'Bash', 'Grep', 'Write', 'TodoWrite']

/**
 * A session of Claude Code: each turn a prompt, then messages whose blocks stand on lines of their own, tool calls with
 * small and large results (two thirds of the bytes are in lines over 4 KB) and the records that nobody reads.
 */
export function* claudeTurns(invented: Invented): Turns {
  const { sessionId, cwd } = invented
  let parentUuid: string | null = null
  for (;;) {
    const turn: object[] = []
    const record = (type: string, more: object) => {
      const uuid = invented.uuid()
      turn.push({
        parentUuid, isSidechain: false, userType: 'external', cwd, sessionId, version: '2.1.237', gitBranch: 'main',
        type, uuid, timestamp: invented.timestamp(), ...more,
      }) // prettier-ignore
      parentUuid = uuid
    }
    const content = invented.text(20 + invented.int(200))
    record('user', { message: { role: 'user', content }, origin: { kind: 'human' } })
    for (let message = 0; message < 2; message++) {
      const head = {
        id: `msg_01${invented.token(22)}`,
        type: 'message',
        role: 'assistant',
        model: 'claude-opus-4-6',
      }
      const say = (block: object) => {
        const usage = {
          input_tokens: invented.int(50),
          cache_creation_input_tokens: invented.int(9000),
          cache_read_input_tokens: invented.int(90_000),
          output_tokens: invented.int(2000),
        }
        record('assistant', { message: { ...head, content: [block], stop_reason: null, usage } })
      }
      say({ type: 'thinking', thinking: invented.output(), signature: invented.token(300) })
      const id = `toolu_01${invented.token(22)}`
      const input = { file_path: invented.path(), content: invented.output() }
      say({ type: 'tool_use', id, name: invented.one(TOOLS), input })
      if (invented.random() < 0.4) {
        record('progress', { data: { type: 'bash_progress', output: invented.output() } })
      }
      const output = invented.output()
      record('user', {
        message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: output }] },
        toolUseResult: { stdout: output, stderr: '', interrupted: false },
      })
    }
    record('system', { subtype: 'turn_duration', durationMs: 1000 })
    yield turn
  }
}
