import type { Texts } from '../fields.ts'
import { isCount, timeOf } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isFields } from '../json-line.ts'
import { madeAt } from './uuid.ts'

/** What the first record of a file, `session_meta`, says of its thread. */
export interface Meta {
  threadId: string
  /** The thread for which this one works; its own id where nobody called it. */
  sessionId: string
  /** When the thread was made, ms since 1970; null where that is not known. */
  bornAt: number | null
  cwd: string | null
  branch: string | null
  subagent: Subagent | null
  /** It says that it goes on from another thread. */
  isForked: boolean
  /** Records of a smaller ordinal are another thread's; null where ordinals do not tell. */
  ownFrom: number | null
}

export interface Subagent {
  /** Called by the model; the others are Codex's own: reviews, compaction, checks of what is to be run. */
  isCalled: boolean
  agentType: string | null
}

/** Reduces the payload of a `session_meta`; null where it names no thread. */
export function metaOf(payload: Fields, texts: Texts): Meta | null {
  const threadId = texts.take(payload.id)
  if (threadId === null) return null
  const source = isFields(payload.source) ? payload.source.subagent : undefined
  const spawn = isFields(source) && isFields(source.thread_spawn) ? source.thread_spawn : {}
  const parent = texts.take(payload.parent_thread_id) ?? texts.take(spawn.parent_thread_id)
  const isSubagent = source !== undefined || parent !== null || payload.thread_source === 'subagent'
  const root = texts.take(payload.session_id)
  const called = isFields(source) ? 'thread_spawn' in source : source === undefined
  const agentType = texts.take(payload.agent_role) ?? texts.take(spawn.agent_role)
  return {
    threadId,
    sessionId: isSubagent ? ((root === threadId ? null : root) ?? parent ?? threadId) : threadId,
    bornAt: madeAt(threadId) ?? timeOf(payload.timestamp),
    cwd: texts.take(payload.cwd),
    branch: isFields(payload.git) ? texts.take(payload.git.branch) : null,
    subagent: isSubagent ? { isCalled: called, agentType } : null,
    isForked: typeof payload.forked_from_id === 'string',
    ownFrom: ownFrom(payload),
  }
}

/** Newer versions number the records and say where a thread's own begin, some of them in a text. */
function ownFrom(payload: Fields): number | null {
  const base = isFields(payload.history_base) ? payload.history_base.end_ordinal_exclusive : undefined
  const said = [payload.subagent_history_start_ordinal, base].map((each) =>
    typeof each === 'string' && /^\d{1,9}$/.test(each) ? Number(each) : each,
  )
  return said.find(isCount) ?? null
}
