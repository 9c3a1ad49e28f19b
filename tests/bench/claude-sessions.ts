/** Sessions as Claude Code writes them, as long as you like: the same numbers give the same bytes. */

/** A small generator of uniform numbers in [0, 1) (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const WORDS =
  'kettle oolong steam const await return "quoted" leaf\nsteep cup => { } pour \t matcha brew 42 sencha // ünïcödé'.split(
    ' ',
  )
const TOOLS = ['Read', 'Read', 'Edit', 'Bash', 'Bash', 'Grep', 'Write', 'TodoWrite']

/**
 * One session of some turns: each a prompt, then messages whose blocks stand on lines of their own, tool calls with
 * small and large results (two thirds of the bytes are in lines over 4 KB) and the records that nobody reads.
 */
export function sessionText(seed: number, turns: number, sessionId = uuid(seed, 0)): string {
  const random = randomFrom(seed)
  const int = (below: number) => Math.floor(random() * below)
  const text = (length: number) => {
    let out = ''
    while (out.length < length) out += `${WORDS[int(WORDS.length)]!} `
    return out
  }
  /** Mostly short, now and then very long. */
  const length = () => Math.floor(120 * Math.exp(random() ** 2 * 6))
  const lines: string[] = []
  let at = Date.parse('2026-01-05T09:00:00.000Z') + seed * 3_600_000
  let n = 0
  const record = (type: string, more: object) => {
    at += 500 + int(4000)
    const common = {
      parentUuid: uuid(seed, n), isSidechain: false, userType: 'external', cwd: `/home/ada/project-${seed % 7}`,
      sessionId, version: '2.1.237', gitBranch: 'main', type, uuid: uuid(seed, ++n),
      timestamp: new Date(at).toISOString(),
    } // prettier-ignore
    lines.push(JSON.stringify({ ...common, ...more }))
  }
  for (let turn = 0; turn < turns; turn++) {
    record('user', { message: { role: 'user', content: text(20 + int(200)) }, origin: { kind: 'human' } })
    for (let message = 0; message < 2; message++) {
      const id = `msg_01${uuid(seed, n).replaceAll('-', '')}`
      const say = (block: object) => {
        const usage = {
          input_tokens: int(50),
          cache_creation_input_tokens: int(9000),
          cache_read_input_tokens: int(90_000),
          output_tokens: int(2000),
        }
        const head = { id, type: 'message', role: 'assistant', model: 'claude-opus-4-6' }
        record('assistant', { message: { ...head, content: [block], stop_reason: null, usage } })
      }
      say({ type: 'thinking', thinking: text(length()), signature: text(300) })
      const callId = `toolu_01${uuid(seed, n).replaceAll('-', '')}`
      const input = {
        file_path: `/home/ada/project-${seed % 7}/src/part-${int(200)}.ts`,
        content: text(length()),
      }
      say({ type: 'tool_use', id: callId, name: TOOLS[int(TOOLS.length)]!, input })
      if (random() < 0.4) record('progress', { data: { type: 'bash_progress', output: text(length()) } })
      const output = text(length())
      record('user', {
        message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: callId, content: output }] },
        toolUseResult: { stdout: output, stderr: '', interrupted: false },
      })
    }
    record('system', { subtype: 'turn_duration', durationMs: 1000 })
  }
  return `${lines.join('\n')}\n`
}

function uuid(seed: number, n: number): string {
  return `${seed.toString(16).padStart(8, '0')}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`
}
