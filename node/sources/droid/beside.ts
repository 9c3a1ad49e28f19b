import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Fields } from '../json-line.ts'
import { parseLine, parseWholeLine } from '../json-line.ts'
import { LineSplitter } from '../lines.ts'
import { timeOf } from '../fields.ts'
import type { Header } from './header.ts'
import { headerOf } from './header.ts'

/**
 * What the files beside one tell: a session is kept in two, `<session>.jsonl` and `<session>.settings.json`, and the
 * session that it was forked from, or that started it, in the same folder.
 */

/** Files beside another are read up to this size: as large as a document may be. */
const MAX_BYTES = 64 * 1024 * 1024
const CHUNK_BYTES = 64 * 1024
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
  for (const fields of recordsIn(path)) return fields.type === 'session_start' ? headerOf(fields) : null
  return null
}

/** The ids of all records of a session file, which a fork of the session repeats. */
export function idsIn(path: string): Set<string> {
  const ids = new Set<string>()
  for (const { type, id } of recordsIn(path)) {
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
  for (const { type, id, timestamp } of recordsIn(path)) {
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
  try {
    return statSync(path).size > MAX_BYTES ? null : settingsOf(readFileSync(path))
  } catch {
    // There is none, or it cannot be read, which its own reading will tell.
    return null
  }
}

/** The one object in a document; null where it is anything else. */
export function settingsOf(document: Buffer): Fields | null {
  const { records, isValid } = parseWholeLine(document)
  return isValid && records.length === 1 ? records[0]! : null
}

/** The records of a file, as far as they are asked for; none where it cannot be read. */
function* recordsIn(path: string): Generator<Fields> {
  for (const line of linesIn(path)) yield* parseLine(line).records
}

/** The lines of a file, as far as they are asked for, each valid until the next is; none where it cannot be read. */
export function* linesIn(path: string): Generator<Buffer> {
  let file: number
  try {
    // Opening a pipe would wait for its other end.
    if (!statSync(path).isFile()) return
    file = openSync(path, 'r')
  } catch {
    // There is none: what it would tell is not known.
    return
  }
  try {
    const splitter = new LineSplitter()
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    while (splitter.end < MAX_BYTES) {
      const bytesRead = readSync(file, buffer, 0, CHUNK_BYTES, splitter.end)
      if (bytesRead === 0) break
      for (const { bytes } of splitter.push(buffer.subarray(0, bytesRead))) yield bytes
    }
    const rest = splitter.rest()
    if (rest) yield rest.bytes
  } catch (error) {
    // The system refuses it: what it would tell is not known.
    if (!(error instanceof Error && 'syscall' in error)) throw error
  } finally {
    closeSync(file)
  }
}
