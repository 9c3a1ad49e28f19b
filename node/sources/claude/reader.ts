import type { LocalFields } from '../../../core/api.ts'
import type { Tokens } from '../../../core/events.ts'
import { tokenSum } from '../../../core/events.ts'
import type { Draft, Fact } from '../../../core/rule.ts'
import { Copies } from '../copies.ts'
import { keepNewest } from '../fields.ts'
import type { Reader, SessionFile } from '../port.ts'
import { recordsOn } from '../records.ts'
import type { AssistantRecord, ClaudeRecord, SystemRecord, ToolUse, UserRecord } from './record.ts'
import { isWantedType, recordOf, SYNTHETIC_MODEL } from './record.ts'
import { Subagents } from './subagents.ts'

/** Tools with which Claude asks the person something and does nothing before the answer. */
const QUESTIONS = new Set(['AskUserQuestion', 'ExitPlanMode'])

/** Calls without a result that are remembered: after an interrupt the result may never come. */
const MAX_OPEN_CALLS = 4096
/** Sessions of one file whose directory is remembered. */
const MAX_SESSIONS = 256
/** Messages whose first time is remembered: parallel subagents of old versions take turns in one file. */
const MAX_MESSAGES = 64

interface Message {
  /** When its first record was written: later records of it, read in a later run, must give the same event. */
  at: number
  model: string
  tokens: Tokens
  /** What was given out for it so far; -1 for nothing. */
  given: number
  from: Origin
}

/** Reads a Claude Code session file: a main conversation or a subagent's. */
export class ClaudeReader implements Reader {
  invalidLines = 0
  readonly #file: SessionFile
  readonly #copies: Copies
  readonly #cwds = new Map<string, string>()
  readonly #calls = new Map<string, { use: ToolUse; at: number }>()
  readonly #messages = new Map<string, Message>()
  readonly #subagents: Subagents
  #held: { messageId: string; from: number } | null = null
  #sessionId: string
  #lastAt: number | null = null
  /** The last message since the last prompt, for what a wait follows. */
  #lastMessageId: string | null = null
  #isTurnOver = false
  #branch: string | null = null
  #worktree: string | null = null
  #title: string | null = null
  #isTitleChosen = false

  constructor(file: SessionFile) {
    this.#file = file
    this.#copies = new Copies(file.path)
    this.#subagents = new Subagents(file.path)
    this.#sessionId = file.sessionId
  }

  get heldFrom(): number | null {
    return this.#held?.from ?? null
  }

  get sessionId(): string {
    return this.#sessionId
  }

  get local(): LocalFields {
    return {
      ...(this.#branch !== null && { branch: this.#branch }),
      ...(this.#worktree !== null && { worktree: this.#worktree }),
      ...(this.#title !== null && { title: this.#title }),
    }
  }

  read(line: Buffer, offset: number): Draft[] {
    const { records, isValid } = recordsOn(line, recordOf, isWantedType)
    if (!isValid) this.invalidLines++
    const drafts: Draft[] = []
    for (const record of records) this.#take(record, offset, drafts)
    return drafts
  }

  flush(): Draft[] {
    const drafts: Draft[] = []
    this.#release(drafts)
    return drafts
  }

  #take(record: ClaudeRecord, offset: number, drafts: Draft[]): void {
    const { common } = record
    const ownId = common.sessionId ?? this.#file.sessionId
    this.#sessionId = ownId
    // What a branched session repeats happened in the session that it was branched from.
    const sessionId = common.copiedFrom ? this.#copies.originOf(common.copiedFrom) : ownId
    if (common.cwd !== null) {
      if (!this.#cwds.has(sessionId)) this.#cwds.set(sessionId, common.cwd)
      keepNewest(this.#cwds, MAX_SESSIONS)
      this.#worktree = /[\\/]\.claude[\\/]worktrees[\\/]([^\\/]+)/.exec(common.cwd)?.[1] ?? null
    }
    if (common.branch !== null && !common.isSidechain) this.#branch = common.branch
    if (record.type === 'title') {
      this.#setTitle(record.title, record.isChosen)
      return
    }
    this.#lastAt = common.at ?? this.#lastAt
    if (this.#lastAt === null) return
    const at = this.#lastAt
    const now: Now = {
      offset,
      drafts,
      at,
      isDated: common.at !== null,
      from: { sessionId, cwd: this.#cwds.get(sessionId) ?? null },
    }
    for (const fact of this.#subagents.seen(common.isSidechain, common.agentId)) this.#say(now, fact)
    if (record.type === 'assistant') this.#takeAssistant(record, now)
    else if (record.type === 'user') this.#takeUser(record, now)
    else this.#takeSystem(record, now)
  }

  #setTitle(title: string, isChosen: boolean): void {
    if (this.#isTitleChosen && !isChosen) return
    this.#title = title
    this.#isTitleChosen = isChosen
  }

  #takeAssistant(record: AssistantRecord, now: Now): void {
    if (record.error !== null) {
      this.#release(now.drafts)
      const { error: category, messageId } = record
      this.#say(now, { type: 'error', category, ...(messageId !== null && { messageId }) })
      return
    }
    if (record.model === SYNTHETIC_MODEL) return
    if (record.messageId !== null) this.#hold(record.messageId, record, now)
    if (!record.common.isSidechain) {
      this.#lastMessageId = record.messageId
      this.#isTurnOver = false
    }
    for (const use of record.toolUses) this.#startCall(use, record, now)
    if (!record.endsTurn) return
    this.#release(now.drafts)
    if (!record.common.isSidechain) this.#endTurn(now)
    else for (const fact of this.#subagents.finishes(record.common.agentId)) this.#say(now, fact)
  }

  #startCall(use: ToolUse, record: AssistantRecord, now: Now): void {
    this.#calls.set(use.callId, { use, at: now.at })
    keepNewest(this.#calls, MAX_OPEN_CALLS)
    this.#sayTool(now, use, 'started')
    if (QUESTIONS.has(use.tool) && !record.common.isSidechain) {
      this.#say(now, { type: 'waiting', reason: 'question', after: use.callId })
    }
    if (use.tool === 'Task' || use.tool === 'Agent') this.#subagents.called(use, now.at)
  }

  #takeUser(record: UserRecord, now: Now): void {
    for (const { callId, isError } of record.results) this.#finishCall(callId, isError, record, now)
    if (record.said.kind === 'prompt') {
      this.#release(now.drafts)
      this.#lastMessageId = null
      this.#isTurnOver = false
      this.#say(now, { type: 'prompt', text: record.said.text })
    } else if (record.said.kind === 'interrupt') {
      this.#endTurn(now)
    }
  }

  #finishCall(callId: string, isError: boolean, record: UserRecord, now: Now): void {
    const call = this.#calls.get(callId)
    const status = isError ? 'failed' : 'completed'
    this.#sayTool(now, call?.use ?? { callId, tool: '' }, status, call && now.at - call.at)
    this.#calls.delete(callId)
    if (!record.common.isSidechain) this.#isTurnOver = false
    for (const { at, fact } of this.#subagents.returned(callId, record.agent, now.at)) {
      now.drafts.push(draftOf(now.from, at, fact))
    }
  }

  #takeSystem(record: SystemRecord, now: Now): void {
    if (record.what === 'error') this.#say(now, { type: 'error', category: record.error ?? 'other' })
    if (record.what === 'compaction') this.#say(now, { type: 'compaction' })
    if (record.what === 'turn end' && !record.common.isSidechain) this.#endTurn(now)
  }

  /** The turn is over and the person's. Several records say so, and some of them twice. */
  #endTurn(now: Now): void {
    this.#release(now.drafts)
    if (this.#isTurnOver) return
    this.#isTurnOver = true
    const after = this.#lastMessageId
    this.#say(now, { type: 'waiting', reason: 'turn', ...(after !== null && { after }) })
  }

  /** What has no id of its own is told apart by its time, and without one not from its own copies. */
  #say(now: Now, fact: Fact): void {
    const hasId = fact.type === 'tool' || fact.type === 'agent'
    if (hasId || now.isDated) now.drafts.push(draftOf(now.from, now.at, fact))
  }

  #sayTool(now: Now, use: ToolUse, status: 'started' | 'completed' | 'failed', durationMs = -1): void {
    const { tool, callId, path } = use
    const fact: Fact = { type: 'tool', tool, callId, status }
    if (path !== undefined) fact.path = path
    // Clocks can be set back while a tool runs.
    if (durationMs >= 0) fact.durationMs = durationMs
    this.#say(now, fact)
  }

  /** Of one message's records, written block by block, the last has the true count of tokens. */
  #hold(messageId: string, record: AssistantRecord, now: Now): void {
    if (this.#held?.messageId !== messageId) {
      this.#release(now.drafts)
      this.#held = { messageId, from: now.offset }
    }
    const message = this.#messages.get(messageId)
    if (message) {
      if (record.tokens) message.tokens = record.tokens
      if (record.model !== '') message.model = record.model
      return
    }
    const { model, tokens } = record
    const none = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
    this.#messages.set(messageId, { at: now.at, model, tokens: tokens ?? none, given: -1, from: now.from })
    keepNewest(this.#messages, MAX_MESSAGES)
  }

  #release(drafts: Draft[]): void {
    if (!this.#held) return
    const { messageId } = this.#held
    this.#held = null
    const message = this.#messages.get(messageId)
    if (!message || tokenSum(message.tokens) <= message.given) return
    message.given = tokenSum(message.tokens)
    const { model, tokens } = message
    drafts.push(draftOf(message.from, message.at, { type: 'response', messageId, model, tokens }))
  }
}

/** Whose facts they are. */
type Origin = Pick<Draft, 'sessionId' | 'cwd'>

function draftOf({ sessionId, cwd }: Origin, at: number, fact: Fact): Draft {
  return { at, assistant: 'claude', sessionId, cwd, fact }
}

/** What the facts of one record have in common. */
interface Now {
  offset: number
  /** The record's time, or where it has none that of the record before. */
  at: number
  isDated: boolean
  from: Origin
  drafts: Draft[]
}
