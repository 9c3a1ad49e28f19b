import { open, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { recognise, RECOGNISED_BY_LINES } from './adapters.ts'
import { LineSplitter } from './lines.ts'
import type { Adapter } from './port.ts'
import type { Line } from './tail-port.ts'

const CHUNK_BYTES = 512 * 1024
/** Where nothing is recognised in this much of a file, nothing is in it. */
const MAX_HEAD_BYTES = 32 * 1024 * 1024

/** Told of a path that cannot be read, with the reason: `permission denied`. */
export type OnProblem = (path: string, message: string) => void

/** The regular files at some paths, folders recursively, in the order of their names, each once. */
export async function* sessionFilesIn(paths: Iterable<string>, onProblem: OnProblem): AsyncGenerator<string> {
  const seen = new Set<string>()
  for (const path of paths) yield* filesAt(path, true, seen, onProblem)
}

async function* filesAt(
  path: string,
  isNamed: boolean,
  seen: Set<string>,
  onProblem: OnProblem,
): AsyncGenerator<string> {
  let found: Awaited<ReturnType<typeof look>>
  try {
    found = await look(path)
  } catch (error) {
    onProblem(path, reasonOf(error))
    return
  }
  // Links can lead in circles.
  if (seen.has(found.real)) return
  seen.add(found.real)
  if (found.names) {
    for (const name of found.names) yield* filesAt(join(path, name), false, seen, onProblem)
  } else if (found.isFile) {
    yield path
  } else if (isNamed) {
    // Opening a pipe would wait for its other end.
    onProblem(path, 'it is neither a file nor a folder')
  }
}

async function look(path: string): Promise<{ real: string; names: string[] | null; isFile: boolean }> {
  const [kind, real] = await Promise.all([stat(path), realpath(path)])
  const names = kind.isDirectory() ? inOrder(await readdir(path)) : null
  return { real, names, isFile: kind.isFile() }
}

/** By name, a session's own file before the folder of the same name: what it says of subagents goes before theirs. */
function inOrder(names: readonly string[]): string[] {
  const keyed = names.map((name) => ({ name, key: name.endsWith('.jsonl') ? name.slice(0, -6) : `${name} ` }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ name }) => name)
}

/** Why the system could not do something with a file: `no such file or directory`. Throws anything that is no answer of the system. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error) || !('syscall' in error)) throw error
  return error.message.replace(/^E[A-Z0-9]+: /, '').replace(/, [a-z]+(?: '.*')?$/s, '')
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
