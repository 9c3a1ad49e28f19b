import { existsSync } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { VibeTeaError } from '../../core/errors.ts'
import type { Recognised } from './adapters.ts'
import type { SessionFolder } from './directories.ts'
import type { BegunFile } from './file-order.ts'
import { beganAt, byBeginning } from './file-order.ts'
import type { Adapter } from './port.ts'

/** Told of a path that cannot be read, with the reason: `permission denied`. */
export type OnProblem = (path: string, message: string) => void

/** A file to read; whose it is and how it is read is known where an assistant's own folder holds it. */
export interface FoundFile {
  path: string
  known: Recognised | null
  /** Whether a person named this very file, and not a folder that it is in. */
  isNamed: boolean
  /** How large it was when it was found. */
  bytes: number
}

/** Where in an assistant's own folder something lies; `relative` is below it, with `/`. */
interface Within {
  adapter: Adapter
  relative: string
}

/**
 * The regular files at some paths, folders recursively, those that began earlier first; only those that were written to
 * since `changedSince`, ms since 1970. In an assistant's own folder only its session files.
 */
export async function filesAt(
  paths: Iterable<string | SessionFolder>,
  onProblem: OnProblem,
  changedSince = -Infinity,
): Promise<FoundFile[]> {
  const found = new Map<string, BegunFile & FoundFile>()
  const folders = new Set<string>()
  const add = async (path: string, isNamed: boolean, within: Within | null): Promise<void> => {
    const tell: OnProblem = (...problem) => {
      // A link in a folder may lead nowhere.
      if (isNamed || existsSync(path)) onProblem(...problem)
    }
    const stats = await attempt(path, () => stat(path), tell)
    if (stats?.isFile()) {
      const known = within && knownAs(within)
      if (within && !known) return
      if (await isChangedSince(path, stats.mtimeMs, changedSince))
        found.set(path, { path, known, isNamed, bytes: stats.size, beganMs: beganAt(stats) })
    } else if (stats?.isDirectory()) await addFolder(path, within)
    // Opening a pipe would wait for its other end.
    else if (stats && isNamed) onProblem(path, 'it is neither a file nor a folder')
  }
  const addFolder = async (path: string, within: Within | null): Promise<void> => {
    if (within && within.relative !== '' && within.adapter.enters?.(within.relative) === false) return
    const real = await attempt(path, () => realpath(path), onProblem)
    // Links can lead in circles.
    const visit = `${within?.adapter.assistant ?? ''} ${real}`
    if (real === null || folders.has(visit)) return
    folders.add(visit)
    const names = await attempt(path, () => readdir(path), onProblem)
    for (const name of names ?? []) {
      if (!isCompanion(name)) await add(join(path, name), false, within && below(within, name))
    }
  }
  for (const path of paths) {
    if (typeof path === 'string') await add(path, true, null)
    else await add(path.directory, true, { adapter: path.adapter, relative: '' })
  }
  return [...found.values()].sort(byBeginning)
}

function below({ adapter, relative }: Within, name: string): Within {
  return { adapter, relative: relative === '' ? name : `${relative}/${name}` }
}

function knownAs({ adapter, relative }: Within): Recognised | null {
  const form = adapter.formOf(relative)
  return form && { adapter, form }
}

/** Whether a file belongs to the SQLite database of the same name before it, and is none by itself. */
function isCompanion(name: string): boolean {
  return /.-(?:wal|shm|journal)$/.test(name)
}

/** What was written to a database may not be in its own file yet. */
async function isChangedSince(path: string, mtimeMs: number, since: number): Promise<boolean> {
  if (mtimeMs >= since) return true
  try {
    return (await stat(`${path}-wal`)).mtimeMs >= since
  } catch {
    // It has none, or it cannot be looked at, which the reading of the database will tell.
    return false
  }
}

/**
 * What the work on a path comes to; null, told of, where the system refuses it or it fails with a `VibeTeaError`.
 * Anything else that goes wrong is thrown.
 */
export async function attempt<T>(
  path: string,
  work: () => Promise<T>,
  onProblem: OnProblem,
): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof VibeTeaError) {
      onProblem(path, error.sentence.replace(/\.$/, ''))
      return null
    }
    if (!(error instanceof Error) || !('syscall' in error)) throw error
    onProblem(path, error.message.replace(/^E[A-Z0-9]+: /, '').replace(/, [a-z]+(?: '.*')?$/s, ''))
    return null
  }
}
