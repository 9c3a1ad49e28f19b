import type { LocalFields } from '../../../core/api.ts'
import type { ErrorCategory } from '../../../core/events.ts'
import type { Draft, Fact } from '../../../core/rule.ts'
import { keepNewest } from '../fields.ts'
import { RecordReader } from '../records.ts'
import { callerOf, idsIn, sessionFile } from './beside.ts'
import type { Result, Use } from './blocks.ts'
import { TASK } from './blocks.ts'
import type { Header } from './header.ts'
import type { Body, DroidRecord } from './record.ts'
import { isWantedType, recordOf } from './record.ts'

/** Tools with which Droid asks the person something and does nothing before the answer. */
const QUESTIONS = new Set(['AskUser', 'ExitSpecMode'])

/** Reasons of a turn's end after which the session goes on by itself, or cannot go on. */
const WITHOUT_WAIT = new Set(['process_exit', 'spec_handoff'])

/** Calls without a result that are remembered. */
const MAX_OPEN_CALLS = 4096

/** Reads a Droid session file, or the output of `droid exec`. Nothing is held, as each record is final. */
export class DroidReader extends RecordReader<DroidRecord> {
  readonly #path: string
  #sessionId: string
  #cwd: string | null = null
  #title: string | null = null
  #model: string | null = null
  #lastAt: number | null = null
  /** The subagent that this session is of another; null where it is a person's own. */
  #agentId: string | null = null
  #agentIsCalled = false
  /** Ids of the session that this one was forked from, whose records it begins with. */
  #copied: ReadonlySet<string> = new Set()
  readonly #calls = new Map<string, { use: Use; at: number }>()
  /** The last message since the last prompt, for what a wait follows. */
  #lastMessageId: string | null = null
  #isTurnOver = false
  /** What the person was last told of a failed request. */
  #notice: ErrorCategory | null = null

  constructor(path: string, sessionId: string) {
    super(recordOf, isWantedType)
    this.#path = path
    this.#sessionId = sessionId
  }

  override get sessionId(): string {
    return this.#sessionId
  }

  override get local(): LocalFields {
    return this.#title === null || this.#agentId !== null ? {} : { title: this.#title }
  }

  protected override take(record: DroidRecord, drafts: Draft[]): void {
    const { body, id } = record
    if (record.sessionId !== null && this.#agentId === null) this.#sessionId = record.sessionId
    if (body.type === 'start') this.#begin(body.header, body.model)
    this.#lastAt = record.at ?? this.#lastAt
    const at = this.#lastAt
    if (at === null || (id !== null && this.#copied.has(id))) return
    for (const fact of this.#factsOf(record, at)) {
      drafts.push({ at, assistant: 'droid', sessionId: this.#sessionId, cwd: this.#cwd, fact })
    }
  }

  /** A subagent's work belongs to the session that started it. */
  #begin(header: Header, model: string | null): void {
    const { sessionId, cwd, title, parentId, callId } = header
    const caller = callerOf(this.#path, header)
    this.#agentId = caller === null ? null : (callId ?? sessionId)
    this.#agentIsCalled = callId !== null
    this.#sessionId = caller ?? sessionId ?? this.#sessionId
    this.#cwd = cwd
    this.#title = title
    this.#model = model
    this.#copied = parentId === null ? new Set() : idsIn(sessionFile(this.#path, parentId))
  }

  #factsOf(record: DroidRecord, at: number): Fact[] {
    const { body, id } = record
    switch (body.type) {
      case 'user':
        return [...this.#finish(body.results, at), ...(body.isPrompt ? this.#prompt(id ?? body.text) : [])]
      case 'assistant':
        return this.#message(body, id, at)
      case 'calls':
        return [...this.#start(body.uses, at), ...this.#finish(body.results, at)]
      case 'notice':
        this.#notice = body.category ?? this.#notice
        return []
      case 'compaction':
        return record.at === null ? [] : [{ type: 'compaction' }]
      case 'turn end':
        return this.#outcome(body)
      case 'completion':
        return this.#completion(body, at)
      case 'error':
        return record.at === null ? [] : [{ type: 'error', category: body.category }]
      case 'start':
        return []
    }
  }

  /** What a subagent is asked to do is no prompt of a person, but its beginning. */
  #prompt(text: string | null): Fact[] {
    this.#lastMessageId = null
    this.#isTurnOver = false
    this.#notice = null
    if (this.#agentId === null) return text === null ? [] : [{ type: 'prompt', text }]
    return this.#agentIsCalled ? [] : [{ type: 'agent', agentId: this.#agentId, state: 'started' }]
  }

  #message(message: Extract<Body, { type: 'assistant' }>, id: string | null, at: number): Fact[] {
    this.#lastMessageId = id
    this.#isTurnOver = false
    const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
    const model = message.model ?? this.#model ?? ''
    return [
      ...(id === null ? [] : [{ type: 'response', messageId: id, model, tokens } as const]),
      ...this.#start(message.uses, at),
      ...(message.isLastWord ? this.#endTurn(id) : []),
    ]
  }

  #start(uses: readonly Use[], at: number): Fact[] {
    return uses.flatMap((use): Fact[] => {
      const { callId, tool, path, agentType } = use
      this.#calls.set(callId, { use, at })
      keepNewest(this.#calls, MAX_OPEN_CALLS)
      const facts: Fact[] = [
        { type: 'tool', status: 'started', callId, tool, ...(path !== undefined && { path }) },
      ]
      if (tool === TASK) facts.push(agentFact(callId, agentType, 'started'))
      if (this.#agentId === null && QUESTIONS.has(tool)) {
        facts.push({ type: 'waiting', reason: 'question', after: callId })
      }
      return facts
    })
  }

  #finish(results: readonly Result[], at: number): Fact[] {
    if (results.length > 0) this.#isTurnOver = false
    return results.flatMap(({ callId, status }): Fact[] => {
      const call = this.#calls.get(callId)
      this.#calls.delete(callId)
      const { tool = '', path, agentType } = call?.use ?? {}
      const durationMs = at - (call?.at ?? Infinity)
      const fact: Fact = { type: 'tool', status, callId, tool, ...(path !== undefined && { path }) }
      // Clocks can be set back while a tool runs.
      if (durationMs >= 0) fact.durationMs = durationMs
      const isOver = tool === TASK && call?.use.isInBackground !== true
      return isOver ? [fact, agentFact(callId, agentType, 'finished')] : [fact]
    })
  }

  /** The record has no time of its own. */
  #outcome({ reason, turnId }: Extract<Body, { type: 'turn end' }>): Fact[] {
    const facts: Fact[] = []
    if (reason === 'error' && turnId !== null) {
      facts.push({ type: 'error', category: this.#notice ?? 'other', messageId: turnId })
    }
    const waits = WITHOUT_WAIT.has(reason) ? [] : this.#endTurn(this.#lastMessageId ?? turnId)
    return [...facts, ...waits]
  }

  /** `droid exec` tells what it used when it is done. */
  #completion({ tokens }: Extract<Body, { type: 'completion' }>, at: number): Fact[] {
    const messageId = `completion ${at}`
    const waits = this.#endTurn(this.#lastMessageId ?? messageId)
    return tokens ? [{ type: 'response', messageId, model: this.#model ?? '', tokens }, ...waits] : waits
  }

  /** The turn is over and the person's; a subagent's is its end. Several records tell of one. */
  #endTurn(after: string | null): Fact[] {
    if (this.#agentId !== null) return [agentFact(this.#agentId, undefined, 'finished')]
    if (this.#isTurnOver || after === null) return []
    this.#isTurnOver = true
    return [{ type: 'waiting', reason: 'turn', after }]
  }
}

function agentFact(agentId: string, agentType: string | undefined, state: 'started' | 'finished'): Fact {
  return { type: 'agent', agentId, state, ...(agentType !== undefined && { agentType }) }
}
