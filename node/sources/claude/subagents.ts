import type { Fact } from '../../../core/rule.ts'
import { keepNewest } from '../fields.ts'
import type { ToolUse, UserRecord } from './record.ts'
import { agentTypeBeside } from './sidecar.ts'

type AgentFact = Extract<Fact, { type: 'agent' }>

/** Calls of subagents that are remembered until their result. */
const MAX_CALLS = 256
/** Subagents whose start or end is remembered: what is forgotten is told again, and known by its id all the same. */
const MAX_AGENTS = 4096

/**
 * Subagents as one file shows them. A subagent has an id of its own since version 2.0: it stands on every record that
 * the subagent writes, and in the result of the call that started it, though not in the call. So the id is the
 * identity: the subagent's file tells of the start at its first record and of the end at its last word, the main
 * conversation tells of both at the result (or only the start, where the subagent goes on in the background), and
 * whichever is read, or both, gives the same two events. Its kind stands in the call, and in a small file beside its own,
 * which is looked for once, when the subagent is first seen. Before 2.0 subagents had no id and wrote into the main
 * conversation; there the call's id stands for the one subagent that it started.
 */
export class Subagents {
  readonly #path: string
  /** The kind of each, where it is known. */
  readonly #started = new Map<string, string | undefined>()
  readonly #finished = new Set<string>()
  readonly #calls = new Map<string, { at: number; agentType?: string }>()
  /** Records of subagents without an id have been seen: a version before 2.0. */
  #isOld = false

  /** `path`: of the file. */
  constructor(path: string) {
    this.#path = path
  }

  /** A record was written by the main conversation, or by a subagent with or without an id. */
  seen(isSidechain: boolean, agentId: string | null): AgentFact[] {
    if (!isSidechain) return []
    if (agentId === null) {
      this.#isOld = true
      return []
    }
    return this.#start(agentId)
  }

  /** A call that starts a subagent. */
  called(use: ToolUse, at: number): void {
    const { agentType } = use
    this.#calls.set(use.callId, { at, ...(agentType !== undefined && { agentType }) })
    keepNewest(this.#calls, MAX_CALLS)
  }

  /** A call has its result, which names the subagent or not. */
  returned(callId: string, agent: UserRecord['agent'], at: number): { at: number; fact: AgentFact }[] {
    const call = this.#calls.get(callId)
    this.#calls.delete(callId)
    const agentId = agent?.agentId ?? (call && this.#isOld ? callId : undefined)
    if (agentId === undefined) return []
    const { agentType } = call ?? {}
    const out = this.#start(agentId, agentType).map((fact) => ({ at: call?.at ?? at, fact }))
    if (agent?.isRunning) return out
    return [...out, ...this.finishes(agentId, agentType).map((fact) => ({ at, fact }))]
  }

  /** A subagent has said its last word. `named`: its kind as the call names it. */
  finishes(agentId: string | null, named?: string): AgentFact[] {
    if (agentId === null || isInternal(agentId) || this.#finished.has(agentId)) return []
    this.#finished.add(agentId)
    keepNewest(this.#finished, MAX_AGENTS)
    return [agentFact(agentId, 'finished', named ?? this.#started.get(agentId))]
  }

  /** `named`: its kind as the call names it. */
  #start(agentId: string, named?: string): AgentFact[] {
    if (isInternal(agentId) || this.#started.has(agentId)) return []
    const agentType = named ?? agentTypeBeside(this.#path, agentId)
    this.#started.set(agentId, agentType)
    keepNewest(this.#started, MAX_AGENTS)
    return [agentFact(agentId, 'started', agentType)]
  }
}

function agentFact(agentId: string, state: AgentFact['state'], agentType: string | undefined): AgentFact {
  return { type: 'agent', agentId, state, ...(agentType !== undefined && { agentType }) }
}

/** Claude Code's own helpers, that nobody called: those that compact a conversation and those that suggest a prompt. */
function isInternal(agentId: string): boolean {
  return /^a?(?:compact|prompt_suggestion)-/.test(agentId)
}
