import { createHash } from 'node:crypto'
import type { Step } from './script.ts'
import type { Entry, Transcript, TranscriptOptions } from './transcript.ts'
import { NOW, uuidFrom } from './transcript.ts'

/** Its names of the tools that the plays use. */
const TOOLS: Readonly<Record<string, string>> = {
  Read: 'read_file',
  Edit: 'replace',
  Write: 'write_file',
  Grep: 'search_file_content',
  Bash: 'run_shell_command',
}

const ERRORS = {
  rate_limit: '[API Error: 429 RESOURCE_EXHAUSTED] The quota is used up.',
  overloaded: '[API Error: 503 UNAVAILABLE] The model is overloaded.',
  server_error: '[API Error: 500 INTERNAL] Internal error.',
} as const

type Status = 'awaiting_approval' | 'executing' | 'success' | 'error'

/** As Gemini CLI writes: a message with calls is written again as they go on. What others give to subagents it does itself. */
export class GeminiTranscript implements Transcript {
  readonly entries: Entry[] = []
  readonly #options: TranscriptOptions
  #messages = 0

  constructor(options: TranscriptOptions) {
    this.#options = options
    const { sessionId, cwd } = options
    const projectHash = createHash('sha256').update(cwd).digest('hex')
    this.#line(0, { sessionId, projectHash, startTime: NOW, lastUpdated: NOW, kind: 'main' })
  }

  add(step: Step, startS: number): void {
    const atS = startS + step.at
    switch (step.kind) {
      case 'prompt':
        this.#message(atS, 'user', { content: [{ text: step.text }] })
        return
      case 'say':
      case 'done':
        this.#answer(atS, uuidFrom(this.#options.hex), { content: step.text, ...this.#usage(step.text) })
        return
      case 'tool': {
        const end = step.failure === undefined ? 'success' : 'error'
        this.#call(step.tool, argumentsOf(step, this.#options), [
          [atS, 'executing'],
          [atS + step.tookS, end],
        ])
        return
      }
      case 'permission':
        this.#call(step.tool, argumentsOf(step, this.#options), [
          [atS, 'awaiting_approval'],
          [atS + step.waitS, 'executing'],
          [atS + step.waitS + step.tookS, 'success'],
        ])
        return
      case 'question':
        this.#call('ask_user', { question: step.text }, [
          [atS, 'awaiting_approval'],
          [atS + step.waitS, 'success'],
        ])
        return
      case 'agent':
        for (const each of step.steps) if (each.kind !== 'done') this.add(each, atS)
        return
      case 'error':
        this.#message(atS, 'error', { content: ERRORS[step.error] })
        return
      case 'compaction':
        this.#message(atS, 'info', { content: 'Chat history compressed: context compressed.' })
    }
  }

  #call(tool: string, args: object, states: readonly (readonly [atS: number, status: Status])[]): void {
    const { hex } = this.#options
    const [id, name] = [uuidFrom(hex), TOOLS[tool] ?? tool]
    const callId = `${name}-${hex(16)}`
    const usage = this.#usage(JSON.stringify(args))
    for (const [atS, status] of states) {
      const call = { id: callId, name, args, status, timestamp: NOW }
      this.#answer(atS, id, { content: '', ...usage, toolCalls: [call] })
    }
  }

  /** What was said before is read from the cache again. */
  #usage(said: string): object {
    const cached = 8000 + 600 * this.#messages++
    const [input, output, thoughts] = [cached + 700 + said.length, 30 + Math.round(said.length / 3), 45]
    const total = input + output + thoughts
    return { tokens: { input, output, cached, thoughts, tool: 0, total }, model: this.#options.model }
  }

  #answer(atS: number, id: string, fields: object): void {
    this.#line(atS, { id, timestamp: NOW, type: 'gemini', ...fields })
  }

  #message(atS: number, type: 'user' | 'error' | 'info', fields: object): void {
    this.#line(atS, { id: uuidFrom(this.#options.hex), timestamp: NOW, type, ...fields })
  }

  #line(atS: number, record: Readonly<Record<string, unknown>>): void {
    this.entries.push({ atS, kind: 'line', agentId: null, record })
  }
}

function argumentsOf(
  { file, input = {} }: { file?: string; input?: Record<string, unknown> },
  { pathOf }: TranscriptOptions,
): object {
  return file === undefined ? input : { ...input, file_path: pathOf(file) }
}
