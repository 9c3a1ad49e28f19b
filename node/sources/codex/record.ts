import type { ErrorCategory, Tokens } from '../../../core/events.ts'
import type { Fact } from '../../../core/rule.ts'
import { isCount, listOf, Texts, timeOf } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isFields } from '../json-line.ts'
import type { Found } from '../records.ts'
import type { Call } from './calls.ts'
import { callOf } from './calls.ts'
import { errorCategory } from './errors.ts'
import type { Meta } from './meta.ts'
import { metaOf } from './meta.ts'
import type { Result } from './results.ts'
import { endOf, outputOf } from './results.ts'
import { tokensOf, totalOf } from './usage.ts'

/**
 * A record of a Codex rollout, reduced to the fields that VibeTea uses: `{timestamp, ordinal?, type, payload}`, until
 * 0.2x the payload alone. What is known comes from Codex's own source (`codex-rs/rollout`, `codex-rs/protocol`) and from
 * real files of versions 0.34 to 0.146. Everything here is an allow-list: of what is not known only the time is taken.
 */
export interface CodexRecord {
  /** ms since 1970; null where the record has no time. */
  at: number | null
  ordinal: number | null
  body: Body
}

export type Body =
  | { type: 'meta'; meta: Meta }
  | { type: 'turn'; turnId: string | null; model: string | null; cwd: string | null }
  | { type: 'turn start'; turnId: string | null }
  | { type: 'turn end'; turnId: string | null; isPersonsTurn: boolean; error: ErrorCategory | null }
  | Prompt
  | { type: 'tokens'; total: string; tokens: Tokens }
  /** Names the thread that the record is of. */
  | { type: 'owner'; threadId: string }
  | Call
  | Result
  | { type: 'error'; category: ErrorCategory }
  | { type: 'compaction' }
  | { type: 'review'; isOver: boolean; id: string | null }
  | { type: 'agents'; agents: AgentFact[] }
  | { type: 'title'; title: string }
  | { type: 'other' }

export interface Prompt {
  type: 'prompt'
  text: string
  toldAs: 'event' | 'item'
}

export type AgentFact = Extract<Fact, { type: 'agent' }>

const ENVELOPES = new Set([
  'session_meta',
  'turn_context',
  'response_item',
  'event_msg',
  'compacted',
  'token_usage_record',
])
/** Records without an envelope, of old versions. */
const BARE = new Set(['message', 'reasoning', 'function_call', 'function_call_output', 'local_shell_call'])
const UNREAD = new Set(['world_state', 'inter_agent_communication', 'inter_agent_communication_metadata'])

/** Whether records of a type are read at all. */
export function isWantedType(type: string): boolean {
  return ENVELOPES.has(type) || BARE.has(type)
}

/** Whether a record is of a Codex rollout: others' have no payload in an envelope of these types. */
export function isOurs({ type, payload, timestamp, id, ...more }: Fields): boolean {
  if (typeof type === 'string' && isFields(payload)) return ENVELOPES.has(type) || UNREAD.has(type)
  return isHeader({ type, timestamp, id, ...more }) && 'instructions' in more
}

/** The first line of versions without an envelope. */
function isHeader({ type, id, timestamp }: Fields): boolean {
  return type === undefined && typeof id === 'string' && timeOf(timestamp) !== null
}

const OTHER: Body = { type: 'other' }

/** Reduces a parsed record. Never throws. */
export function recordOf(fields: Fields): Found<CodexRecord> {
  const texts = new Texts()
  const body = bodyOf(fields, texts) ?? OTHER
  const ordinal = isCount(fields.ordinal) ? fields.ordinal : null
  return { record: { at: timeOf(fields.timestamp), ordinal, body }, isIncomplete: texts.sawCut }
}

function bodyOf(fields: Fields, texts: Texts): Body | null {
  const { type, payload } = fields
  if (!isFields(payload)) {
    if (isHeader(fields)) return metaBody(fields, texts)
    return typeof type === 'string' && BARE.has(type) ? itemOf(fields, texts) : null
  }
  switch (type) {
    case 'session_meta':
      return metaBody(payload, texts)
    case 'turn_context': {
      const { turn_id: turnId, model, cwd } = payload
      return {
        type: 'turn',
        turnId: texts.take(turnId),
        model: texts.take(model),
        cwd: texts.take(cwd),
      }
    }
    case 'response_item':
      return itemOf(payload, texts)
    case 'event_msg':
      return eventOf(payload, texts)
    case 'compacted':
      return { type: 'compaction' }
    case 'token_usage_record': {
      const threadId = texts.take(payload.thread_id)
      return threadId === null ? null : { type: 'owner', threadId }
    }
    default:
      return null
  }
}

function metaBody(payload: Fields, texts: Texts): Body | null {
  const meta = metaOf(payload, texts)
  return meta && { type: 'meta', meta }
}

function itemOf(payload: Fields, texts: Texts): Body | null {
  return callOf(payload, texts) ?? outputOf(payload, texts)
}

function eventOf(payload: Fields, texts: Texts): Body | null {
  const id = texts.take(payload.item_id ?? payload.turn_id)
  switch (payload.type) {
    case 'task_started':
      return { type: 'turn start', turnId: texts.take(payload.turn_id) }
    case 'task_complete':
    case 'turn_aborted': {
      const error = isFields(payload.error) ? errorCategory(payload.error.codex_error_info) : null
      // What replaces a turn begins at once.
      const isPersonsTurn = payload.reason !== 'replaced'
      return { type: 'turn end', turnId: texts.take(payload.turn_id), isPersonsTurn, error }
    }
    case 'user_message':
      return promptOf(payload, texts)
    case 'token_count':
      return usageOf(payload.info)
    case 'error':
      return { type: 'error', category: errorCategory(payload.codex_error_info) }
    case 'entered_review_mode':
      return { type: 'review', isOver: false, id }
    case 'exited_review_mode':
      return { type: 'review', isOver: true, id }
    case 'thread_name_updated': {
      const title = texts.take(payload.thread_name)
      return title === null ? null : { type: 'title', title }
    }
    case 'item_completed':
      return (isFields(payload.item) ? itemPromptOf(payload.item, texts) : null) ?? endOf(payload, texts)
    default:
      return agentsOf(payload, texts) ?? endOf(payload, texts)
  }
}

/** What Codex adds on its own says so. A prompt can be images alone. */
function promptOf(payload: Fields, texts: Texts): Body | null {
  const { message, kind } = payload
  if (typeof message !== 'string' || kind === 'environment_context' || kind === 'user_instructions')
    return null
  return { type: 'prompt', text: texts.take(message) ?? '', toldAs: 'event' }
}

function itemPromptOf(item: Fields, texts: Texts): Body | null {
  if (item.type !== 'UserMessage' || !Array.isArray(item.content)) return null
  const said = (item.content as unknown[]).flatMap((part) =>
    isFields(part) ? (texts.take(part.text) ?? []) : [],
  )
  return { type: 'prompt', text: said.join(''), toldAs: 'item' }
}

function usageOf(info: unknown): Body | null {
  if (!isFields(info)) return null
  const { total_token_usage: total, last_token_usage: last } = info
  if (!isFields(total) || !isFields(last)) return null
  return { type: 'tokens', total: totalOf(total), tokens: tokensOf(last) }
}

/** What the thread that called them tells of subagents. */
function agentsOf(payload: Fields, texts: Texts): Body | null {
  switch (payload.type) {
    case 'collab_agent_spawn_end':
      return agents([agentOf(payload.new_thread_id, payload.new_agent_role, 'started', texts)])
    case 'sub_agent_activity': {
      const state = { started: 'started', completed: 'finished' } as const
      const kind = payload.kind === 'started' || payload.kind === 'completed' ? payload.kind : null
      return kind && agents([agentOf(payload.agent_thread_id, null, state[kind], texts)])
    }
    case 'collab_close_end':
      return agents([agentOf(payload.receiver_thread_id, payload.receiver_agent_role, 'finished', texts)])
    case 'collab_waiting_end': {
      const done = listOf(payload.agent_statuses).filter(
        (each): each is Fields => isFields(each) && isDone(each.status),
      )
      return agents(done.map(({ thread_id: id, agent_role: role }) => agentOf(id, role, 'finished', texts)))
    }
    default:
      return null
  }
}

function agents(found: readonly (AgentFact | null)[]): Body {
  return { type: 'agents', agents: found.filter((agent) => agent !== null) }
}

function agentOf(id: unknown, role: unknown, state: AgentFact['state'], texts: Texts): AgentFact | null {
  const agentId = texts.take(id)
  const agentType = texts.take(role)
  return agentId === null ? null : { type: 'agent', agentId, state, ...(agentType !== null && { agentType }) }
}

/** `{completed: text}`, `{errored: text}` or a word. */
function isDone(status: unknown): boolean {
  const word = isFields(status) ? Object.keys(status)[0] : status
  return word === 'completed' || word === 'errored' || word === 'shutdown'
}
