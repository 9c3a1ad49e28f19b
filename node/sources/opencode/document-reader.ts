import type { LocalFields } from '../../../core/api.ts'
import type { Draft } from '../../../core/rule.ts'
import type { Reader, SessionFile } from '../port.ts'
import type { Origin } from './facts.ts'
import { messageDrafts, originOf, partDrafts } from './facts.ts'
import type { MessageRecord, PartRecord, SessionRecord } from './record.ts'
import type { Spot } from './tree.ts'
import { readDocument, spotOf, Tree } from './tree.ts'

/** The trees that were read from, with what is remembered of their sessions. */
const trees = new Map<string, Tree>()
const MAX_TREES = 16

function treeAt(root: string): Tree {
  let tree = trees.get(root)
  if (!tree) {
    if (trees.size >= MAX_TREES) trees.clear()
    trees.set(root, (tree = new Tree(root)))
  }
  return tree
}

/**
 * Reads one document of OpenCode's tree: a session, a message or a part of one. A prompt stands in two of them, the
 * message that a person wrote and what they typed in it: each looks for the other, so that whichever is read last, as it
 * was then, tells of it.
 */
export class OpenCodeDocumentReader implements Reader {
  readonly heldFrom = null
  invalidLines = 0
  local: LocalFields = {}
  sessionId: string
  readonly #spot: Spot | null
  readonly #tree: Tree | null

  constructor(file: SessionFile) {
    this.sessionId = file.sessionId
    this.#spot = spotOf(file.path)
    this.#tree = this.#spot && treeAt(this.#spot.root)
  }

  read(document: Buffer): Draft[] {
    const { read, isValid } = readDocument(document, this.#spot)
    if (!isValid) this.invalidLines++
    switch (read?.kind) {
      case 'session':
        return this.#readSession(read.record)
      case 'message':
        return this.#readMessage(read.record)
      case 'part':
        return this.#readPart(read.record)
      default:
        return []
    }
  }

  /** Nothing is ever held: a later reading of the document tells more. */
  flush(): Draft[] {
    return []
  }

  #readSession(session: SessionRecord): Draft[] {
    const { sessionId } = this.#originOf(session.id)
    this.sessionId = sessionId
    if (session.parentId === null && session.title !== null) this.local = { title: session.title }
    return []
  }

  #readMessage(message: MessageRecord): Draft[] {
    const origin = this.#originOf(message.sessionId)
    if (message.role !== 'user') return messageDrafts(message, origin)
    // Old trees have files whose names are not the ids in them.
    for (const id of new Set([message.id, this.#spot?.place.id ?? message.id])) {
      for (const part of this.#tree?.parts(id) ?? []) {
        if (part.type === 'typed' || part.type === 'compaction') return partDrafts(part, message, origin)
      }
    }
    return []
  }

  #readPart(part: PartRecord): Draft[] {
    const { sessionId, messageId } = part
    if (sessionId === null) return []
    const needsMessage = part.type === 'typed' || part.type === 'compaction'
    const message = needsMessage ? (this.#tree?.message(sessionId, messageId) ?? null) : null
    return partDrafts(part, message, this.#originOf(sessionId))
  }

  #originOf(sessionId: string): Origin {
    const origin = originOf(sessionId, (id) => this.#tree?.session(id) ?? null)
    this.sessionId = origin.sessionId
    return origin
  }
}
