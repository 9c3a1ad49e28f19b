import type { LocalFields } from '../../../core/api.ts'
import type { ToolStatus } from '../../../core/events.ts'
import type { Draft, Fact } from '../../../core/rule.ts'
import { Copies } from '../copies.ts'
import { callIdWithin } from '../derived-id.ts'
import { keepNewest } from '../fields.ts'
import type { SessionFile } from '../port.ts'
import { RecordReader } from '../records.ts'
import type { AssistantRecord, QwenRecord, ResultRecord, ToolCall } from './record.ts'
import { isWantedType, recordOf, startsAgent } from './record.ts'

/** Tools with which Qwen asks the person something and does nothing before the answer. */
const QUESTIONS = new Set(['ask_user_question', 'exit_plan_mode'])

/** Calls without a result, and subagents without an end, that are remembered: it may never come. */
const MAX_OPEN_CALLS = 4096

/** Sessions of one file whose directory is remembered. */
const MAX_SESSIONS = 256

/** A call whose result is awaited. */
interface OpenCall {
  /** In events; see `callIdWithin`. */
  id: string
  call: ToolCall
  at: number
}

/** Reads a Qwen Code session file: a main conversation or a subagent's. */
export class QwenReader extends RecordReader<QwenRecord> {
  /** Each answer is one record, and whole. */
  readonly #file: SessionFile
  readonly #copies: Copies
  readonly #cwds = new Map<string, string>()
  readonly #calls = new Map<string, OpenCall>()
  /** Subagents that run, by the id of the call that started each, as it stands in the file. */
  readonly #agents = new Map<string, OpenCall>()
  #sessionId: string
  #lastAt: number | null = null
  /** The last answer since the last prompt, for what a wait follows. */
  #lastMessageId: string | null = null
  #branch: string | null = null
  #worktree: string | null = null
  #title: string | null = null
  #isTitleChosen = false

  constructor(file: SessionFile) {
    super(recordOf, isWantedType)
    this.#file = file
    this.#copies = new Copies(file.path)
    this.#sessionId = file.sessionId
  }

  override get sessionId(): string {
    return this.#sessionId
  }

  override get local(): LocalFields {
    return {
      ...(this.#branch !== null && { branch: this.#branch }),
      ...(this.#worktree !== null && { worktree: this.#worktree }),
      ...(this.#title !== null && { title: this.#title }),
    }
  }

  protected override take(record: QwenRecord, drafts: Draft[]): void {
    const { common } = record
    const ownId = common.sessionId ?? this.#file.sessionId
    this.#sessionId = ownId
    this.#noteLocals(record)
    // What a branched session repeats happened in the session that it was branched from.
    const sessionId = common.copiedFrom ? this.#copies.originOf(common.copiedFrom) : ownId
    if (common.cwd !== null && !this.#cwds.has(sessionId)) this.#cwds.set(sessionId, common.cwd)
    keepNewest(this.#cwds, MAX_SESSIONS)
    this.#lastAt = common.at ?? this.#lastAt
    if (this.#lastAt === null) return
    const now: Now = {
      drafts,
      at: this.#lastAt,
      isDated: common.at !== null,
      sessionId,
      cwd: this.#cwds.get(sessionId) ?? null,
    }
    switch (record.type) {
      case 'assistant':
      case 'subagent response':
        this.#takeAnswer(record, now)
        break
      case 'results':
        for (const result of record.results) this.#finishCall(result, record, now)
        break
      case 'prompt':
        this.#lastMessageId = null
        say(now, { type: 'prompt', text: record.text })
        break
      case 'error':
        say(now, { type: 'error', category: record.category, ...idOf(common.uuid) })
        break
      case 'compaction':
        say(now, { type: 'compaction' })
        break
      case 'turn end':
        if (!common.isSidechain) this.#endTurn(now)
        break
      case 'agent end':
        this.#finishAgent(record.text, now)
    }
  }

  #noteLocals(record: QwenRecord): void {
    const { cwd, branch, isSidechain } = record.common
    if (cwd !== null) this.#worktree = /[\\/]\.qwen[\\/]worktrees[\\/]([^\\/]+)/.exec(cwd)?.[1] ?? null
    if (branch !== null && !isSidechain) this.#branch = branch
    const isChosen = record.type === 'chosen title'
    if (isChosen || (record.type === 'made title' && !this.#isTitleChosen)) {
      this.#title = record.text
      this.#isTitleChosen = isChosen
    }
  }

  #takeAnswer(record: AssistantRecord, now: Now): void {
    const { common, calls, model, tokens } = record
    const isOwn = record.type === 'assistant' && !common.isSidechain
    // A subagent's own file leaves out some of its tokens: those told in the main conversation count.
    if (common.uuid !== null && (isOwn || record.type === 'subagent response')) {
      say(now, { type: 'response', messageId: common.uuid, model, tokens })
    }
    for (const call of calls) this.#startCall(call, record, now)
    if (!isOwn) return
    this.#lastMessageId = common.uuid
    if (calls.length === 0 && record.saysText) this.#endTurn(now)
  }

  #startCall(call: ToolCall, { common }: AssistantRecord, now: Now): void {
    const id = common.uuid === null ? call.callId : callIdWithin(common.uuid, call.callId)
    const open: OpenCall = { id, call, at: now.at }
    this.#calls.set(call.callId, open)
    keepNewest(this.#calls, MAX_OPEN_CALLS)
    sayTool(now, open, 'started')
    if (QUESTIONS.has(call.tool) && !common.isSidechain) {
      say(now, { type: 'waiting', reason: 'question', after: id })
    }
    if (!startsAgent(call.tool)) return
    this.#agents.set(call.callId, open)
    keepNewest(this.#agents, MAX_OPEN_CALLS)
    sayAgent(now, open, 'started')
  }

  #finishCall({ callId, status, durationMs }: Result, record: ResultRecord, now: Now): void {
    const open = this.#calls.get(callId)
    this.#calls.delete(callId)
    const call: ToolCall = { callId, tool: '', isInBackground: false }
    sayTool(now, open ?? { id: callId, call }, status, durationMs ?? (open && now.at - open.at))
    if (!open?.call.isInBackground && !record.isAgentRunning) this.#finishAgent(callId, now)
  }

  #finishAgent(callId: string, now: Now): void {
    const open = this.#agents.get(callId)
    this.#agents.delete(callId)
    if (open) sayAgent(now, open, 'finished')
  }

  /** The turn is over and the person's. */
  #endTurn(now: Now): void {
    const after = this.#lastMessageId
    say(now, { type: 'waiting', reason: 'turn', ...(after !== null && { after }) })
  }
}

type Result = ResultRecord['results'][number]

/** What the facts of one record have in common. */
interface Now {
  drafts: Draft[]
  /** The record's time, or where it has none that of the record before. */
  at: number
  isDated: boolean
  sessionId: string
  cwd: string | null
}

const idOf = (uuid: string | null): { messageId?: string } => (uuid === null ? {} : { messageId: uuid })

/** Facts that have no id of their own are told apart by their time, and without one not from their own copies. */
function say({ drafts, at, isDated, sessionId, cwd }: Now, fact: Fact): void {
  const hasId = fact.type === 'tool' || fact.type === 'agent' || fact.type === 'response'
  if (hasId || isDated) drafts.push({ at, assistant: 'qwen', sessionId, cwd, fact })
}

function sayTool(
  now: Now,
  { id, call }: Pick<OpenCall, 'id' | 'call'>,
  status: ToolStatus,
  durationMs = -1,
): void {
  const fact: Fact = { type: 'tool', tool: call.tool, callId: id, status }
  if (call.path !== undefined) fact.path = call.path
  // Clocks can be set back while a tool runs.
  if (durationMs >= 0) fact.durationMs = durationMs
  say(now, fact)
}

function sayAgent(now: Now, { id, call }: OpenCall, state: 'started' | 'finished'): void {
  say(now, {
    type: 'agent',
    agentId: id,
    state,
    ...(call.agentType !== undefined && { agentType: call.agentType }),
  })
}
