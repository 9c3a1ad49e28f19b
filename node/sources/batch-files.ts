import { open, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { VibeTeaError } from '../../core/errors.ts'
import { recognise, RECOGNISED_BY_LINES } from './adapters.ts'
import { LineSplitter } from './lines.ts'
import type { Adapter } from './port.ts'
import type { Line } from './tail-port.ts'

const CHUNK_BYTES = 512 * 1024
/** Where nothing is recognised in this much of a file, nothing is in it. */
const MAX_HEAD_BYTES = 32 * 1024 * 1024

/** The regular files at some paths, folders recursively, in the order of their names, each once. */
export async function* sessionFilesIn(
  paths: Iterable<string>,
  onUnreadable: (error: VibeTeaError) => void,
): AsyncGenerator<string> {
  const seen = new Set<string>()
  for (const path of paths) yield* filesAt(path, true, seen, onUnreadable)
}

async function* filesAt(
  path: string,
  isNamed: boolean,
  seen: Set<string>,
  onUnreadable: (error: VibeTeaError) => void,
): AsyncGenerator<string> {
  let names: string[] | null = null
  try {
    const [found, real] = await Promise.all([stat(path), realpath(path)])
    // Links can lead in circles.
    if (seen.has(real)) return
    seen.add(real)
    if (found.isDirectory()) names = (await readdir(path)).sort()
    else if (!found.isFile()) {
      // Opening a pipe would wait for its other end.
      if (isNamed)
        onUnreadable(new VibeTeaError('unreadable_file', `${path} is neither a file nor a folder.`))
      return
    }
  } catch (error) {
    if (error instanceof VibeTeaError) throw error
    onUnreadable(unreadable(path, error as Error))
    return
  }
  if (names === null) yield path
  else for (const name of names) yield* filesAt(join(path, name), false, seen, onUnreadable)
}

/** The error of a path that cannot be read, with its reason as the system gives it. */
export function unreadable(path: string, error: Error): VibeTeaError {
  const reason = error.message.replace(/^E[A-Z]+: /, '').replace(/, .*$/, '')
  return new VibeTeaError('unreadable_file', `${path} cannot be read: ${reason}.`, '', { cause: error })
}

/** The adapter of the assistant that wrote a file, or null. */
export async function recognisedFile(path: string, adapters: readonly Adapter[]): Promise<Adapter | null> {
  const head: Buffer[] = []
  for await (const lines of linesOf(path, MAX_HEAD_BYTES)) {
    for (const { bytes } of lines) {
      // The first line decides for nearly every file.
      const adapter = recognise([bytes], adapters)
      if (adapter) return adapter
      head.push(Buffer.from(bytes))
      if (head.length >= RECOGNISED_BY_LINES) return recognise(head, adapters)
    }
  }
  return recognise(head, adapters)
}

/** A file's lines, chunk by chunk, the unfinished last one too; valid until the next are asked for. */
export async function* linesOf(path: string, maxBytes = Infinity): AsyncGenerator<Line[]> {
  const file = await open(path, 'r')
  try {
    const splitter = new LineSplitter()
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    while (splitter.end < maxBytes) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES)
      if (bytesRead === 0) break
      yield splitter.push(buffer.subarray(0, bytesRead))
    }
    const rest = splitter.rest()
    if (rest) yield [rest]
  } finally {
    await file.close()
  }
}
