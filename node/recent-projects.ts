import { stat } from 'node:fs/promises'
import type { NamedProject } from '../core/project-key.ts'
import type { Settings } from './home/settings.ts'
import { SharingDecisions } from './home/sharing.ts'
import { ADAPTERS, sessionDirectories } from './sources/adapters.ts'
import { attempt, filesAt, type FoundFile } from './sources/batch-files.ts'
import { foundIn } from './sources/batch-read.ts'
import { Ignored } from './sources/ignored.ts'
import { nativeBlake2b } from './sources/native-hash.ts'
import type { Environment } from './sources/port.ts'
import { Projects } from './sources/projects.ts'

export interface RecentProjectsOptions {
  settings: Settings
  environment: Environment
  /** ms since 1970. */
  since: number
  /** Aborted: what has been found so far is answered. */
  signal: AbortSignal
}

/** A session says within its first lines where it runs. */
const CHUNK_BYTES = 64 * 1024
const MAX_CHUNKS = 16

/**
 * The projects in which sessions of this machine were written to since some time, those of the latest first, by name;
 * excluded and ignored ones are left out. For a home in which no node runs, and that need not be there yet: nothing is kept. What
 * cannot be read is left out.
 */
export async function recentProjects(options: RecentProjectsOptions): Promise<NamedProject[]> {
  const { settings, environment, signal } = options
  const sharing = await SharingDecisions.view(settings.home)
  // Tags are left out: they are asked of git, and made with a key that a new home does not have.
  const runGit = () => Promise.resolve(null)
  const { homeDirectory } = environment
  const aliases = settings.projectAliases ?? new Map<string, string>()
  const tagKey = new Uint8Array(32)
  const projects = new Projects({ tagKey, hash: nativeBlake2b, homeDirectory, aliases, runGit })
  // What cannot be read is said where it is recorded.
  const ignored = new Ignored({ store: sharing, projects, now: Date.now, say: () => undefined })
  const isExcluded = (name: string) => sharing.sharingOf(name) === 'excluded'
  const names = new Set<string>()
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  for (const file of await recentFiles(options)) {
    if (signal.aborted) break
    const directories = await attempt(file.path, () => directoriesIn(file, buffer, options.since), ignore)
    for (const directory of directories ?? []) {
      await ignored.look([directory])
      const { name, ownName = name } = await projects.resolve(directory)
      if (!isExcluded(name) && !isExcluded(ownName) && !ignored.keepsOutFolder(directory)) names.add(name)
    }
  }
  return [...names].map((project) => ({ project }))
}

/** Session files that were written to since then, the latest first. */
async function recentFiles({ settings, environment, since }: RecentProjectsOptions): Promise<FoundFile[]> {
  const found: { file: FoundFile; mtimeMs: number }[] = []
  const directories = sessionDirectories(settings.directories, environment)
  for (const file of await filesAt(directories, ignore, since)) {
    const stats = await attempt(file.path, () => stat(file.path), ignore)
    if (stats) found.push({ file, mtimeMs: stats.mtimeMs })
  }
  return found.sort((a, b) => b.mtimeMs - a.mtimeMs).map(({ file }) => file)
}

/** The directory that a session first says it runs in, those of all sessions in a database since `since`. */
async function directoriesIn(file: FoundFile, buffer: Buffer, since: number): Promise<Set<string>> {
  const directories = new Set<string>()
  let chunks = 0
  for await (const { form, drafts } of foundIn(file, ADAPTERS, buffer)) {
    for (const { at, cwd } of drafts) {
      if (cwd === null || (form === 'database' && at < since)) continue
      directories.add(cwd)
      if (form !== 'database') return directories
    }
    if (form === 'lines' && ++chunks >= MAX_CHUNKS) break
  }
  return directories
}

/** `doctor` says what cannot be read. */
const ignore = (): void => undefined
