import type {
  Assistant,
  Common,
  ErrorCategory,
  Event,
  EventType,
  SESSION_ACTIONS,
  AGENT_STATES,
  Tokens,
  ToolStatus,
  Totals,
  WaitingReason,
} from './events.ts'
import { fitCount, isCount, parseBody, parseCommon, SUMMARY_TEXT, tokenSum } from './events.ts'
import { baseNameOf, isAllowedExtension, isWithoutContext, pathWithin } from './file-context.ts'
import type { Blake2b } from './hash.ts'
import { derive, portableBlake2b, z32Prefix } from './hash.ts'
import { named, naturalKey } from './natural-key.ts'
import { isSessionId, isSource, modelName, projectName, toolName } from './shapes.ts'

/**
 * The privacy rule: the only way from what an adapter found to an event. An adapter hands over the named fields below,
 * the rule checks each for shape and bounds and builds a new event from them. Nothing is copied through.
 */

/** What an adapter found in a session file. It stays in the process that read it: text and paths in here never leave. */
export type Fact =
  | { type: 'prompt'; text: string }
  | { type: 'response'; messageId: string; model: string; tokens: Tokens }
  /** `after` is the id of the message or call that the wait follows, so that two records of one wait are one event. */
  | { type: 'waiting'; reason: WaitingReason; after?: string }
  | { type: 'compaction' }
  | { type: 'tool'; tool: string; callId: string; status: ToolStatus; path?: string; durationMs?: number }
  | { type: 'agent'; agentId: string; agentType?: string; state: (typeof AGENT_STATES)[number] }
  | { type: 'error'; category: ErrorCategory; messageId?: string }
  | LifecycleFact

/** What follows from the other facts of a session, see `lifecycle.ts`. */
export type LifecycleFact =
  { type: 'session'; action: (typeof SESSION_ACTIONS)[number] } | { type: 'summary'; totals: Totals }

export interface Draft {
  /** When it happened, in milliseconds since 1970, from the session record. */
  at: number
  assistant: Assistant
  /** As the assistant has it, or the file's name. */
  sessionId: string
  /** The directory in which the session began. */
  cwd: string | null
  fact: Fact
}

/** The project of a directory, as the node found it. All but `name` and `tag` stays on this machine. */
export interface Project {
  name: string
  tag?: string
  /** The work tree's directory. */
  root?: string
  /** That of the repository's main work tree, where it is another. */
  main?: string
  /** What it would be called if its owner had not given it another name. */
  ownName?: string
  /** Id of the repository's first commit, or the origin's URL of a shallow clone. */
  rootCommit?: string
}

export type Sharing = 'shared' | 'private' | 'excluded'

/** What the owner of this machine decided, as one value: all that sources know of it. */
export interface Rules {
  /** Extensions, lower case without a dot, whose base names may be shown; null for all. */
  allowedExtensions: ReadonlySet<string> | null
  /**
   * What may be done with an event of a project that happened at `at` (ms). `excluded` also while paused, and for what
   * is ignored: a draft is looked at for where it happened.
   */
  shares(project: Project, at: number, draft: Pick<Draft, 'cwd' | 'at' | 'fact'>): Sharing
  /** Same file, same tag: 12 characters. `relativePath` is within the work tree, with `/`. */
  fileTag(rootCommit: string, relativePath: string): string
}

/** Times outside the years 0–9999 have no RFC 3339 form. */
const isTime = (ms: number): boolean => ms >= -62167219200000 && ms <= 253402300799999

interface FileFields {
  context?: string
  fileTag?: string
}

/** A session of a project: the draft's own names for it, its UUID, and what its events have in common. */
interface Session {
  raw: string
  assistant: Assistant
  project: Project
  sessionId: string
  common: Common | null
}

/** Calls whose hash is kept until their result comes. */
const MAX_SHORT_HASHES = 512

export interface RuleOptions {
  /** The label of this device's events. */
  source: string
  /** H(device secret, "ids"). */
  idKey: Uint8Array
  rules: Rules
  hash?: Blake2b
}

export class Rule {
  readonly #source: string
  readonly #idKey: Uint8Array
  readonly #rules: Rules
  readonly #hash: Blake2b
  readonly #sessionIds = new Map<string, string>()
  readonly #shortHashes = new Map<string, string>()
  #lastSession: Session | null = null

  constructor({ source, idKey, rules, hash = portableBlake2b }: RuleOptions) {
    if (!isSource(source)) throw new RangeError('The source of events is no label of a device')
    this.#source = source
    this.#idKey = idKey
    this.#rules = rules
    this.#hash = hash
  }

  /**
   * The event that a draft gives, or null where its project is excluded or a field has no valid form. `isWanted` may
   * refuse one by its id before the rest of it is made.
   */
  event(draft: Draft, project: Project, isWanted?: (id: string) => boolean): Event | null {
    if (!isTime(draft.at) || this.#rules.shares(project, draft.at, draft) === 'excluded') return null
    const { sessionId, common } = this.#sessionOf(draft, project)
    const timestamp = new Date(draft.at).toISOString()
    const key = naturalKey(sessionId, timestamp, draft.fact)
    const id = `evt_${z32Prefix(derive(this.#idKey, draft.assistant, key, this.#hash), 20)}`
    if (!common || isWanted?.(id) === false) return null
    const { eventType, fields } = this.#body(sessionId, draft, project)
    return parseBody({ id, source: this.#source, timestamp }, common, eventType, fields)
  }

  /** The session's UUID: the assistant's own, or one derived from whatever it has instead. */
  sessionId(assistant: Assistant, raw: string): string {
    const lower = raw.toLowerCase()
    if (isSessionId(lower)) return lower
    const name = `${assistant}\n${raw}`
    let id = this.#sessionIds.get(name)
    if (id === undefined) {
      id = uuidOf(derive(this.#idKey, 'session', [assistant, raw], this.#hash))
      this.#sessionIds.set(name, id)
    }
    return id
  }

  /** What the events of a session have in common, made and checked once for those that come one after the other. */
  #sessionOf({ assistant, sessionId: raw }: Draft, project: Project): Session {
    const last = this.#lastSession
    if (last?.raw === raw && last.assistant === assistant && last.project === project) return last
    const sessionId = this.sessionId(assistant, raw)
    const fields = { sessionId, project: projectName(project.name), projectTag: project.tag, assistant }
    return (this.#lastSession = { raw, assistant, project, sessionId, common: parseCommon(fields) })
  }

  /** What an event has beside what its session's have in common; `parseBody` checks it. */
  #body(
    sessionId: string,
    draft: Draft,
    project: Project,
  ): { eventType: EventType; fields: Record<string, unknown> } {
    const { fact } = draft
    switch (fact.type) {
      case 'prompt':
      case 'compaction':
        return { eventType: 'activity', fields: { kind: fact.type } }
      case 'response': {
        const fields = { kind: 'response', model: modelName(fact.model), tokens: fitTokens(fact.tokens) }
        return { eventType: 'activity', fields }
      }
      case 'waiting':
        return { eventType: 'activity', fields: { kind: 'waiting', reason: fact.reason } }
      case 'tool': {
        const { context, fileTag } = this.#file(draft, fact.tool, fact.path, project)
        const duration = fact.durationMs === undefined ? undefined : Math.round(fact.durationMs)
        const fields = {
          tool: toolName(fact.tool),
          callId: this.#shortHash('call', named(sessionId, fact.callId)),
          status: fact.status,
          durationMs: isCount(duration) ? duration : undefined,
          context,
          fileTag,
        }
        return { eventType: 'tool', fields }
      }
      case 'agent': {
        const agentId = this.#shortHash('agent', named(sessionId, fact.agentId))
        const agentType = fact.agentType === undefined ? undefined : toolName(fact.agentType)
        return { eventType: 'agent', fields: { agentId, agentType, state: fact.state } }
      }
      case 'error':
        return { eventType: 'error', fields: { category: fact.category } }
      case 'session':
        return { eventType: 'session', fields: { action: fact.action } }
      case 'summary':
        return { eventType: 'summary', fields: { summary: SUMMARY_TEXT, totals: fitTotals(fact.totals) } }
    }
  }

  /** The base name and tag of the one file that a tool reads or changes, where they may be shown. */
  #file(draft: Draft, tool: string, path: string | undefined, project: Project): FileFields {
    if (path === undefined || isWithoutContext(tool)) return {}
    const context = baseNameOf(path)
    if (context === null || !isAllowedExtension(this.#rules.allowedExtensions, context)) return {}
    const { root, rootCommit } = project
    if (root === undefined || rootCommit === undefined) return { context }
    const relative = pathWithin(root, draft.cwd ?? root, path)
    return relative === null ? { context } : { context, fileTag: this.#rules.fileTag(rootCommit, relative) }
  }

  #shortHash(label: string, inputs: string[]): string {
    const name = `${label} ${inputs.length} ${inputs.join(' ')}`
    let short = this.#shortHashes.get(name)
    if (short === undefined) {
      short = z32Prefix(derive(this.#idKey, label, inputs, this.#hash), 12)
      if (this.#shortHashes.size >= MAX_SHORT_HASHES) this.#shortHashes.clear()
      this.#shortHashes.set(name, short)
    }
    return short
  }
}

/** The weight that the event of a fact will have; see `weight`. */
export function weightOf(fact: Fact): number {
  return fact.type === 'response' ? tokenSum(fitTokens(fact.tokens)) : 0
}

/** Tokens as they may stand in an event: what a proxy reports may be negative, broken or missing. */
function fitTokens({ input, output, cacheRead, cacheWrite }: Tokens): Tokens {
  return {
    input: fitCount(input),
    output: fitCount(output),
    cacheRead: fitCount(cacheRead),
    cacheWrite: fitCount(cacheWrite),
  }
}

function fitTotals({ prompts, tools, failures, errors, tokens, durationMs }: Totals): Totals {
  return {
    prompts: fitCount(prompts),
    tools: fitCount(tools),
    failures: fitCount(failures),
    errors: fitCount(errors),
    tokens: fitTokens(tokens),
    durationMs: fitCount(durationMs),
  }
}

/** A UUID of version 8 (RFC 9562, "custom") from the first 16 bytes. */
function uuidOf(bytes: Uint8Array): string {
  const hex = Array.from(bytes.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const variant = '89ab'[bytes[8]! & 3]!
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}
