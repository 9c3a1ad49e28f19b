import { open, type FileHandle } from 'node:fs/promises'
import type { Draft } from '../../core/rule.ts'
import { recognise, RECOGNISED_BY_LINES, sessionIdOf, type Recognised } from './adapters.ts'
import type { FoundFile } from './batch-files.ts'
import { isDamaged } from './damage.ts'
import {
  damaged,
  documentDrafts,
  kindOf,
  MAX_DOCUMENT_BYTES,
  readDocument,
  withoutMark,
} from './documents.ts'
import { parseLine } from './json-line.ts'
import { LineSplitter } from './lines.ts'
import type { Adapter, Form } from './port.ts'
import type { Line } from './tail-port.ts'

/** Files are read in chunks of this size, in bytes; of a smaller one where all of them are smaller. */
export const CHUNK_BYTES = 512 * 1024
/** A file may have grown since it was found. */
const LEAST_CHUNK_BYTES = 4096
/** Where nothing is recognised in this much of a file's lines, nothing is in them. */
const MAX_HEAD_BYTES = 32 * 1024 * 1024
/** So much is cut into first lines at a time: mostly the first one is in there, and decides. */
const HEAD_STEP_BYTES = 4096
/** What an adapter is shown of an SQLite database: its header. */
const SQLITE_HEADER_BYTES = 100

/** Some of what a file holds. */
export interface Found {
  form: Form
  drafts: readonly Draft[]
}

/** What some files are read into one after the other. */
export function bufferFor(files: readonly FoundFile[]): Buffer {
  const largest = files.reduce((most, { bytes }) => Math.max(most, bytes), LEAST_CHUNK_BYTES)
  return Buffer.allocUnsafe(Math.min(largest, CHUNK_BYTES))
}

/**
 * What a file holds, a few milliseconds' worth at a time, read by the adapter that it is known for, else by the one that
 * recognises it; nothing where none does. `buffer` is what lines are read into: one for many files in turn, as a new one
 * for each keeps the garbage collector busy. Throws the system's error, and a `VibeTeaError` that says why a document or
 * a database cannot be read; of a document in the end, when all that could be read has come.
 */
export async function* foundIn(
  found: FoundFile,
  adapters: readonly Adapter[],
  buffer: Buffer,
): AsyncGenerator<Found> {
  const { path, known } = found
  const file = await open(path, 'r')
  try {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    const { recognised, isInBuffer } = known
      ? { recognised: known, isInBuffer: true }
      : await recogniseFile(file, buffer, bytesRead, found, adapters)
    if (!recognised) return
    const { adapter, form } = recognised
    if (form === 'lines') yield* inLines(file, buffer, isInBuffer ? bytesRead : 0, path, adapter)
    else if (form === 'document') yield* inDocument(path, adapter)
    else yield* inDatabase(path, adapter)
  } finally {
    await file.close()
  }
}

/**
 * A file's lines, chunk by chunk, the unfinished last one too; valid until the next are asked for. `buffer` is what the
 * chunks are read into.
 */
export async function* linesOf(path: string, buffer: Buffer): AsyncGenerator<Line[]> {
  const file = await open(path, 'r')
  try {
    yield* linesIn(file, buffer, 0)
  } finally {
    await file.close()
  }
}

/** The first `bytesInBuffer` bytes have been read into `buffer` already. */
async function* linesIn(file: FileHandle, buffer: Buffer, bytesInBuffer: number): AsyncGenerator<Line[]> {
  const splitter = new LineSplitter()
  const fill = async () => (await file.read(buffer, 0, buffer.length, splitter.end)).bytesRead
  for (let length = bytesInBuffer || (await fill()); length > 0; length = await fill()) {
    yield splitter.push(buffer.subarray(0, length))
  }
  const rest = splitter.rest()
  if (rest) yield [rest]
}

async function* inLines(
  file: FileHandle,
  buffer: Buffer,
  bytesInBuffer: number,
  path: string,
  adapter: Adapter,
): AsyncGenerator<Found> {
  const reader = adapter.open({ path, sessionId: sessionIdOf(path) })
  for await (const lines of linesIn(file, buffer, bytesInBuffer)) {
    const drafts: Draft[] = []
    for (const { bytes, start } of lines) {
      for (const draft of reader.read(bytes, start)) drafts.push(draft)
    }
    yield { form: 'lines', drafts }
  }
  yield { form: 'lines', drafts: reader.flush() }
}

async function* inDocument(path: string, adapter: Adapter): AsyncGenerator<Found> {
  const reader = adapter.open({ path, sessionId: sessionIdOf(path) })
  const reading = documentDrafts(adapter, reader, await readDocument(path))
  let count = 0
  let step = reading.next()
  for (; step.done !== true; step = reading.next()) {
    count += step.value.length
    yield { form: 'document', drafts: step.value }
  }
  const held = reader.flush()
  yield { form: 'document', drafts: held }
  if (reader.invalidLines > 0 && count + held.length === 0) throw damaged(path, 'all')
  if (!step.value) throw damaged(path, 'some')
}

async function* inDatabase(path: string, adapter: Adapter): AsyncGenerator<Found> {
  const database = await adapter.openDatabase!(path)
  try {
    for await (const { drafts } of database.changes(0)) yield { form: 'database', drafts }
  } finally {
    await database.close()
  }
}

/** The first `bytesInBuffer` bytes of the file stand in `buffer`, and still do where `isInBuffer` is answered. */
async function recogniseFile(
  file: FileHandle,
  buffer: Buffer,
  bytesInBuffer: number,
  found: FoundFile,
  adapters: readonly Adapter[],
): Promise<{ recognised: Recognised | null; isInBuffer: boolean }> {
  const kind = kindOf(buffer.subarray(0, bytesInBuffer))
  if (kind === 'sqlite') {
    const header = Buffer.from(buffer.subarray(0, Math.min(SQLITE_HEADER_BYTES, bytesInBuffer)))
    return { recognised: recognise([header], adapters), isInBuffer: true }
  }
  let isInBuffer = true
  if (kind !== 'zstd') {
    const head: Buffer[] = []
    let count = 0
    let isFirstValid = false
    for await (const { bytes, isFirstChunk } of headOf(file, buffer, bytesInBuffer)) {
      isInBuffer = isFirstChunk
      const { records, isValid } = parseLine(bytes)
      if (count === 0) isFirstValid = isValid
      // Each adapter would try to parse the lines of an indented document, which takes longer than to read it.
      if (records.length > 0) {
        // The first line decides for nearly every file.
        const recognised = recognise([bytes], adapters)
        if (recognised) return { recognised, isInBuffer }
        head.push(Buffer.from(bytes))
      }
      if (++count === RECOGNISED_BY_LINES) break
    }
    const recognised = head.length > 0 ? recognise(head, adapters) : null
    if (recognised) return { recognised, isInBuffer: false }
    // Lines of someone else, which are no document though they look like the beginning of one.
    if (kind === 'other' || (count > 1 && isFirstValid)) {
      return { recognised: null, isInBuffer }
    }
  }
  // As no document of ours is as large, or it is not known to be one, nothing is to be told.
  if ((await file.stat()).size > MAX_DOCUMENT_BYTES) return { recognised: null, isInBuffer }
  const document = withoutMark(await readDocument(found.path))
  const recognised = recognise([document], adapters)
  if (!recognised && isDamaged(document, found, adapters)) throw damaged(found.path, 'all')
  return { recognised, isInBuffer }
}

/** The lines at a file's beginning, one by one; valid until the next is asked for. */
async function* headOf(
  file: FileHandle,
  buffer: Buffer,
  bytesInBuffer: number,
): AsyncGenerator<{ bytes: Buffer; isFirstChunk: boolean }> {
  const splitter = new LineSplitter()
  const isFirstChunk = () => splitter.end <= bytesInBuffer
  for (let length = bytesInBuffer; length > 0 && splitter.end < MAX_HEAD_BYTES;) {
    for (let at = 0; at < length; at += HEAD_STEP_BYTES) {
      const step = buffer.subarray(at, Math.min(at + HEAD_STEP_BYTES, length))
      for (const { bytes } of splitter.push(step)) yield { bytes, isFirstChunk: isFirstChunk() }
    }
    length = (await file.read(buffer, 0, buffer.length, splitter.end)).bytesRead
  }
  const rest = splitter.rest()
  if (rest) yield { bytes: rest.bytes, isFirstChunk: isFirstChunk() }
}
