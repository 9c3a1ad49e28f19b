import { join } from 'node:path'
import { bytesBeside, namesBeside, stampBeside } from '../beside.ts'
import type { Fields } from '../json-line.ts'
import type { Found } from '../records.ts'
import { recordsOn } from '../records.ts'
import type { MessageRecord, PartRecord, Place, SessionRecord } from './record.ts'
import { messageOf, partOf, sessionOf } from './record.ts'

/** The folders of the tree that hold sessions. */
export const KINDS = ['session', 'message', 'part'] as const
export type Kind = (typeof KINDS)[number]

/** Where a file lies in a tree, and the ids that its place gives it. */
export interface Spot {
  /** The `storage` folder. */
  root: string
  kind: Kind
  place: Place
}

/** A file beside the one that is read is not looked at where it is larger, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024
/** Parts of one message that are looked at for what a person typed. */
const MAX_PARTS = 64
/** Projects in which a session is looked for. */
const MAX_PROJECTS = 1000
/** Sessions remembered of one tree. */
const MAX_SESSIONS = 1000

/**
 * Where a file lies: `storage/session/<project>/<id>.json`, `storage/message/<session>/<id>.json`,
 * `storage/part/<message>/<id>.json`; parts of older versions lie in `part` itself. null outside such folders.
 */
export function spotOf(path: string): Spot | null {
  const parts = path.split(/[\\/]/)
  const id = parts.at(-1)!.replace(/\.json$/, '')
  for (const depth of [3, 2]) {
    const kind = parts.at(-depth) as Kind | undefined
    if (kind === undefined || !KINDS.includes(kind)) continue
    const root = path.slice(0, path.length - parts.slice(-depth).join('/').length - 1)
    const folder = depth === 3 ? parts.at(-2) : undefined
    if (kind === 'message') return { root, kind, place: { id, sessionId: folder } }
    if (kind === 'part') return { root, kind, place: { id, messageId: folder } }
    return { root, kind, place: { id } }
  }
  return null
}

/** A record of one of the kinds. */
export type Read =
  | { kind: 'session'; record: SessionRecord }
  | { kind: 'message'; record: MessageRecord }
  | { kind: 'part'; record: PartRecord }

/** What a record of the tree is, by its own fields and otherwise by its place; null where it is none. */
export function kindOf(fields: Fields, spot: Spot | null): Kind | null {
  if (typeof fields.role === 'string') return 'message'
  if (typeof fields.type === 'string') return 'part'
  return typeof fields.projectID === 'string' ? 'session' : (spot?.kind ?? null)
}

/** Reads the document that is a record; null where it is none, `isValid` false where it cannot be read at all. */
export function readDocument(bytes: Buffer, spot: Spot | null): { read: Read | null; isValid: boolean } {
  const { records, isValid } = recordsOn(bytes, (fields) => readOf(fields, spot))
  return { read: records[0] ?? null, isValid }
}

function readOf(fields: Fields, spot: Spot | null): Found<Read> {
  const kind = kindOf(fields, spot)
  if (!kind) return { record: null, isIncomplete: false }
  const place = spot?.kind === kind ? spot.place : {}
  switch (kind) {
    case 'session':
      return asRead(kind, sessionOf(fields, place))
    case 'message':
      return asRead(kind, messageOf(fields, place))
    case 'part':
      return asRead(kind, partOf(fields, place))
  }
}

function asRead(kind: Kind, { record, isIncomplete }: Found<unknown>): Found<Read> {
  return { record: record === null ? null : ({ kind, record } as Read), isIncomplete }
}

/** The small files beside the one that is read. A file that cannot be read now is read by itself when it can. */
export class Tree {
  readonly #root: string
  readonly #sessions = new Map<string, { path: string; stamp: string; record: SessionRecord }>()

  constructor(root: string) {
    this.#root = root
  }

  /** A session's record, as it is now, or as it was where it is just being written; null where there is none. */
  session(id: string): SessionRecord | null {
    if (!isName(id)) return null
    const known = this.#sessions.get(id)
    const path = known && stampBeside(known.path) !== null ? known.path : this.#pathOf(id)
    const stamp = path === null ? null : stampBeside(path)
    if (path === null || stamp === null) return null
    if (known?.path === path && known.stamp === stamp) return known.record
    const read = readBeside(path)
    if (read?.kind !== 'session') return known?.record ?? null
    if (this.#sessions.size >= MAX_SESSIONS) this.#sessions.clear()
    this.#sessions.set(id, { path, stamp, record: read.record })
    return read.record
  }

  message(sessionId: string, id: string): MessageRecord | null {
    if (!isName(sessionId) || !isName(id)) return null
    const read = readBeside(join(this.#root, 'message', sessionId, `${id}.json`))
    return read?.kind === 'message' ? read.record : null
  }

  /** The parts of a message, of the first of them on. */
  *parts(messageId: string): Generator<PartRecord> {
    if (!isName(messageId)) return
    const folder = join(this.#root, 'part', messageId)
    const names = namesBeside(folder).filter((name) => name.endsWith('.json'))
    for (const name of names.sort().slice(0, MAX_PARTS)) {
      const read = readBeside(join(folder, name))
      if (read?.kind === 'part') yield read.record
    }
  }

  /** Sessions lie in a folder for each project. */
  #pathOf(id: string): string | null {
    const folder = join(this.#root, 'session')
    for (const project of namesBeside(folder).slice(0, MAX_PROJECTS)) {
      for (const name of [`${id}.json`, `ses_${id}.json`]) {
        const path = join(folder, project, name)
        if (stampBeside(path) !== null) return path
      }
    }
    return null
  }
}

/** Ids become parts of paths here. */
const isName = (id: string): boolean => /^[\w-][\w.-]{0,127}$/.test(id)

function readBeside(path: string): Read | null {
  const document = bytesBeside(path, MAX_BYTES)
  return document && readDocument(document, spotOf(path)).read
}
