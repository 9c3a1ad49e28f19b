import { isUnique } from '../../../core/natural-key.ts'
import { tokenSum } from '../../../core/events.ts'
import type { Draft, Fact } from '../../../core/rule.ts'
import type { MessageRecord, PartRecord, SessionRecord, ToolPart } from './record.ts'

/** Tools with which OpenCode asks the person something and does nothing before the answer. */
const QUESTIONS = new Set(['question', 'plan_enter', 'plan_exit'])

/** Reasons to stop after which OpenCode goes on by itself. */
const GOES_ON = new Set(['tool-calls', 'unknown'])

/** A clock that was set back while a session ran makes it no copy. */
const CLOCK_STEP_MS = 1000

/** Sessions within sessions; deeper is a loop. */
export const MAX_DEPTH = 16

/** Whose facts they are. */
export interface Origin {
  /** The session that a person began. */
  sessionId: string
  cwd: string | null
  isSubagent: boolean
  /** When the record's own session began; -Infinity where that is not known. */
  beganAt: number
  title: string | null
}

/** Whose the facts of a session's records are. `lookUp` gives the session of an id, null where there is none. */
export function originOf(sessionId: string, lookUp: (id: string) => SessionRecord | null): Origin {
  const own = lookUp(sessionId)
  let top = own
  for (let depth = 0; top?.parentId && depth < MAX_DEPTH; depth++) {
    const parent = lookUp(top.parentId)
    // A parent that is gone still was the one whose task it did.
    if (!parent) return { ...originFrom(own, top.parentId, top), title: null }
    top = parent
  }
  return originFrom(own, top?.id ?? sessionId, top)
}

function originFrom(own: SessionRecord | null, sessionId: string, top: SessionRecord | null): Origin {
  return {
    sessionId,
    cwd: top?.directory ?? own?.directory ?? null,
    isSubagent: own?.parentId != null,
    beganAt: own?.at ?? -Infinity,
    title: top?.title ?? null,
  }
}

/**
 * A fork of a session begins with copies of the other one's messages and parts, under new ids and with their old times:
 * what was before the session began happened in the other.
 */
function isCopy(at: number, origin: Origin): boolean {
  return at < origin.beganAt - CLOCK_STEP_MS
}

/** What a message tells. What a person asked stands in its parts. */
export function messageDrafts(message: MessageRecord, origin: Origin): Draft[] {
  if (message.role !== 'assistant' || isCopy(message.at, origin)) return []
  const { id: messageId, at, completedAt, model, tokens, error } = message
  const drafts: Draft[] = []
  const say = (when: number, fact: Fact) => drafts.push(draftOf(origin, when, fact, message.cwd))
  if (tokens && (tokenSum(tokens) > 0 || isAnswer(message))) {
    say(at, { type: 'response', messageId, model, tokens })
  }
  if (error !== null && error !== 'stopped') {
    say(completedAt ?? at, { type: 'error', category: error, messageId })
  }
  if (completedAt !== null && endsTurn(message) && !origin.isSubagent) {
    say(completedAt, { type: 'waiting', reason: 'turn', after: messageId })
  }
  return drafts
}

/** A model's answer of which nobody counted the tokens; what a person ran in the shell has no reason to stop. */
function isAnswer({ completedAt, finish, error }: MessageRecord): boolean {
  return completedAt !== null && error === null && finish !== null && !GOES_ON.has(finish)
}

/** OpenCode stops after an error and where the model has said all; after a compaction it may go on. */
function endsTurn({ finish, error, isSummary }: MessageRecord): boolean {
  if (isSummary) return false
  return error !== null || (finish !== null && !GOES_ON.has(finish))
}

/** What a part tells; `message` is the one that it belongs to, null where it is not known. */
export function partDrafts(part: PartRecord, message: MessageRecord | null, origin: Origin): Draft[] {
  if (message && isCopy(message.at, origin)) return []
  const cwd = message?.cwd ?? null
  switch (part.type) {
    case 'tool':
      return toolDrafts(part, origin, cwd)
    case 'typed':
      if (message?.role !== 'user' || origin.isSubagent) return []
      // The parts of one message are one prompt, whichever is read first.
      return [draftOf(origin, message.at, { type: 'prompt', text: message.id }, cwd)]
    case 'compaction':
      return message ? [draftOf(origin, message.at, { type: 'compaction' }, cwd)] : []
    case 'retry': {
      const fact: Fact = { type: 'error', category: part.error, messageId: part.id }
      return isCopy(part.at, origin) ? [] : [draftOf(origin, part.at, fact, cwd)]
    }
  }
}

function toolDrafts(part: ToolPart & PartRecord, origin: Origin, cwd: string | null): Draft[] {
  const { tool, status, startedAt, endedAt, path, agentType } = part
  if (isCopy(startedAt, origin)) return []
  const callId = callIdOf(part)
  const call = { type: 'tool', tool, callId, ...(path !== null && { path }) } as const
  const agent = { type: 'agent', agentId: callId, ...(agentType !== null && { agentType }) } as const
  const isAgent = tool === 'task' && (part.hasSession || status === 'completed')
  const drafts: Draft[] = []
  const say = (at: number, fact: Fact) => drafts.push(draftOf(origin, at, fact, cwd))
  say(startedAt, { ...call, status: 'started' })
  if (isAgent) say(startedAt, { ...agent, state: 'started' })
  if (QUESTIONS.has(tool)) say(startedAt, { type: 'waiting', reason: 'question', after: callId })
  if (status === 'running') return drafts
  const durationMs = endedAt - startedAt
  // What was stopped has no true times, and clocks can be set back.
  const isTimed = status !== 'unknown' && durationMs >= 0
  say(endedAt, { ...call, status, ...(isTimed && { durationMs }) })
  if (isAgent && !part.isInBackground) say(endedAt, { ...agent, state: 'finished' })
  return drafts
}

/** The call's own id, or where proxies count from 1 in each message the part's, which stays when it is moved. */
function callIdOf({ callId, id, messageId }: ToolPart & PartRecord): string {
  if (isUnique(callId)) return callId
  return isUnique(id) ? id : `${messageId} ${id}`
}

function draftOf(origin: Origin, at: number, fact: Fact, cwd: string | null): Draft {
  return { at, assistant: 'opencode', sessionId: origin.sessionId, cwd: origin.cwd ?? cwd, fact }
}
