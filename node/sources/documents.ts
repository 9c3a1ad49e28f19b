import { open } from 'node:fs/promises'
import { VibeTeaError } from '../../core/errors.ts'
import type { Draft } from '../../core/rule.ts'
import type { Adapter, Reader } from './port.ts'

/** Larger documents are not read: they are held in memory whole. The largest real ones known have a few MB. */
export const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
/** What is read of a document before others have their turn, a few ms: so many bytes of its pieces, or drafts. */
const TURN_BYTES = 256 * 1024
const TURN_DRAFTS = 250
/** A short piece costs as much as one of so many bytes. */
const LEAST_BYTES = 512
/** A piece that is no record: stands for what could not be read of a document, and is its last. */
export const DAMAGED = Buffer.from('\0')
const BLANK = new Set([0x20, 0x09, 0x0a, 0x0d])
const BOM = Buffer.from('\ufeff')
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
const SQLITE_MAGIC = Buffer.from('SQLite format 3\0', 'latin1')

/** What a file's first bytes tell: RFC 8878 (zstd), https://sqlite.org/fileformat2.html (SQLite), or JSON's brackets. */
export function kindOf(beginning: Buffer): 'sqlite' | 'zstd' | 'json' | 'other' {
  if (beginning.subarray(0, SQLITE_MAGIC.length).equals(SQLITE_MAGIC)) return 'sqlite'
  if (beginning.subarray(0, ZSTD_MAGIC.length).equals(ZSTD_MAGIC)) return 'zstd'
  let at = beginning.length - withoutMark(beginning).length
  while (BLANK.has(beginning[at]!)) at++
  return beginning[at] === 0x7b || beginning[at] === 0x5b ? 'json' : 'other'
}

/** A document without the byte order mark before it. */
export function withoutMark(document: Buffer): Buffer {
  return document.subarray(0, BOM.length).equals(BOM) ? document.subarray(BOM.length) : document
}

/** All of a file. Throws the system's error, and a `VibeTeaError` (`document_too_large`) above MAX_DOCUMENT_BYTES. */
export async function readDocument(path: string): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    if ((await file.stat()).size > MAX_DOCUMENT_BYTES) throw tooLarge(path)
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/** What is told of a document that is not read because of its size. */
export function tooLarge(path: string): VibeTeaError {
  return new VibeTeaError(
    'document_too_large',
    `${path} is larger than ${MAX_DOCUMENT_BYTES / 1024 / 1024} MB, and is left out.`,
    'Begin a new session, or move the file elsewhere.',
  )
}

/** What is told of a document that cannot be read, or not to its end. */
export function damaged(path: string, damage: 'some' | 'all'): VibeTeaError {
  return new VibeTeaError(
    'damaged_document',
    `${path} is damaged: ${damage === 'all' ? 'nothing in it' : 'not all of it'} can be read.`,
    'Put a whole copy in its place if you have one, or move it elsewhere.',
  )
}

/**
 * What a document holds, without what the reader still holds at its end; a few milliseconds' worth at a time. Returns
 * whether the document is whole: a compressed one is also where some of the lines in it are no records.
 */
export function* documentDrafts(
  adapter: Adapter,
  reader: Reader,
  document: Buffer,
): Generator<Draft[], boolean> {
  let isCutOff = false
  let drafts: Draft[] = []
  let bytes = 0
  const bare = withoutMark(document)
  for (const piece of adapter.pieces?.(bare) ?? [bare]) {
    if (piece === DAMAGED) isCutOff = true
    for (const draft of reader.read(piece, 0)) {
      if (drafts.push(draft) < TURN_DRAFTS) continue
      yield drafts
      drafts = []
      bytes = 0
    }
    bytes += Math.max(piece.length, LEAST_BYTES)
    if (bytes < TURN_BYTES) continue
    yield drafts
    drafts = []
    bytes = 0
  }
  yield drafts
  return kindOf(bare) === 'zstd' ? !isCutOff : reader.invalidLines === 0
}
