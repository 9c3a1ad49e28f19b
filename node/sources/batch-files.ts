import { open, readdir, realpath, stat } from 'node:fs/promises'
import type { Dirent, Stats } from 'node:fs'
import { join } from 'node:path'
import { recognise, RECOGNISED_BY_LINES, sessionIdOf } from './adapters.ts'
import { LineSplitter } from './lines.ts'
import type { Adapter, Reader } from './port.ts'
import type { Line } from './tail-port.ts'

/** Files are read in pieces of this size, in bytes. */
export const CHUNK_BYTES = 512 * 1024
/** Where nothing is recognised in this much of a file, nothing is in it. */
const MAX_HEAD_BYTES = 32 * 1024 * 1024

/** Told of a path that cannot be read, with the reason: `permission denied`. */
export type OnProblem = (path: string, message: string) => void

/** The regular files at some paths, folders recursively, in the order of their names. */
export async function* filesAt(paths: Iterable<string>, onProblem: OnProblem): AsyncGenerator<string> {
  const folders = new Set<string>()
  for (const path of paths) {
    const kind = await attempt(path, () => stat(path), onProblem)
    if (kind?.isFile() === false && !kind.isDirectory()) {
      // Opening a pipe would wait for its other end.
      onProblem(path, 'it is neither a file nor a folder')
    } else if (kind) {
      yield* filesOf(path, kind, folders, onProblem)
    }
  }
}

async function* filesOf(
  path: string,
  kind: Stats | Dirent,
  seen: Set<string>,
  onProblem: OnProblem,
): AsyncGenerator<string> {
  if (kind.isFile()) yield path
  if (kind.isSymbolicLink()) {
    const target = await attempt(path, () => stat(path), onProblem)
    if (target) yield* filesOf(path, target, seen, onProblem)
  }
  if (!kind.isDirectory()) return
  const real = await attempt(path, () => realpath(path), onProblem)
  // Links can lead in circles.
  if (real === null || seen.has(real)) return
  seen.add(real)
  const entries = await attempt(path, () => readdir(path, { withFileTypes: true }), onProblem)
  for (const entry of inOrder(entries ?? [])) yield* filesOf(join(path, entry.name), entry, seen, onProblem)
}

/** By name, a session's own file before the folder of the same name: what it says of subagents goes before theirs. */
function inOrder(entries: readonly Dirent[]): Dirent[] {
  const keyed = entries.map((entry) => ({
    entry,
    key: entry.name.endsWith('.jsonl') ? entry.name.slice(0, -6) : `${entry.name} `,
  }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ entry }) => entry)
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
  const opened = (adapter: Adapter | null) => adapter?.open({ path, sessionId: sessionIdOf(path) }) ?? null
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
