import { randomBytes } from 'node:crypto'
import { chmod, constants, copyFile, link, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { VibeTeaError } from '../../core/errors.ts'

/** Files that are written whole or not at all, and the file system's errors as sentences. */

/** Rights for the owner alone, and for all to read. Windows knows neither and keeps those of the user's profile. */
export const OWNER_ONLY = 0o600
export const READABLE = 0o644

const hasModes = process.platform !== 'win32'

const SENTENCES: Readonly<Record<string, readonly [code: string, what: string, remedy: string]>> = {
  ENOSPC: ['no_space', 'there is no space left on its disk', 'Free some space and start again.'],
  EDQUOT: ['no_space', "the user's disk quota is used up", 'Free some space and start again.'],
  EROFS: [
    'read_only',
    'its file system is read-only',
    'Set VIBETEA_HOME to a directory that can be written.',
  ],
  EACCES: ['no_permission', 'permission is denied', 'Give this user access to it, or set VIBETEA_HOME.'],
  EPERM: [
    'no_permission',
    'the operation is not permitted',
    'Give this user access to it, or set VIBETEA_HOME.',
  ],
  EISDIR: ['not_a_file', 'a directory is in its place', 'Move the directory away.'],
  ENOTDIR: ['not_a_directory', 'a file is in the place of a directory', 'Move the file away.'],
  ENOENT: [
    'not_found',
    'its directory is not there and cannot be made',
    'Set VIBETEA_HOME to a directory that can be written.',
  ],
  EEXIST: ['not_a_directory', 'a file is in the place of a directory', 'Move the file away.'],
}

/** `ENOENT` and the like; '' where an error is not the system's. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/**
 * A file system error as a `VibeTeaError`: `<path> cannot be <done>: <why>.` Anything that nobody can mend is a bug and
 * comes back as it is.
 */
export function fileError(error: unknown, path: string, done: string): unknown {
  const known = SENTENCES[errorCode(error)]
  if (!known) return error
  const [code, what, remedy] = known
  return new VibeTeaError(code, `${path} cannot be ${done}: ${what}.`, remedy, { cause: error })
}

/**
 * Makes a directory for this user alone, with those above it, where they are not there. `mkdir` with `recursive` never
 * returns from a place that takes no directories, such as `/proc` (Node 20).
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return
    const above = dirname(path)
    if (errorCode(error) !== 'ENOENT' || above === path) throw error
    await makeDirectory(above)
    await mkdir(path, { mode: 0o700 })
  }
}

/**
 * Writes a file of a directory that exists so that after a crash or a power cut it holds either what it held or all of
 * `data`. Throws a `VibeTeaError` where the file system refuses.
 */
export function writeWhole(path: string, data: string | Uint8Array, mode = OWNER_ONLY): Promise<void> {
  return writeThen(path, data, mode, (draft) => rename(draft, path))
}

/** The same for a file that must not be there yet; one that is there stays as it is. */
export function writeNew(path: string, data: string | Uint8Array, mode = OWNER_ONLY): Promise<void> {
  return writeThen(path, data, mode, async (draft) => {
    try {
      await link(draft, path)
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return
      // There are file systems without hard links.
      await copyFile(draft, path, constants.COPYFILE_EXCL)
    }
  })
}

async function writeThen(
  path: string,
  data: string | Uint8Array,
  mode: number,
  place: (draft: string) => Promise<void>,
): Promise<void> {
  const draft = `${path}.${process.pid}-${randomBytes(6).toString('hex')}.new`
  try {
    const file = await open(draft, 'wx', mode)
    try {
      await file.writeFile(data)
      await file.sync()
    } finally {
      await file.close()
    }
    await place(draft)
    await syncDirectory(dirname(path))
  } catch (error) {
    throw fileError(error, path, 'written')
  } finally {
    await rm(draft, { force: true })
  }
}

/** Makes a new name durable. Windows cannot open directories, and does this by itself. */
async function syncDirectory(path: string): Promise<void> {
  if (!hasModes) return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/**
 * Takes the group's and everyone's rights from a file or directory. Answers whether it had any; always false on
 * Windows. Throws the file system's error.
 */
export async function tighten(path: string): Promise<boolean> {
  if (!hasModes) return false
  const { mode } = await stat(path)
  if ((mode & 0o077) === 0) return false
  await chmod(path, mode & 0o700)
  return true
}
