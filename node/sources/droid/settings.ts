import type { LocalFields } from '../../../core/api.ts'
import type { Tokens } from '../../../core/events.ts'
import { tokenSum } from '../../../core/events.ts'
import type { Draft } from '../../../core/rule.ts'
import { linesBeside } from '../beside.ts'
import { Texts, timeOf, tokenCount } from '../fields.ts'
import type { Fields } from '../json-line.ts'
import { isFields } from '../json-line.ts'
import type { Reader } from '../port.ts'
import type { FirstRecord } from './beside.ts'
import {
  callerOf,
  firstIn,
  headerIn,
  idsIn,
  MAX_BYTES,
  sessionFile,
  settingsFile,
  settingsIn,
  settingsOf,
} from './beside.ts'
import type { Header } from './header.ts'
import { DroidReader } from './reader.ts'

/** Fields that only Droid's settings have beside `tokenUsage`. */
const MARKS = ['assistantActiveTimeMs', 'providerLock', 'autonomyMode', 'autonomyLevel', 'interactionMode']

/** Whether a document is the settings file of a session. */
export function isSettings(document: Buffer): boolean {
  const settings = settingsOf(document)
  return isFields(settings?.tokenUsage) && MARKS.some((mark) => mark in settings)
}

/**
 * Reads `<session>.settings.json`, the only place where Droid counts tokens: all of a session's, in one sum that grows.
 * So a session has one response with tokens, which grows with them. It has the time of the first that is told of the
 * session, as that has been told when the tokens come: a session begins no earlier then, and nothing is said before. Those of its subagents are in
 * their own files.
 */
export class SettingsReader implements Reader {
  readonly heldFrom = null
  readonly local: LocalFields = {}
  readonly sessionId: string
  invalidLines = 0
  readonly #path: string

  constructor(path: string, sessionId: string) {
    this.#path = path
    this.sessionId = sessionId
  }

  flush(): Draft[] {
    return []
  }

  read(document: Buffer): Draft[] {
    const settings = settingsOf(document)
    if (!settings) this.invalidLines++
    return settings ? this.#usage(settings) : []
  }

  #usage(settings: Fields): Draft[] {
    const path = sessionFile(this.#path, this.sessionId)
    const header = headerIn(path)
    const first = firstIn(path)
    const at = first ? this.#firstTold(path) : timeOf(settings.providerLockTimestamp)
    const tokens = difference(tokensOf(settings), inherited(path, header, first))
    if (at === null || tokenSum(tokens) === 0) return []
    const sessionId = (header && callerOf(path, header)) ?? header?.sessionId ?? this.sessionId
    const model = new Texts().take(settings.model) ?? ''
    const fact = { type: 'response', messageId: `usage of ${this.sessionId}`, model, tokens } as const
    return [{ at, assistant: 'droid', sessionId, cwd: header?.cwd ?? null, fact }]
  }

  #firstTold(path: string): number | null {
    const reader = new DroidReader(path, this.sessionId)
    for (const line of linesBeside(path, MAX_BYTES)) {
      const [draft] = reader.read(line)
      if (draft) return draft.at
    }
    return null
  }
}

/**
 * What a session had used before its own part. A fork repeats the records of the other session, and counts from
 * nothing; one into which another was compacted begins with the summary, and counts on from it.
 */
function inherited(path: string, header: Header | null, first: FirstRecord | null): Tokens {
  if (!header?.parentId || first?.type !== 'compaction_state') return NOTHING
  if (idsIn(sessionFile(path, header.parentId)).has(first.id)) return NOTHING
  const parent = settingsIn(settingsFile(path, header.parentId))
  return parent ? tokensOf(parent) : NOTHING
}

const NOTHING: Tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }

/** `outputTokens` has the thinking in it. */
function tokensOf({ tokenUsage }: Fields): Tokens {
  if (!isFields(tokenUsage)) return NOTHING
  return {
    input: tokenCount(tokenUsage.inputTokens),
    output: tokenCount(tokenUsage.outputTokens),
    cacheRead: tokenCount(tokenUsage.cacheReadTokens),
    cacheWrite: tokenCount(tokenUsage.cacheCreationTokens),
  }
}

/** What was used beyond what had been; all of it where that is more, and so was not counted on from. */
function difference(now: Tokens, before: Tokens): Tokens {
  const rest = {
    input: now.input - before.input,
    output: now.output - before.output,
    cacheRead: now.cacheRead - before.cacheRead,
    cacheWrite: now.cacheWrite - before.cacheWrite,
  }
  return Object.values(rest).some((count) => count < 0) ? now : rest
}
