import { Texts } from '../fields.ts'
import type { Fields } from '../json-line.ts'

/** The first record of a session file, which alone has no time. Droid writes it anew when the title changes. */
export interface Header {
  sessionId: string | null
  cwd: string | null
  title: string | null
  /** The session that this one was forked from, or that was compacted into it. */
  parentId: string | null
  /** The session that started this one as its subagent, and the call with which it did. */
  callerId: string | null
  callId: string | null
}

export function headerOf(fields: Fields, texts: Texts = new Texts()): Header {
  return {
    sessionId: texts.take(fields.id),
    cwd: texts.take(fields.cwd),
    title: texts.take(fields.sessionTitle) ?? texts.take(fields.title),
    parentId: texts.take(fields.parent),
    callerId: texts.take(fields.callingSessionId),
    callId: texts.take(fields.callingToolUseId),
  }
}
