import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Writes a Claude Code session as Claude Code does: one record a line, appended. All of it is made up. */
export class ClaudeSession {
  readonly path: string
  readonly sessionId: string
  readonly #cwd: string
  #at: number
  #count = 0
  #last: object = { usage: {} }

  constructor(directory: string, sessionId: string, cwd: string, startedAt: number) {
    this.sessionId = sessionId
    this.#cwd = cwd
    this.#at = startedAt
    this.path = join(directory, 'projects', cwd.replace(/[^A-Za-z0-9]/g, '-'), `${sessionId}.jsonl`)
    mkdirSync(dirname(this.path), { recursive: true })
  }

  /** Lets time go by between two records. */
  wait(seconds: number): this {
    this.#at += seconds * 1000
    return this
  }

  prompt(text: string): this {
    return this.#append('user', { message: { role: 'user', content: text } })
  }

  response(text: string, output = 40): this {
    this.#last = this.#message([{ type: 'text', text }], output)
    return this.#append('assistant', { message: this.#last })
  }

  /** The last response in one more record: it has used more by now. */
  grow(output: number): this {
    const { usage } = this.#last as { usage: object }
    return this.#append('assistant', {
      message: { ...this.#last, usage: { ...usage, output_tokens: output } },
    })
  }

  /** A tool call and what it gave; `undefined` leaves it open. */
  tool(name: string, input: object, result?: { content: string; isError?: boolean }): this {
    const id = `toolu_01${this.#number().padStart(22, 'A')}`
    this.#append('assistant', { message: this.#message([{ type: 'tool_use', id, name, input }], 12) })
    if (!result) return this
    const block = {
      type: 'tool_result',
      tool_use_id: id,
      content: result.content,
      ...(result.isError && { is_error: true }),
    }
    return this.#append('user', { message: { role: 'user', content: [block] } })
  }

  turnEnds(): this {
    return this.#append('system', { subtype: 'turn_duration', durationMs: 4000 })
  }

  #message(content: object[], output: number): object {
    const usage = {
      input_tokens: 3,
      output_tokens: output,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 20,
    }
    const id = `msg_01${this.#number().padStart(22, 'B')}`
    return { id, type: 'message', role: 'assistant', model: 'claude-opus-4-5-20251101', content, usage }
  }

  #number(): string {
    return `${this.sessionId.slice(0, 8)}${++this.#count}`
  }

  #append(type: string, fields: object): this {
    this.#at += 1000
    const record = {
      parentUuid: null,
      isSidechain: false,
      userType: 'external',
      cwd: this.#cwd,
      sessionId: this.sessionId,
      version: '2.1.200',
      gitBranch: 'main',
      type,
      uuid: `00000000-0000-4000-8000-${this.#number().padStart(12, '0').slice(-12)}`,
      timestamp: new Date(this.#at).toISOString(),
      ...fields,
    }
    appendFileSync(this.path, `${JSON.stringify(record)}\n`)
    return this
  }
}
