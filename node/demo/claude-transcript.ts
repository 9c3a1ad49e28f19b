import type { Step } from './script.ts'
import type { Entry, ProcessStatus, Transcript, TranscriptOptions } from './transcript.ts'
import { NOW, uuidFrom } from './transcript.ts'

/** The version whose form the records have. */
const VERSION = '2.1.237'
const TITLE_AFTER_S = 3

/** Who writes: the session or one of its subagents. */
interface Voice {
  agentId: string | null
  model: string
  /** Messages so far: what was said before is read from the cache again. */
  messages: number
  lastUuid: string | null
}

/** As Claude Code writes: subagents in files of their own, and beside them what the session's process is doing. */
export class ClaudeTranscript implements Transcript {
  readonly entries: Entry[] = []
  readonly #options: TranscriptOptions
  readonly #main: Voice

  constructor(options: TranscriptOptions) {
    this.#options = options
    this.#main = { agentId: null, model: options.model, messages: 0, lastUuid: null }
    const { title, sessionId } = options
    const record = { type: 'ai-title', aiTitle: title, sessionId }
    this.entries.push({ atS: TITLE_AFTER_S, kind: 'line', agentId: null, record })
  }

  add(step: Step, startS: number, voice = this.#main): void {
    const atS = startS + step.at
    switch (step.kind) {
      case 'prompt':
        this.#process(atS, 'busy')
        this.#line(atS, voice, 'user', { ...HUMAN, message: { role: 'user', content: step.text } })
        return
      case 'say':
        this.#say(atS, voice, { type: 'text', text: step.text }, null)
        return
      case 'done':
        this.#say(atS, voice, { type: 'text', text: step.text }, 'end_turn')
        if (voice !== this.#main) return
        this.#line(atS, voice, 'system', { subtype: 'turn_duration', durationMs: Math.round(step.at * 1000) })
        this.#process(atS, 'idle')
        return
      case 'tool': {
        const id = this.#call(atS, voice, step.tool, this.#input(step.file, step.input))
        this.#result(atS + step.tookS, voice, id, step.failure ?? 'Done.', step.failure !== undefined)
        return
      }
      case 'permission': {
        const id = this.#call(atS, voice, step.tool, this.#input(step.file, step.input))
        this.#process(atS, 'waiting')
        this.#process(atS + step.waitS, 'busy')
        this.#result(atS + step.waitS + step.tookS, voice, id, 'Done.')
        return
      }
      case 'question': {
        const questions = [{ question: step.text, header: 'Tea', options: [], multiSelect: false }]
        const id = this.#call(atS, voice, 'AskUserQuestion', { questions })
        this.#result(atS + step.waitS, voice, id, `"${step.text}"="${step.answer}"`)
        return
      }
      case 'agent':
        this.#agent(atS, step, voice)
        return
      case 'error':
        this.#error(atS, step, voice)
        return
      case 'compaction':
        this.#line(atS, voice, 'system', {
          subtype: 'compact_boundary',
          compactMetadata: { trigger: 'auto' },
        })
        this.#line(atS, voice, 'user', {
          isCompactSummary: true,
          message: { role: 'user', content: 'This session is being continued from a longer one about tea.' },
        })
    }
  }

  #agent(atS: number, step: Extract<Step, { kind: 'agent' }>, voice: Voice): void {
    const { agentType, task, tookS, model, steps } = step
    const agentId = this.#options.hex(7)
    const input = { description: task, prompt: `${task}.`, subagent_type: agentType }
    const id = this.#call(atS, voice, 'Task', input)
    const own: Voice = { agentId, model, messages: 0, lastUuid: null }
    this.#line(atS + 0.5, own, 'user', { message: { role: 'user', content: input.prompt } })
    for (const each of steps) this.add(each, atS, own)
    this.#result(atS + tookS, voice, id, 'Done.', false, { agentId, status: 'completed' })
  }

  #error(atS: number, { error, text }: Extract<Step, { kind: 'error' }>, voice: Voice): void {
    const message = {
      id: this.#uuid(),
      type: 'message',
      role: 'assistant',
      model: '<synthetic>',
      content: [{ type: 'text', text }],
      stop_reason: 'stop_sequence',
      usage: { input_tokens: 0, output_tokens: 0 },
    }
    this.#line(atS, voice, 'assistant', { isApiErrorMessage: true, error, message })
  }

  #input(file: string | undefined, input: Record<string, unknown> = {}): Record<string, unknown> {
    return file === undefined ? input : { ...input, file_path: this.#options.pathOf(file) }
  }

  /** A call of a tool; its id. */
  #call(atS: number, voice: Voice, name: string, input: Record<string, unknown>): string {
    const id = `toolu_01${this.#options.hex(22)}`
    this.#say(atS, voice, { type: 'tool_use', id, name, input }, 'tool_use')
    return id
  }

  #result(atS: number, voice: Voice, id: string, content: string, isError = false, more?: object): void {
    const block = { type: 'tool_result', tool_use_id: id, content, ...(isError && { is_error: true }) }
    const message = { role: 'user', content: [block] }
    this.#line(atS, voice, 'user', { message, ...(more && { toolUseResult: more }) })
  }

  #say(atS: number, voice: Voice, block: object, stopReason: 'end_turn' | 'tool_use' | null): void {
    const written = JSON.stringify(block).length
    const before = voice.messages++
    const usage = {
      input_tokens: 3 + (before % 4),
      output_tokens: 20 + Math.round(written / 3),
      cache_creation_input_tokens: 400 + written,
      cache_read_input_tokens: 11_000 + 650 * before,
    }
    const id = `msg_01${this.#options.hex(22)}`
    const message = { id, type: 'message', role: 'assistant', model: voice.model, content: [block] }
    this.#line(atS, voice, 'assistant', { message: { ...message, stop_reason: stopReason, usage } })
  }

  #line(atS: number, voice: Voice, type: string, fields: object): void {
    const { sessionId, cwd, branch } = this.#options
    const { agentId } = voice
    const uuid = this.#uuid()
    const record = {
      parentUuid: voice.lastUuid,
      isSidechain: agentId !== null,
      userType: 'external',
      cwd,
      sessionId,
      version: VERSION,
      gitBranch: branch,
      ...(agentId !== null && { agentId }),
      type,
      uuid,
      timestamp: NOW,
      ...fields,
    }
    voice.lastUuid = uuid
    this.entries.push({ atS, kind: 'line', agentId, record })
  }

  #process(atS: number, status: ProcessStatus): void {
    this.entries.push({ atS, kind: 'process', status })
  }

  #uuid(): string {
    return uuidFrom(this.#options.hex)
  }
}

const HUMAN = { origin: { kind: 'human' }, promptSource: 'typed' }
