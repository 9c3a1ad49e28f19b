import type {
  Assistant,
  ErrorCategory,
  Event,
  SESSION_ACTIONS,
  AGENT_STATES,
  Tokens,
  ToolStatus,
  Totals,
  WaitingReason,
} from './events.ts'
import { fitCount, isCount, parseEvent, SUMMARY_TEXT } from './events.ts'
import { baseNameOf, isAllowedExtension, isWithoutContext, pathWithin } from './file-context.ts'
import type { Blake2b } from './hash.ts'
import { derive, lengthPrefixed, portableBlake2b, z32Prefix } from './hash.ts'
import { named, naturalKey } from './natural-key.ts'
import { isSessionId, modelName, projectName, toolName } from './shapes.ts'

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

/** The project of a directory, as the node found it. `root` and `rootCommit` stay on this machine. */
export interface Project {
  name: string
  tag?: string
  /** The work tree's directory. */
  root?: string
  /** Id of the repository's first commit, or the origin's URL of a shallow clone. */
  rootCommit?: string
}

export type Sharing = 'shared' | 'private' | 'excluded'

/** What the owner of this machine decided, as one value: all that sources know of it. */
export interface Rules {
  /** Extensions, lower case without a dot, whose base names may be shown; null for all. */
  allowedExtensions: ReadonlySet<string> | null
  /** What may be done with an event of a project that happened at `at` (ms). `excluded` also while paused. */
  shares(project: Project, at: number): Sharing
  /** Same file, same tag: 12 characters. `relativePath` is within the work tree, with `/`. */
  fileTag(rootCommit: string, relativePath: string): string
}

/** Times outside the years 0–9999 have no RFC 3339 form. */
const isTime = (ms: number): boolean => ms >= -62167219200000 && ms <= 253402300799999

interface FileFields {
  context?: string
  fileTag?: string
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
  #lastCommon: { project: Project; common: { sessionId: string; assistant: Assistant } } | null = null

  constructor({ source, idKey, rules, hash = portableBlake2b }: RuleOptions) {
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
    if (!isTime(draft.at) || this.#rules.shares(project, draft.at) === 'excluded') return null
    const sessionId = this.sessionId(draft.assistant, draft.sessionId)
    const timestamp = new Date(draft.at).toISOString()
    const key = lengthPrefixed([draft.assistant, ...naturalKey(sessionId, timestamp, draft.fact)])
    const id = `evt_${z32Prefix(this.#hash(this.#idKey, key), 20)}`
    if (isWanted?.(id) === false) return null
    const common = this.#commonOf(sessionId, draft.assistant, project)
    const { eventType, payload } = this.#body(sessionId, common, draft, project)
    return parseEvent({ id, source: this.#source, timestamp, eventType, payload })
  }

  /** What the events of a session have in common; they come one after the other. */
  #commonOf(sessionId: string, assistant: Assistant, project: Project): object {
    const last = this.#lastCommon
    if (
      last?.project === project &&
      last.common.sessionId === sessionId &&
      last.common.assistant === assistant
    )
      return last.common
    const common = { sessionId, project: projectName(project.name), projectTag: project.tag, assistant }
    this.#lastCommon = { project, common }
    return common
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

  // An object spread last is copied far faster than one spread first.
  #body(
    sessionId: string,
    common: object,
    draft: Draft,
    project: Project,
  ): { eventType: string; payload: object } {
    const { fact } = draft
    switch (fact.type) {
      case 'prompt':
      case 'compaction':
        return { eventType: 'activity', payload: { kind: fact.type, ...common } }
      case 'response': {
        const payload = {
          kind: 'response',
          model: modelName(fact.model),
          tokens: fitTokens(fact.tokens),
          ...common,
        }
        return { eventType: 'activity', payload }
      }
      case 'waiting':
        return { eventType: 'activity', payload: { kind: 'waiting', reason: fact.reason, ...common } }
      case 'tool': {
        const { context, fileTag } = this.#file(draft, fact.tool, fact.path, project)
        const duration = fact.durationMs === undefined ? undefined : Math.round(fact.durationMs)
        const payload = {
          tool: toolName(fact.tool),
          callId: this.#shortHash('call', named(sessionId, fact.callId)),
          status: fact.status,
          durationMs: isCount(duration) ? duration : undefined,
          context,
          fileTag,
          ...common,
        }
        return { eventType: 'tool', payload }
      }
      case 'agent': {
        const agentId = this.#shortHash('agent', named(sessionId, fact.agentId))
        const agentType = fact.agentType === undefined ? undefined : toolName(fact.agentType)
        return { eventType: 'agent', payload: { agentId, agentType, state: fact.state, ...common } }
      }
      case 'error':
        return { eventType: 'error', payload: { category: fact.category, ...common } }
      case 'session':
        return { eventType: 'session', payload: { action: fact.action, ...common } }
      case 'summary':
        return {
          eventType: 'summary',
          payload: { summary: SUMMARY_TEXT, totals: fitTotals(fact.totals), ...common },
        }
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
