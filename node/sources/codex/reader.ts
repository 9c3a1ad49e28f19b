import type { LocalFields } from '../../../core/api.ts'
import type { ToolStatus } from '../../../core/events.ts'
import { tokenSum } from '../../../core/events.ts'
import type { Draft, Fact } from '../../../core/rule.ts'
import type { SessionFile } from '../port.ts'
import { RecordReader } from '../records.ts'
import type { Call } from './calls.ts'
import { CallsSoFar } from './calls-so-far.ts'
import type { Meta } from './meta.ts'
import { OwnPart } from './own-part.ts'
import type { Body, CodexRecord, Prompt } from './record.ts'
import { isWantedType, recordOf } from './record.ts'
import type { Result } from './results.ts'
import { TurnPrompts } from './turn-prompts.ts'
import { isUuid } from './uuid.ts'

/** Tools with which Codex asks the person something and does nothing before the answer. */
const QUESTIONS: Readonly<Record<string, 'question' | 'permission'>> = {
  request_user_input: 'question',
  request_permissions: 'permission',
}

/** Reads a rollout of Codex: a thread that a person talks to, or a subagent's. Nothing is held. */
export class CodexReader extends RecordReader<CodexRecord> {
  readonly #part = new OwnPart()
  readonly #calls = new CallsSoFar()
  #sessionId: string
  #cwd: string | null = null
  #turnCwd: string | null = null
  #lastAt: number | null = null
  #turnId: string | null = null
  #isTurnOver = false
  readonly #prompts = new TurnPrompts()
  #lastCopiedPrompt: { body: Body; at: number | null } | null = null
  #model = ''
  #total: string | null = null
  #reviewId: string | null = null
  readonly #local: { branch?: string; worktree?: string; title?: string } = {}

  constructor({ path, sessionId }: SessionFile) {
    super(recordOf, isWantedType)
    // The same of a rollout and of its compressed or archived copy.
    this.#sessionId =
      /rollout-[^\\/]*?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl/.exec(path)?.[1] ?? sessionId
  }

  override get sessionId(): string {
    return this.#sessionId
  }

  override get local(): LocalFields {
    return { ...this.#local }
  }

  protected override take(record: CodexRecord, drafts: Draft[]): void {
    const { at, body } = record
    const before = this.#part.owner
    const isOwn = this.#part.isOwn(record)
    const { owner } = this.#part
    if (owner && owner !== before) this.#takeOwner(owner, at, drafts)
    this.#lastAt = at ?? this.#lastAt
    this.#note(body)
    if (!isOwn) {
      this.#skip(body, at)
      return
    }
    const prompt = this.#lastCopiedPrompt
    if (prompt && this.#part.hasOwnPrompt) this.#tell(prompt.body, { at: prompt.at, drafts })
    this.#lastCopiedPrompt = null
    this.#tell(body, { at, drafts })
  }

  #takeOwner(owner: Meta, at: number | null, drafts: Draft[]): void {
    this.#sessionId = owner.sessionId
    this.#cwd = owner.cwd
    const worktree = /[\\/]\.codex[\\/]worktrees[\\/]([^\\/]+)/.exec(owner.cwd ?? '')?.[1]
    if (worktree !== undefined) this.#local.worktree = worktree
    this.#lastAt = at ?? owner.bornAt
    if (owner.subagent?.isCalled) this.#sayOwnAgent('started', { at: this.#lastAt, drafts })
  }

  /** What holds for the records that follow, be they the thread's own or not. */
  #note(body: Body): void {
    if (body.type === 'turn' || body.type === 'turn start') this.#turnId = body.turnId
    if (body.type !== 'turn') return
    this.#model = body.model ?? this.#model
    this.#turnCwd = body.cwd
  }

  /** A record that the file only repeats. */
  #skip(body: Body, at: number | null): void {
    if (body.type === 'prompt') this.#lastCopiedPrompt = { body, at }
    if (body.type === 'tokens') this.#total = body.total
    if (body.type === 'call') this.#calls.skip(body)
  }

  #tell(body: Body, now: Now): void {
    switch (body.type) {
      case 'turn':
        this.#cwd ??= body.cwd
        return
      case 'turn start':
        this.#isTurnOver = false
        return
      case 'turn end':
        this.#endTurn(body, now)
        return
      case 'prompt':
        this.#tellPrompt(body, now)
        return
      case 'tokens':
        this.#tellResponse(body, now)
        return
      case 'call':
        this.#startCall(body, now)
        return
      case 'result':
        this.#endCall(body, now)
        return
      case 'error':
        this.#sayError(body.category, now)
        return
      case 'compaction':
        this.#say(now, { type: 'compaction' })
        return
      case 'review':
        this.#tellReview(body, now)
        return
      case 'agents':
        for (const agent of body.agents) this.#say(now, agent)
        return
      case 'title':
        this.#local.title = body.title
        return
      case 'meta':
        // Told again where a session is resumed.
        if (body.meta.branch !== null) this.#local.branch = body.meta.branch
        return
      case 'owner':
      case 'other':
        return
    }
  }

  #tellPrompt(prompt: Prompt, now: Now): void {
    this.#isTurnOver = false
    const isNew = this.#prompts.isNew(prompt)
    // What a subagent is asked, no person has asked.
    if (isNew && !this.#part.owner?.subagent) this.#say(now, { type: 'prompt', text: prompt.text })
  }

  /**
   * The record of a response has no id. Its turn has one that is kept wherever the record is copied to, and within a
   * turn totals only grow; in versions whose turns have none, the session and the time take its place.
   */
  #tellResponse({ total, tokens }: Extract<Body, { type: 'tokens' }>, now: Now): void {
    if (total === this.#total) return
    this.#total = total
    this.#prompts.work()
    const turn = this.#turnKey()
    if (tokenSum(tokens) === 0 || (turn === null && now.at === null)) return
    const messageId = `${turn ?? now.at}.${total}`
    this.#say(now, { type: 'response', messageId, model: this.#model, tokens })
  }

  #startCall(call: Call, now: Now): void {
    const callId = this.#calls.begin(call, now.at)
    if (callId === null) return
    this.#isTurnOver = false
    this.#prompts.work()
    this.#sayTool(callId, call, 'started', now)
    if (call.ended) this.#endCall({ type: 'result', callId, status: call.ended, isOutput: false }, now)
    const reason = Object.hasOwn(QUESTIONS, call.tool) ? QUESTIONS[call.tool] : undefined
    if (reason) this.#say(now, { type: 'waiting', reason, after: callId })
  }

  #endCall(result: Result, now: Now): void {
    const call = this.#calls.end(result)
    if (call === undefined) return
    const { callId, status, durationMs, agentId } = result
    this.#sayTool(callId, call, status, now, durationMs)
    if (agentId === undefined || !call) return
    const { agentType } = call
    this.#say(now, { type: 'agent', agentId, state: 'started', ...(agentType !== null && { agentType }) })
  }

  #endTurn({ turnId, isPersonsTurn, error }: Extract<Body, { type: 'turn end' }>, now: Now): void {
    this.#turnId = turnId ?? this.#turnId
    this.#prompts.endTurn()
    if (error) this.#sayError(error, now)
    const subagent = this.#part.owner?.subagent
    if (subagent?.isCalled) this.#sayOwnAgent('finished', now)
    if (subagent || !isPersonsTurn || this.#isTurnOver) return
    this.#isTurnOver = true
    const after = this.#turnKey()
    this.#say(now, { type: 'waiting', reason: 'turn', ...(after !== null && { after }) })
  }

  #sayError(category: Extract<Fact, { type: 'error' }>['category'], now: Now): void {
    const turn = this.#turnKey()
    this.#say(now, { type: 'error', category, ...(turn !== null && { messageId: turn }) })
  }

  /** A review is a thread of Codex's own; what it does is told in a file of that thread. */
  #tellReview({ isOver, id }: Extract<Body, { type: 'review' }>, now: Now): void {
    if (!isOver) this.#reviewId = `review.${id ?? now.at}`
    const agentId = this.#reviewId
    if (isOver) this.#reviewId = null
    if (agentId === null || now.at === null) return
    this.#say(now, { type: 'agent', agentId, agentType: 'review', state: isOver ? 'finished' : 'started' })
  }

  #sayOwnAgent(state: 'started' | 'finished', now: Now): void {
    const { threadId: agentId, subagent } = this.#part.owner!
    const agentType = subagent?.agentType ?? null
    this.#say(now, { type: 'agent', agentId, state, ...(agentType !== null && { agentType }) })
  }

  #sayTool(callId: string, call: Call | null, status: ToolStatus, now: Now, durationMs?: number): void {
    const fact: Fact = { type: 'tool', tool: call?.tool ?? '', callId, status }
    if (call && call.path !== null) fact.path = this.#absolute(call.path)
    if (durationMs !== undefined) fact.durationMs = durationMs
    this.#say(now, fact)
  }

  /** Codex means paths as seen from the turn's directory, which need not be the session's. */
  #absolute(path: string): string {
    const isAbsolute = /^(?:[\\/]|[A-Za-z]:[\\/])/.test(path)
    return isAbsolute || this.#turnCwd === null || this.#turnCwd === this.#cwd
      ? path
      : `${this.#turnCwd}/${path}`
  }

  /** The current turn's id where it stands for one turn only: old versions count. Without what parts the digits. */
  #turnKey(): string | null {
    return this.#turnId !== null && isUuid(this.#turnId) ? this.#turnId.replaceAll('-', '') : null
  }

  /** What has no id of its own is told apart by its time, and without one not from its own copies. */
  #say({ at, drafts }: Now, fact: Fact): void {
    const hasId =
      fact.type === 'tool' || fact.type === 'agent' || (fact.type === 'response' && this.#turnKey() !== null)
    const time = at ?? (hasId ? this.#lastAt : null)
    if (time === null) return
    drafts.push({ at: time, assistant: 'codex', sessionId: this.#sessionId, cwd: this.#cwd, fact })
  }
}

interface Now {
  /** The record's time; null where it has none. */
  at: number | null
  drafts: Draft[]
}
