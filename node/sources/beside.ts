import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import type { Fields } from './json-line.ts'
import { parseLine } from './json-line.ts'
import { LineSplitter } from './lines.ts'
import { OPEN_FLAGS } from './open-flags.ts'

/**
 * What lies beside a session file and tells something of it. A reader is synchronous, and so is this: for small files,
 * and for the beginning of others. What the system does not let be read tells nothing.
 */

const CHUNK_BYTES = 64 * 1024

/** All of a file; null where there is none, it is larger than `maxBytes`, or it is no regular file. */
export function bytesBeside(path: string, maxBytes: number): Buffer | null {
  const file = opened(path)
  if (!file) return null
  try {
    return file.size > maxBytes ? null : readFileSync(file.descriptor)
  } catch (error) {
    return refused(error)
  } finally {
    closeSync(file.descriptor)
  }
}

/**
 * The records of a file of lines, as far as they are asked for and begin within `maxBytes`, their long strings cut as by
 * `parseLine`; none where `bytesBeside` has none either.
 */
export function* recordsBeside(path: string, maxBytes: number): Generator<Fields> {
  for (const line of linesBeside(path, maxBytes)) yield* parseLine(line).records
}

/** The lines of a file, each valid until the next is asked for; as `recordsBeside`. */
export function* linesBeside(path: string, maxBytes: number): Generator<Buffer> {
  const file = opened(path)
  if (!file) return
  try {
    const splitter = new LineSplitter()
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    while (splitter.end < maxBytes) {
      const bytesRead = readSync(file.descriptor, buffer, 0, CHUNK_BYTES, splitter.end)
      if (bytesRead === 0) break
      for (const { bytes } of splitter.push(buffer.subarray(0, bytesRead))) yield bytes
    }
    const rest = splitter.rest()
    if (rest) yield rest.bytes
  } catch (error) {
    refused(error)
  } finally {
    closeSync(file.descriptor)
  }
}

/** The names in a folder; none where there is no such folder. */
export function namesBeside(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    refused(error)
    return []
  }
}

/** What changes when a file does; null where there is none, or it is no regular file. */
export function stampBeside(path: string): string | null {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats?.isFile() ? `${stats.mtimeMs} ${stats.size} ${stats.ino}` : null
  } catch (error) {
    return refused(error)
  }
}

function opened(path: string): { descriptor: number; size: number } | null {
  let descriptor: number | null = null
  try {
    descriptor = openSync(path, OPEN_FLAGS)
    const stats = fstatSync(descriptor)
    if (stats.isFile()) return { descriptor, size: stats.size }
  } catch (error) {
    refused(error)
  }
  if (descriptor !== null) closeSync(descriptor)
  return null
}

/** What the system refuses is not known, nor is a path that no file can have, as of an id with a NUL; else it is a bug. */
function refused(error: unknown): null {
  if (error instanceof Error && ('syscall' in error || isOfNoFile(error))) return null
  throw error
}

function isOfNoFile(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_INVALID_ARG_VALUE'
}
