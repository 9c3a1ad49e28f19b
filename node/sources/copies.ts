import { dirname, join } from 'node:path'
import { recordsBeside } from './beside.ts'
import { keepNewest, Texts } from './fields.ts'
import type { Fields } from './json-line.ts'
import { isFields } from './json-line.ts'

/**
 * What a branched session repeats of another one, in the form of Claude Code, which Qwen Code has too: each copy has the
 * new session's id, and in `forkedFrom` where it was copied from. So what it tells happened there.
 */
export interface CopiedFrom {
  sessionId: string
  /** Of the record that was copied. */
  uuid: string | null
}

/** How often a branch is branched again. */
const MAX_DEPTH = 16
/** Sessions whose copies are remembered. */
const MAX_SESSIONS = 64
/** Copies are looked for in so many bytes at a file's beginning. */
const MAX_BYTES = 16 * 1024 * 1024
/** Ids become names of files here. */
const NAME = /^[\w-]{1,128}$/

/** What a record says in `forkedFrom`; null where it is no copy. */
export function copiedFromOf(forkedFrom: unknown, texts: Texts): CopiedFrom | null {
  if (!isFields(forkedFrom)) return null
  const sessionId = texts.take(forkedFrom.sessionId)
  return sessionId === null ? null : { sessionId, uuid: texts.take(forkedFrom.messageUuid) }
}

/** A copy of a copy names only where that one stands, so the sessions are followed to where each was written first. */
export class Copies {
  readonly #path: string
  readonly #bySession = new Map<string, ReadonlyMap<string, unknown>>()

  /** `path`: of the file with the copies; the others lie in the same folder, or are archived below it. */
  constructor(path: string) {
    this.#path = path
  }

  /** The session in which a copied record was written first, as far as the files tell. */
  originOf(copy: CopiedFrom): string {
    const texts = new Texts()
    let origin = copy
    for (let depth = 0; depth < MAX_DEPTH && origin.uuid !== null; depth++) {
      const before = copiedFromOf(this.#copiesIn(origin.sessionId).get(origin.uuid), texts)
      if (!before) break
      origin = before
    }
    return origin.sessionId
  }

  /** By uuid where each copy in a session's file was copied from. */
  #copiesIn(sessionId: string): ReadonlyMap<string, unknown> {
    let copies = this.#bySession.get(sessionId)
    if (copies) return copies
    copies = NAME.test(sessionId) ? this.#read(sessionId) : new Map<string, unknown>()
    this.#bySession.set(sessionId, copies)
    keepNewest(this.#bySession, MAX_SESSIONS)
    return copies
  }

  #read(sessionId: string): Map<string, unknown> {
    const folder = dirname(this.#path)
    for (const place of [folder, join(folder, 'archive'), dirname(folder)]) {
      const copies = copiesOf(recordsBeside(join(place, `${sessionId}.jsonl`), MAX_BYTES))
      if (copies) return copies
    }
    return new Map()
  }
}

/** The copies that a file begins with; null where there is no such file. */
function copiesOf(records: Iterable<Fields>): Map<string, unknown> | null {
  let copies: Map<string, unknown> | null = null
  for (const { type, uuid, forkedFrom } of records) {
    copies ??= new Map()
    if (isFields(forkedFrom)) {
      if (typeof uuid === 'string') copies.set(uuid, forkedFrom)
    } else if (type === 'user' || type === 'assistant') break
  }
  return copies
}
