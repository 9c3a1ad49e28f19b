import type { Step } from './script.ts'
import type { Entry, Transcript, TranscriptOptions } from './transcript.ts'
import { NOW, uuidFrom } from './transcript.ts'

/** The version whose form the records have. */
const VERSION = '0.146.0'

const ERRORS = {
  rate_limit: 'usage_limit_exceeded',
  overloaded: 'server_overloaded',
  server_error: 'internal_server_error',
} as const

type Call = Extract<Step, { kind: 'tool' | 'permission' }>

/** As Codex writes: a rollout of records in envelopes. What others give to subagents it does itself. */
export class CodexTranscript implements Transcript {
  readonly entries: Entry[] = []
  readonly #options: TranscriptOptions
  #turnId = ''
  #responses = 0
  readonly #total = { input: 0, cached: 0, output: 0 }

  constructor(options: TranscriptOptions) {
    this.#options = options
    const { sessionId: id, cwd, branch, title } = options
    const git = { branch }
    const meta = {
      id,
      timestamp: NOW,
      cwd,
      originator: 'codex_cli_rs',
      cli_version: VERSION,
      source: 'cli',
      git,
    }
    this.#line(0, 'session_meta', meta)
    this.#event(3, { type: 'thread_name_updated', thread_name: title })
  }

  add(step: Step, startS: number): void {
    const atS = startS + step.at
    switch (step.kind) {
      case 'prompt':
        this.#begin(atS, step.text)
        return
      case 'say':
        this.#say(atS, step.text)
        return
      case 'done':
        this.#say(atS, step.text)
        this.#event(atS, { type: 'task_complete', turn_id: this.#turnId, last_agent_message: step.text })
        return
      case 'tool':
        this.#tool(atS, step)
        return
      case 'permission':
        this.#ask(atS, step.waitS, 'request_permissions', { reason: 'It asks before it pours.' })
        this.#tool(atS + step.waitS, step)
        return
      case 'question':
        this.#ask(atS, step.waitS, 'request_user_input', { questions: [{ question: step.text }] })
        return
      case 'agent':
        for (const each of step.steps) if (each.kind !== 'done') this.add(each, atS)
        return
      case 'error':
        this.#event(atS, { type: 'error', message: step.text, codex_error_info: ERRORS[step.error] })
        return
      case 'compaction':
        this.#line(atS, 'compacted', { message: 'A longer conversation about tea.' })
    }
  }

  #begin(atS: number, message: string): void {
    const { hex, cwd, model } = this.#options
    this.#turnId = uuidFrom(hex)
    this.#event(atS, { type: 'task_started', turn_id: this.#turnId, model_context_window: 258_400 })
    this.#line(atS, 'turn_context', { turn_id: this.#turnId, cwd, model, approval_policy: 'on-request' })
    this.#event(atS, { type: 'user_message', message, images: [] })
  }

  #say(atS: number, text: string): void {
    const content = [{ type: 'output_text', text }]
    this.#item(atS, { type: 'message', role: 'assistant', content })
    this.#count(atS, text.length)
  }

  /** Files are changed by patches, all else is a command. */
  #tool(atS: number, { tool, file, input, tookS, ...step }: Call): void {
    const failure = 'failure' in step ? step.failure : undefined
    const output = `Exit code: ${failure === undefined ? 0 : 1}\nWall time: ${tookS} seconds\nOutput:\n${failure ?? ''}`
    const isPatch = file !== undefined && tool !== 'Read'
    const id = this.#callId()
    if (isPatch) {
      const patch = `*** Begin Patch\n*** ${tool === 'Write' ? 'Add' : 'Update'} File: ${file}\n*** End Patch\n`
      this.#item(atS, {
        type: 'custom_tool_call',
        status: 'completed',
        call_id: id,
        name: 'apply_patch',
        input: patch,
      })
    } else {
      const cmd = input?.command ?? (file === undefined ? `rg ${String(input?.pattern)}` : `cat ${file}`)
      const given = JSON.stringify({ cmd })
      this.#item(atS, { type: 'function_call', name: 'exec_command', arguments: given, call_id: id })
    }
    this.#count(atS, 80)
    const type = isPatch ? 'custom_tool_call_output' : 'function_call_output'
    this.#item(atS + tookS, { type, call_id: id, output })
  }

  #ask(atS: number, waitS: number, name: string, given: object): void {
    const id = this.#callId()
    this.#item(atS, { type: 'function_call', name, arguments: JSON.stringify(given), call_id: id })
    this.#count(atS, 60)
    this.#item(atS + waitS, { type: 'function_call_output', call_id: id, output: '{"answers":{}}' })
  }

  /** What was said before is read from the cache again. */
  #count(atS: number, length: number): void {
    const cached = 9000 + 700 * this.#responses++
    const last = { input: cached + 900 + length, cached, output: 40 + Math.round(length / 3) }
    for (const name of ['input', 'cached', 'output'] as const) this.#total[name] += last[name]
    const info = { total_token_usage: usageOf(this.#total), last_token_usage: usageOf(last) }
    this.#event(atS, { type: 'token_count', info })
  }

  #callId(): string {
    return `call_${this.#options.hex(24)}`
  }

  #event(atS: number, payload: object): void {
    this.#line(atS, 'event_msg', payload)
  }

  #item(atS: number, payload: object): void {
    this.#line(atS, 'response_item', payload)
  }

  #line(atS: number, type: string, payload: object): void {
    this.entries.push({ atS, kind: 'line', agentId: null, record: { timestamp: NOW, type, payload } })
  }
}

function usageOf({ input, cached, output }: { input: number; cached: number; output: number }) {
  return {
    input_tokens: input,
    cached_input_tokens: cached,
    output_tokens: output,
    reasoning_output_tokens: 0,
    total_tokens: input + output,
  }
}
