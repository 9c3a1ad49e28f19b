import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { bytesBeside } from '../beside.ts'
import type { Fields } from '../json-line.ts'
import { isFields } from '../json-line.ts'

/**
 * The directory of a session. Its file names only a hash of it, and the folder of the file is named by that hash or by
 * a short name; what they stand for is told beside it.
 */

/** Larger files are not of this kind. */
const MAX_BYTES = 1024 * 1024

/** What a session file says of its project. */
export interface ProjectHints {
  /** SHA-256 of the directory, hex. */
  projectHash: string | null
  /** Directories that the session may use, among them its own. */
  directories: readonly string[]
}

/** The folder `tmp/<project>` of a session file; null where the file lies elsewhere. */
export function projectFolderOf(path: string): string | null {
  return /^(.+[\\/][^\\/]+)[\\/]chats[\\/](?:[^\\/]+[\\/])?[^\\/]+$/.exec(path)?.[1] ?? null
}

/** The directory in which a session began, absolute; null where nothing tells. */
export function projectRootOf(
  folder: string | null,
  { projectHash, directories }: ProjectHints,
): string | null {
  const isRoot = (path: string): boolean => sha256(path) === projectHash
  const named = directories.find(isRoot)
  if (named !== undefined || folder === null) return named ?? null
  const marker = textIn(join(folder, '.project_root')).trim()
  if (isAbsolute(marker)) return marker
  const home = dirname(dirname(folder))
  const registry = jsonIn(join(home, 'projects.json'))
  const projects = isFields(registry.projects) ? registry.projects : {}
  const trusted = jsonIn(join(home, 'trustedFolders.json'))
  return (
    [...Object.keys(projects), ...Object.keys(trusted)].find((path) => isAbsolute(path) && isRoot(path)) ??
    null
  )
}

function sha256(path: string): string {
  return createHash('sha256').update(path).digest('hex')
}

/** Of any system, as the files may come from another. */
function isAbsolute(path: string): boolean {
  return /^(?:\/|[A-Za-z]:[\\/]|\\\\)/.test(path) && !path.includes('\n')
}

/** '' where there is no such file. */
function textIn(path: string): string {
  return bytesBeside(path, MAX_BYTES)?.toString() ?? ''
}

function jsonIn(path: string): Fields {
  try {
    const value: unknown = JSON.parse(textIn(path) || '{}')
    return isFields(value) ? value : {}
  } catch {
    // Half written: the next file of the project is read with it.
    return {}
  }
}
