import { existsSync } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { VibeTeaError } from '../../core/errors.ts'
import type { BegunFile } from './file-order.ts'
import { beganAt, byBeginning } from './file-order.ts'

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
      if (await isChangedSince(path, stats.mtimeMs, changedSince))
        found.set(path, { path, beganMs: beganAt(stats) })
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
    for (const name of names ?? []) if (!isCompanion(name)) await add(join(path, name), false)
  }
  for (const path of paths) await add(path, true)
  return [...found.values()].sort(byBeginning).map(({ path }) => path)
}

/** Whether a file belongs to the SQLite database of the same name before it, and is none by itself. */
export function isCompanion(name: string): boolean {
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
