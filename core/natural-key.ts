import type { Fact } from './rule.ts'

/**
 * The natural key of a record: what makes it the same thing wherever and however often it is read. Event ids are keyed
 * hashes of it, so these lists are part of the protocol: change one, and everything read again counts twice.
 */

/** Ids of fewer random characters than this are not unique by themselves. */
const RANDOM_CHARACTERS = 16
/** Only a run this long is taken for random without a digit in it; no tool's name is one word of that length. */
const LETTERS_ONLY_RUN = 24

/**
 * Whether an id stands for one thing wherever it occurs. Words, counters and times in it are not random: `call_1`,
 * `functions.WebSearch:3` and `write_file-1770091234567` occur in many sessions.
 */
export function isUnique(id: string): boolean {
  let random = 0
  let letters = 0
  let digits = 0
  for (let i = 0; i <= id.length; i++) {
    const code = i < id.length ? id.charCodeAt(i) : 0
    if (isLetter(code)) letters++
    else if (code >= 0x30 && code <= 0x39) digits++
    else {
      if (letters > 0 && (digits > 0 || letters >= LETTERS_ONLY_RUN)) random += letters + digits
      letters = 0
      digits = 0
    }
  }
  return random >= RANDOM_CHARACTERS
}

/** ASCII, of either case. */
function isLetter(code: number): boolean {
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

/** Names one thing: by its id alone where that is unique, else within its session. */
export function named(sessionId: string, id: string): string[] {
  return isUnique(id) ? [id] : [sessionId, id]
}

/** The natural key of a fact of a session (its UUID) at a time (RFC 3339, in milliseconds). */
export function naturalKey(session: string, timestamp: string, fact: Fact): string[] {
  switch (fact.type) {
    case 'prompt':
      return ['prompt', session, timestamp, fact.text]
    case 'response':
      return ['response', ...named(session, fact.messageId)]
    case 'waiting':
      return fact.after === undefined
        ? ['waiting', session, timestamp, fact.reason]
        : ['waiting', ...named(session, fact.after), fact.reason]
    case 'compaction':
      return ['compaction', session, timestamp]
    case 'tool':
      return ['tool', ...named(session, fact.callId), fact.status]
    case 'agent':
      return ['agent', ...named(session, fact.agentId), fact.state]
    case 'error':
      return fact.messageId === undefined
        ? ['error', session, timestamp, fact.category]
        : ['error', ...named(session, fact.messageId)]
    case 'session':
      return fact.action === 'started'
        ? ['session', session, 'started']
        : ['session', session, fact.action, timestamp]
    case 'summary':
      return ['summary', session, timestamp]
  }
}
