import type { LocalFields } from '../../../core/api.ts'
import type { ErrorCategory } from '../../../core/events.ts'
import type { Draft, Fact } from '../../../core/rule.ts'
import type { Reader, SessionFile } from '../port.ts'
import { recordsOn } from '../records.ts'
import { toldBy } from './calls.ts'
import { projectFolderOf, projectRootOf } from './project.ts'
import type {
  Call,
  GeminiRecord,
  Message,
  ModelMessage,
  Notice,
  SessionRecord,
  UserMessage,
} from './record.ts'
import { Prompts } from './prompts.ts'
import { Remembered } from './remembered.ts'
import { recordOf } from './record.ts'
import type { Released } from './responses.ts'
import { Responses } from './responses.ts'

/** Ids and names that are remembered: what is forgotten is given out again, and known by its id all the same. */
const MAX_REMEMBERED = 4096

/**
 * Reads a Gemini CLI session file, a main conversation or a subagent's, as a document or line by line. Messages are
 * written again as they grow: the last of an id counts.
 */
export class GeminiReader implements Reader {
  invalidLines = 0
  readonly #file: SessionFile
  /** The session to which a subagent's file belongs; null for other files. */
  readonly #parent: string | null
  #ownId: string
  #isSubagent: boolean
  #cwd: string | null = null
  #isProjectSought = false
  #title: string | null = null
  #lastAt: number | null = null
  #isStarted = false
  #isCompacted = false
  /** `none` before the first prompt. */
  #turn: 'none' | 'open' | 'over' = 'none'
  readonly #responses = new Responses()
  readonly #prompts = new Prompts()
  /** Ids of messages, and names of what calls told. */
  readonly #said = new Remembered(MAX_REMEMBERED)
  #drafts: Draft[] = []

  constructor(file: SessionFile) {
    this.#file = file
    this.#parent = /[\\/]chats[\\/]([^\\/]+)[\\/][^\\/]+$/.exec(file.path)?.[1] ?? null
    this.#ownId = file.sessionId
    this.#isSubagent = this.#parent !== null
  }

  get heldFrom(): number | null {
    return this.#responses.heldFrom
  }

  get sessionId(): string {
    return this.#parent ?? this.#ownId
  }

  get local(): LocalFields {
    return this.#title === null ? {} : { title: this.#title }
  }

  read(line: Buffer, offset: number): Draft[] {
    const { records, isValid } = recordsOn(line, recordOf)
    if (!isValid) this.invalidLines++
    for (const record of records) this.#take(record, offset)
    return this.#given()
  }

  flush(): Draft[] {
    this.#closeTurn()
    return this.#given()
  }

  #given(): Draft[] {
    const drafts = this.#drafts
    this.#drafts = []
    return drafts
  }

  #take(record: GeminiRecord, offset: number): void {
    this.#seekProject(record)
    if (record.type === 'rewind') this.#closeTurn()
    else if (record.type === 'session') this.#takeSession(record, offset)
    else this.#takeMessage(record, offset)
  }

  /** The first record names it, or what lies beside the file does. */
  #seekProject(record: GeminiRecord): void {
    if (this.#isProjectSought) return
    this.#isProjectSought = true
    const hints = record.type === 'session' ? record : { projectHash: null, directories: [] }
    this.#cwd = projectRootOf(projectFolderOf(this.#file.path), hints)
  }

  #takeSession(record: SessionRecord, offset: number): void {
    this.#ownId = record.sessionId ?? this.#ownId
    this.#isSubagent ||= record.isSubagent
    this.#lastAt = record.startedAt ?? this.#lastAt
    this.#startSubagent()
    if (record.isCheckpoint) this.#takeCheckpoint(record.messages, offset)
    else for (const message of record.messages) this.#takeMessage(message, offset)
    this.#lastAt = record.updatedAt ?? this.#lastAt
    if (record.summary !== null) this.#takeSummary(record.summary)
  }

  /** A subagent's file gets one when the subagent has done its work. */
  #takeSummary(summary: string): void {
    if (!this.#isSubagent) this.#title = summary
    else if (this.#parent !== null)
      this.#say(this.#lastAt, { type: 'agent', agentId: this.#ownId, state: 'finished' })
  }

  #startSubagent(): void {
    if (this.#parent === null || this.#isStarted || this.#lastAt === null) return
    this.#isStarted = true
    this.#say(this.#lastAt, { type: 'agent', agentId: this.#ownId, state: 'started' })
  }

  /**
   * The whole conversation, written again after a compaction, or when what was cancelled is left out. What a person
   * said before a compaction has another id and another time in it, so only what begins like nothing before is new.
   */
  #takeCheckpoint(messages: readonly Message[], offset: number): void {
    const isAgain = !this.#prompts.isEmpty
    for (const [i, message] of messages.entries()) {
      if (isAgain) this.#prompts.begin()
      const next = messages[i + 1]
      const isSummary = message.type === 'user' && next?.type === 'gemini' && next.acknowledges
      if (isSummary && !this.#said.has(message.id)) this.#compact(message)
      else if (message.type === 'gemini' && this.#responses.knows(message.id)) this.#takeCopy(message)
      else this.#takeMessage(message, offset)
    }
    this.#prompts.goOn()
  }

  #takeMessage(message: Message, offset: number): void {
    this.#lastAt = message.at ?? this.#lastAt
    this.#startSubagent()
    if (message.type === 'user') this.#takeUser(message)
    else if (message.type === 'gemini') this.#takeModelMessage(message, offset)
    else this.#takeNotice(message)
  }

  #takeUser(message: UserMessage): void {
    const { id, at, said } = message
    if (!this.#said.add(id)) return
    if (said.kind === 'context') this.#prompts.begin()
    else if (said.kind === 'summary') this.#compact(message)
    else if (said.kind === 'result' && !this.#prompts.isReplay) this.#continueTurn()
    else if (said.kind === 'prompt' && this.#prompts.take(said.text)) {
      this.#closeTurn()
      this.#turn = 'open'
      this.#isCompacted = false
      // The text may be written anew, with hidden parts of it or without; the id stays.
      if (!this.#isSubagent) this.#say(at, { type: 'prompt', text: id })
    }
  }

  #takeModelMessage(message: ModelMessage, offset: number): void {
    const at = message.at ?? this.#lastAt
    if (at === null || !(message.isResponse || message.calls.length > 0)) return
    this.#prompts.goOn()
    if (!this.#responses.isHeld(message.id)) {
      this.#give(this.#responses.release())
      this.#turn = 'open'
    }
    this.#responses.hold(message, at, offset)
    this.#takeCalls(message.calls, at)
  }

  #takeCopy(message: ModelMessage): void {
    const at = message.at ?? this.#lastAt
    if (at === null) return
    this.#give(this.#responses.copy(message))
    this.#takeCalls(message.calls, at)
  }

  #takeCalls(calls: readonly Call[], messageAt: number): void {
    for (const { name, at, fact } of calls.flatMap((call) => toldBy(call, messageAt, this.#isSubagent))) {
      this.#lastAt = Math.max(at, this.#lastAt ?? at)
      if (this.#said.add(name)) this.#say(at, fact)
    }
  }

  #takeNotice({ id, at, error, says }: Notice): void {
    if (!this.#said.add(id)) return
    if (says === 'compacted' && !this.#isCompacted) this.#say(at, { type: 'compaction' })
    if (says === 'cancelled') {
      this.#give(this.#responses.release())
      this.#endTurn(at, id)
    }
    if (error !== null) this.#takeError(id, at ?? this.#lastAt, error, says === 'request failed')
  }

  #takeError(id: string, at: number | null, category: ErrorCategory, isOfRequest: boolean): void {
    if (isOfRequest) {
      this.#give(this.#responses.release())
      if (this.#turn === 'open') this.#turn = 'over'
    } else this.#closeTurn()
    this.#say(at, { type: 'error', category, messageId: id })
    // A wait is over with the next event, but with this one it is still the person's turn.
    if (this.#turn === 'over') this.#wait(at, id)
  }

  /** Both the summary and a notice tell of a compaction, in this order. */
  #compact({ id, at }: UserMessage): void {
    this.#said.add(id)
    this.#isCompacted = true
    this.#say(at, { type: 'compaction' })
  }

  /** What tools answered goes to the model, unless a person stopped them all. */
  #continueTurn(): void {
    const released = this.#give(this.#responses.release())
    if (released?.isCancelled) this.#endTurn(released.endedAt, released.id)
  }

  /**
   * Nothing more is known to follow in this turn: an answer without calls was its end. Calls are written when they are
   * over, so an answer in words before a long call looks like one too, until then.
   */
  #closeTurn(): void {
    const released = this.#give(this.#responses.release())
    if (released?.isAnswer || released?.isCancelled) this.#endTurn(released.endedAt, released.id)
  }

  #give(released: Released | null): Released | null {
    if (released?.fact) this.#say(released.at, released.fact)
    return released
  }

  /** The turn is over and the person's. */
  #endTurn(at: number | null, after: string): void {
    if (this.#turn !== 'open') return
    this.#turn = 'over'
    this.#wait(at, after)
  }

  #wait(at: number | null, after: string): void {
    if (!this.#isSubagent) this.#say(at, { type: 'waiting', reason: 'turn', after })
  }

  #say(at: number | null, fact: Fact): void {
    if (at === null) return
    this.#drafts.push({ at, assistant: 'gemini', sessionId: this.sessionId, cwd: this.#cwd, fact })
  }
}
