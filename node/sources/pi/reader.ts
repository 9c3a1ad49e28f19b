import type { LocalFields } from '../../../core/api.ts'
import type { Draft, Fact } from '../../../core/rule.ts'
import { callIdWithin } from '../derived-id.ts'
import { keepNewest } from '../fields.ts'
import type { SessionFile } from '../port.ts'
import { RecordReader } from '../records.ts'
import type { Ancestor } from './ancestors.ts'
import { ancestorsOf } from './ancestors.ts'
import type { AnswerRecord, HeaderRecord, PiRecord, ResultRecord } from './record.ts'
import { isWantedType, recordOf, sessionIdInName } from './record.ts'

/** Calls without a result that are remembered: after an interrupt the result may never come. */
const MAX_OPEN_CALLS = 4096

/** A call whose result is awaited. */
interface OpenCall {
  /** In events; see `callIdWithin`. */
  id: string
  tool: string
  path?: string
  at: number
}

/** Reads a pi session file. A branched session's file begins with copies of what happened in another session. */
export class PiReader extends RecordReader<PiRecord> {
  /** Each answer is one record, and whole. */
  readonly #path: string
  readonly #calls = new Map<string, OpenCall>()
  #sessionId: string
  #header: HeaderRecord | null = null
  /** null as long as nothing asked for them. */
  #ancestors: readonly Ancestor[] | null = null
  #lastAt: number | null = null
  #title: string | null = null

  constructor(file: SessionFile) {
    super(recordOf, isWantedType)
    this.#path = file.path
    this.#sessionId = sessionIdInName(file.path) ?? file.sessionId
  }

  override get sessionId(): string {
    return this.#sessionId
  }

  override get local(): LocalFields {
    return { ...(this.#title !== null && { title: this.#title }) }
  }

  protected override take(record: PiRecord, drafts: Draft[]): void {
    if (record.type === 'header') {
      this.#header = record
      this.#ancestors = null
      this.#sessionId = record.sessionId
      return
    }
    if (record.type === 'title') {
      this.#title = record.title
      return
    }
    this.#lastAt = record.at ?? this.#lastAt
    if (this.#lastAt === null) return
    const now: Now = {
      drafts,
      at: this.#lastAt,
      isDated: record.at !== null,
      sessionId: this.#sessionOf(record.origin),
      cwd: this.#header?.cwd ?? null,
    }
    switch (record.type) {
      case 'prompt':
        say(now, { type: 'prompt', text: record.text })
        break
      case 'answer':
        this.#takeAnswer(record, now)
        break
      case 'result':
        this.#finishCall(record, now)
        break
      case 'compaction':
        say(now, { type: 'compaction' })
    }
  }

  /** What is older than a branched session's beginning happened in one that it was branched from. */
  #sessionOf(origin: number | null): string {
    const header = this.#header
    if (!header || header.parent === null || header.at === null) return this.#sessionId
    if (origin === null || origin >= header.at) return this.#sessionId
    this.#ancestors ??= ancestorsOf(this.#path, header)
    const began = this.#ancestors.find(({ at }) => at === null || origin >= at)
    return (began ?? this.#ancestors.at(-1))?.sessionId ?? this.#sessionId
  }

  #takeAnswer({ messageId, model, tokens, calls, end, error }: AnswerRecord, now: Now): void {
    say(now, { type: 'response', messageId, model, tokens })
    for (const { callId, ...call } of calls) {
      const open: OpenCall = { ...call, id: callIdWithin(messageId, callId), at: now.at }
      this.#calls.set(callId, open)
      keepNewest(this.#calls, MAX_OPEN_CALLS)
      sayTool(now, open, 'started')
    }
    if (end === 'error') say(now, { type: 'error', category: error, messageId })
    if (end === 'turn' || end === 'aborted') say(now, { type: 'waiting', reason: 'turn', after: messageId })
  }

  #finishCall({ callId, tool, status }: ResultRecord, now: Now): void {
    const open = this.#calls.get(callId)
    this.#calls.delete(callId)
    sayTool(now, open ?? { id: callId, tool }, status, open && now.at - open.at)
  }
}

/** What the facts of one record have in common. */
interface Now {
  drafts: Draft[]
  /** The record's time, or where it has none that of the record before. */
  at: number
  isDated: boolean
  sessionId: string
  cwd: string | null
}

/** What has no id of its own is told apart by its time, and without one not from its own copies. */
function say({ drafts, at, isDated, sessionId, cwd }: Now, fact: Fact): void {
  const hasId = fact.type !== 'prompt' && fact.type !== 'compaction'
  if (hasId || isDated) drafts.push({ at, assistant: 'pi', sessionId, cwd, fact })
}

function sayTool(
  now: Now,
  { id, tool, path }: Omit<OpenCall, 'at'>,
  status: Extract<Fact, { type: 'tool' }>['status'],
  durationMs = -1,
): void {
  const fact: Fact = { type: 'tool', tool, callId: id, status }
  if (path !== undefined) fact.path = path
  // Clocks can be set back while a tool runs.
  if (durationMs >= 0) fact.durationMs = durationMs
  say(now, fact)
}
