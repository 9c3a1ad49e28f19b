import { existsSync } from 'node:fs'
import { open, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { recognise, RECOGNISED_BY_LINES, sessionIdOf } from './adapters.ts'
import { LineSplitter } from './lines.ts'
import type { BegunFile } from './file-order.ts'
import { beganAt, byBeginning } from './file-order.ts'
import type { Adapter, Reader } from './port.ts'
import type { Line } from './tail-port.ts'

/** Files are read in pieces of this size, in bytes. */
export const CHUNK_BYTES = 512 * 1024
/** Where nothing is recognised in this much of a file, nothing is in it. */
const MAX_HEAD_BYTES = 32 * 1024 * 1024

/** Told of a path that cannot be read, with the reason: `permission denied`. */
export type OnProblem = (path: string, message: string) => void

/**
 * The regular files at some paths, folders recursively, those that began earlier first; only those that were written to
 * since `changedSince`, ms since 1970.
 */
export async function filesAt(
  paths: Iterable<string>,
  onProblem: OnProblem,
  changedSince = -Infinity,
): Promise<string[]> {
  const found = new Map<string, BegunFile>()
  const folders = new Set<string>()
  const add = async (path: string, isNamed: boolean): Promise<void> => {
    const tell: OnProblem = (...problem) => {
      // A link in a folder may lead nowhere.
      if (isNamed || existsSync(path)) onProblem(...problem)
    }
    const stats = await attempt(path, () => stat(path), tell)
    if (stats?.isFile()) {
      if (stats.mtimeMs >= changedSince) found.set(path, { path, beganMs: beganAt(stats) })
    } else if (stats?.isDirectory()) await addFolder(path)
    // Opening a pipe would wait for its other end.
    else if (stats && isNamed) onProblem(path, 'it is neither a file nor a folder')
  }
  const addFolder = async (path: string): Promise<void> => {
    const real = await attempt(path, () => realpath(path), onProblem)
    // Links can lead in circles.
    if (real === null || folders.has(real)) return
    folders.add(real)
    const names = await attempt(path, () => readdir(path), onProblem)
    for (const name of names ?? []) await add(join(path, name), false)
  }
  for (const path of paths) await add(path, true)
  return [...found.values()].sort(byBeginning).map(({ path }) => path)
}

/** What the system answers about a path, or null, told of, where it refuses. Anything else that goes wrong is thrown. */
export async function attempt<T>(
  path: string,
  work: () => Promise<T>,
  onProblem: OnProblem,
): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error
    onProblem(path, error.message.replace(/^E[A-Z0-9]+: /, '').replace(/, [a-z]+(?: '.*')?$/s, ''))
    return null
  }
}

/**
 * A session file's lines, each through `reader`, which is opened by the adapter that recognises the first of them. Null
 * where no adapter does: then nothing is in it. `buffer` as below.
 */
export async function* recordsOf(
  path: string,
  adapters: readonly Adapter[],
  buffer: Buffer,
): AsyncGenerator<{ reader: Reader; lines: Line[] }> {
  let reader: Reader | null = null
  const head: Line[] = []
  const opened = (found: ReturnType<typeof recognise>) =>
    found?.adapter.open({ path, sessionId: sessionIdOf(path) }) ?? null
  let bytesRead = 0
  for await (const lines of linesOf(path, buffer)) {
    bytesRead += buffer.length
    if (reader) {
      yield { reader, lines }
      continue
    }
    for (const [i, { bytes, start }] of lines.entries()) {
      head.push({ bytes: Buffer.from(bytes), start })
      // The first line decides for nearly every file.
      reader = opened(recognise([bytes], adapters))
      if (reader) {
        yield { reader, lines: [...head, ...lines.slice(i + 1)] }
        break
      }
      if (head.length >= RECOGNISED_BY_LINES) break
    }
    if (!reader && (head.length >= RECOGNISED_BY_LINES || bytesRead > MAX_HEAD_BYTES)) break
  }
  if (reader || head.length === 0) return
  reader = opened(
    recognise(
      head.map(({ bytes }) => bytes),
      adapters,
    ),
  )
  if (reader) yield { reader, lines: head }
}

/**
 * A file's lines, piece by piece, the unfinished last one too; valid until the next are asked for. `buffer` is what the
 * pieces are read into: one for many files in turn, as a new one for each keeps the garbage collector busy.
 */
export async function* linesOf(path: string, buffer: Buffer, maxBytes = Infinity): AsyncGenerator<Line[]> {
  const file = await open(path, 'r')
  try {
    const splitter = new LineSplitter()
    while (splitter.end < maxBytes) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length)
      if (bytesRead === 0) break
      yield splitter.push(buffer.subarray(0, bytesRead))
    }
    const rest = splitter.rest()
    if (rest) yield [rest]
  } finally {
    await file.close()
  }
}
