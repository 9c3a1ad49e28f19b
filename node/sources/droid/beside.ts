import { basename, dirname, join } from 'node:path'
import { bytesBeside, recordsBeside } from '../beside.ts'
import type { Fields } from '../json-line.ts'
import { parseWholeLine } from '../json-line.ts'
import { timeOf } from '../fields.ts'
import type { Header } from './header.ts'
import { headerOf } from './header.ts'

/**
 * What the files beside one tell: a session is kept in two, `<session>.jsonl` and `<session>.settings.json`, and the
 * session that it was forked from, or that started it, in the same folder.
 */

/** Files beside another are read up to this size: as large as a document may be. */
export const MAX_BYTES = 64 * 1024 * 1024
/** Sessions that start sessions are followed this far up. */
const MAX_CALLERS = 8

/** The file of another session of the same folder. */
export function sessionFile(path: string, sessionId: string): string {
  return join(dirname(path), `${basename(sessionId)}.jsonl`)
}

export function settingsFile(path: string, sessionId: string): string {
  return join(dirname(path), `${basename(sessionId)}.settings.json`)
}

/** The header of a session file; null where there is no such file. */
export function headerIn(path: string): Header | null {
  for (const fields of recordsBeside(path, MAX_BYTES))
    return fields.type === 'session_start' ? headerOf(fields) : null
  return null
}

/** The ids of all records of a session file, which a fork of the session repeats. */
export function idsIn(path: string): Set<string> {
  const ids = new Set<string>()
  for (const { type, id } of recordsBeside(path, MAX_BYTES)) {
    if (type !== 'session_start' && typeof id === 'string') ids.add(id)
  }
  return ids
}

export interface FirstRecord {
  type: unknown
  id: string
  at: number
}

/** The first record of a session file that has an id and a time. */
export function firstIn(path: string): FirstRecord | null {
  for (const { type, id, timestamp } of recordsBeside(path, MAX_BYTES)) {
    const at = timeOf(timestamp)
    if (at !== null && typeof id === 'string') return { type, id, at }
  }
  return null
}

/** The session to which the work of a session belongs: that which started it, or which started that one. */
export function callerOf(path: string, header: Header): string | null {
  let caller = header.callerId
  for (let i = 0; caller !== null && i < MAX_CALLERS; i++) {
    const next: string | null = headerIn(sessionFile(path, caller))?.callerId ?? null
    if (next === null) break
    caller = next
  }
  return caller
}

/** A settings file; null where it is none. */
export function settingsIn(path: string): Fields | null {
  const document = bytesBeside(path, MAX_BYTES)
  return document && settingsOf(document)
}

/** The one object in a document; null where it is anything else. */
export function settingsOf(document: Buffer): Fields | null {
  const { records, isValid } = parseWholeLine(document)
  return isValid && records.length === 1 ? records[0]! : null
}
