import type { LocalFields } from '../../../core/api.ts'
import type { WaitingReason } from '../../../core/events.ts'
import type { Draft, Fact } from '../../../core/rule.ts'
import { keepNewest } from '../fields.ts'
import { RecordReader } from '../records.ts'
import type { Body, Call, CopilotRecord, Place } from './record.ts'
import { isWantedType, recordOf } from './record.ts'
import { UsageCount } from './usage.ts'

/** Tools with which Copilot asks the person something and does nothing before the answer. */
const QUESTIONS = new Set(['ask_user', 'exit_plan_mode'])

/** Calls without a result that are remembered: after an abort the result may never come. */
const MAX_OPEN_CALLS = 4096
const MAX_AGENTS = 256
/** Requests without an answer that are remembered. */
const MAX_REQUESTS = 256

/** Reads a Copilot CLI session file. Nothing is held, as each of its records is final. */
export class CopilotReader extends RecordReader<CopilotRecord> {
  #sessionId: string
  /** A session that Copilot began by itself, to go on with another's work. */
  #isDetached = false
  #beganAt = -Infinity
  #lastAt: number | null = null
  #cwd: string | null = null
  #branch: string | null = null
  #model: string | null = null
  readonly #calls = new Map<string, { call: Call; at: number | null }>()
  readonly #agentTypes = new Map<string, string>()
  readonly #usage = new UsageCount()
  /** The person's requests that are not answered. */
  readonly #requests = new Set<string>()
  /** The last message since the last prompt, for what a wait follows. */
  #lastMessageId: string | null = null
  /** The last message asks for calls, after which the model has another turn. */
  #goesOn = false
  /** What it was last said to wait for; null where it was not, or has gone on. */
  #waitsFor: WaitingReason | null = null

  constructor(sessionId: string) {
    super(recordOf, isWantedType)
    this.#sessionId = sessionId
  }

  override get sessionId(): string {
    return this.#sessionId
  }

  override get local(): LocalFields {
    return this.#branch === null ? {} : { branch: this.#branch }
  }

  protected override take(record: CopilotRecord, drafts: Draft[]): void {
    const { body } = record
    this.#lastAt = record.at ?? this.#lastAt
    this.#follow(body)
    const at = this.#lastAt
    // A forked session begins with the records of the other, which are older than its own beginning.
    if (at === null || at < this.#beganAt) return
    for (const fact of this.#factsOf(record, at)) {
      const [sessionId, cwd] = [this.#sessionId, this.#cwd]
      drafts.push({ at, assistant: 'copilot', sessionId, cwd, fact })
    }
  }

  /** What a record says of the session itself. */
  #follow(body: Body): void {
    if (body.type === 'start') {
      this.#sessionId = body.parentId ?? body.sessionId ?? this.#sessionId
      this.#isDetached = body.parentId !== null
      this.#beganAt = this.#lastAt ?? -Infinity
    }
    if (body.type === 'start' || body.type === 'resume') this.#usage.begin()
    if ('place' in body) this.#moveTo(body.place)
    if ('model' in body) this.#model = body.model ?? this.#model
  }

  /** A session belongs to the project in which it began. */
  #moveTo({ cwd, branch }: Place): void {
    this.#cwd ??= cwd
    this.#branch = branch ?? this.#branch
  }

  #factsOf(record: CopilotRecord, at: number): Fact[] {
    const { body, isOfSubagent, id } = record
    switch (body.type) {
      case 'prompt':
        return isOfSubagent || this.#isDetached ? [] : this.#prompt(id)
      case 'message':
        return this.#message(body, record)
      case 'turn end':
        return isOfSubagent || this.#goesOn ? [] : this.#waits('turn', this.#lastMessageId ?? id)
      case 'call':
        return this.#start(body.call, record)
      case 'result':
        return this.#finish(body.callId, body.isSuccess, at, record)
      case 'agent':
        return [this.#agent(body)]
      case 'request':
        this.#requests.add(body.requestId)
        keepNewest(this.#requests, MAX_REQUESTS)
        return this.#waits(body.reason, body.after)
      case 'answer':
        return this.#requests.delete(body.requestId) ? this.#goesOnAfter(body.requestId) : []
      case 'compaction':
        // It has no id, and without a time of its own could not be told from its copies.
        return record.at === null ? [] : [{ type: 'compaction' }]
      case 'error':
        if (!isOfSubagent) this.#goesOn = false
        return [{ type: 'error', category: body.category, ...(id !== null && { messageId: id }) }]
      case 'abort':
        return isOfSubagent ? [] : this.#waits('turn', this.#lastMessageId ?? id)
      case 'shutdown':
        return this.#shutDown(body, id ?? String(at))
      default:
        return []
    }
  }

  #prompt(id: string | null): Fact[] {
    this.#lastMessageId = null
    this.#goesOn = false
    this.#waitsFor = null
    return id === null ? [] : [{ type: 'prompt', text: id }]
  }

  #message(message: Extract<Body, { type: 'message' }>, { id, isOfSubagent }: CopilotRecord): Fact[] {
    for (const call of message.requests) this.#remember(call, null)
    const messageId = message.messageId ?? id
    if (!isOfSubagent) {
      this.#lastMessageId = messageId
      this.#goesOn = message.requests.length > 0
      this.#waitsFor = null
    }
    if (messageId === null) return []
    const tokens = { input: 0, output: message.output, cacheRead: 0, cacheWrite: 0 }
    return [{ type: 'response', messageId, model: message.model ?? this.#model ?? '', tokens }]
  }

  #start(call: Call, { at, isOfSubagent }: CopilotRecord): Fact[] {
    this.#remember(call, at)
    const facts: Fact[] = [{ type: 'tool', status: 'started', ...call }]
    if (isOfSubagent) return facts
    this.#waitsFor = null
    return QUESTIONS.has(call.tool) ? [...facts, ...this.#waits('question', call.callId)] : facts
  }

  #finish(callId: string, isSuccess: boolean | null, at: number, { isOfSubagent }: CopilotRecord): Fact[] {
    const known = this.#calls.get(callId)
    this.#calls.delete(callId)
    if (!isOfSubagent) this.#waitsFor = null
    const status = isSuccess === null ? 'unknown' : isSuccess ? 'completed' : 'failed'
    const durationMs = at - (known?.at ?? Infinity)
    const call = known?.call ?? { callId, tool: '' }
    // Clocks can be set back while a tool runs.
    return [{ type: 'tool', status, ...call, ...(durationMs >= 0 && { durationMs }) }]
  }

  #remember(call: Call, at: number | null): void {
    this.#calls.set(call.callId, { call, at })
    keepNewest(this.#calls, MAX_OPEN_CALLS)
  }

  #agent({ agentId, agentType, state }: Extract<Body, { type: 'agent' }>): Fact {
    const type = agentType ?? this.#agentTypes.get(agentId)
    if (type !== undefined) this.#agentTypes.set(agentId, type)
    keepNewest(this.#agentTypes, MAX_AGENTS)
    return { type: 'agent', agentId, state, ...(type !== undefined && { agentType: type }) }
  }

  /** The process is gone, and nobody waits any more; what its calls took to answer is known now. */
  #shutDown({ usage }: Extract<Body, { type: 'shutdown' }>, id: string): Fact[] {
    this.#requests.clear()
    const responses = this.#usage
      .since(usage)
      .map(({ model, tokens }): Fact => ({ type: 'response', messageId: `${id} ${model}`, model, tokens }))
    return this.#waitsFor === null ? responses : [...responses, ...this.#goesOnAfter(id)]
  }

  /** Several records tell of the end of one turn. */
  #waits(reason: 'turn' | 'permission' | 'question', after: string | null): Fact[] {
    if (reason === 'turn' && this.#waitsFor === 'turn') return []
    this.#waitsFor = reason
    return after === null ? [] : [{ type: 'waiting', reason, after }]
  }

  /** Takes a wait back, as what follows from an answer may take long to be written. */
  #goesOnAfter(id: string): Fact[] {
    this.#waitsFor = null
    return [{ type: 'waiting', reason: 'unknown', after: id }]
  }
}
