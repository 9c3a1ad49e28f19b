import { statSync, type Dirent, type Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, sep } from 'node:path'
import { beganAt } from './file-order.ts'
import type { polledFileSystem } from './file-systems.ts'
import type { Form } from './port.ts'
import { WAL } from './tail-database.ts'
import type { TailedFile } from './tail-file.ts'
import { Folder, identityOf, type TailRoot } from './tail-folder.ts'
import { limiter } from './tail-limit.ts'
import { notAFile, Unusable, type Problems } from './tail-problems.ts'
import { watchLimit, type WatchFolder } from './tail-watch.ts'

export interface FolderHost {
  readonly problems: Problems
  readonly watchFolder: WatchFolder
  readonly polledFileSystem: typeof polledFileSystem
  /** The file for a path that is new here. */
  makeFile(path: string, form: Form): TailedFile
  /** A listing shows a file for the first time, or otherwise than before. */
  seen(file: TailedFile): void
  /** A file has changed, or may be gone: it wants a visit. */
  changed(file: TailedFile): void
}

/** Folders that are watched and listed at the same time: more is not faster and costs memory. */
const FOLDERS_AT_ONCE = 4
const STATS_AT_ONCE = 64

/** Finds the folders and files below the roots, and hears of what happens to them. */
export class Folders {
  readonly #host: FolderHost
  readonly #byPath = new Map<string, Folder>()
  readonly #identities = new Set<string>()
  readonly #files = new Map<string, TailedFile>()
  readonly #limited = limiter(FOLDERS_AT_ONCE)
  /** The setting whose limit keeps folders from being watched. */
  #limitPath: string | null = null
  #closed = false

  constructor(host: FolderHost) {
    this.#host = host
  }

  get all(): Folder[] {
    return [...this.#byPath.values()]
  }

  get #isLimited(): boolean {
    return this.#limitPath !== null
  }

  get fileCount(): number {
    return this.#files.size
  }

  get files(): Iterable<TailedFile> {
    return this.#files.values()
  }

  file(path: string): TailedFile | undefined {
    return this.#files.get(path)
  }

  /** Whether nothing is at the path though its root is there. */
  isMissing(path: string): boolean {
    if (this.#files.has(path)) return false
    return this.all.some((folder) => !folder.parent && path.startsWith(folder.path + sep))
  }

  /** Takes up a root where it exists, and leaves it where it is gone; settles when all below it has been seen. */
  async openRoot(root: TailRoot): Promise<void> {
    const path = root.directory
    try {
      const stats = await stat(path)
      const known = this.#byPath.get(path)
      if (known?.identity === identityOf(stats)) return
      if (known) this.#remove(known)
      if (!stats.isDirectory()) throw new Unusable(`${path} is not a directory.`, 'Name a directory.')
      const real = await realpath(path)
      const polledKind = await this.#host.polledFileSystem(real)
      const folder = this.#add({ root, parent: null, path, name: '', real }, stats, polledKind)
      if (folder) await this.#enter([folder])
    } catch (error) {
      const known = this.#byPath.get(path)
      if (known) this.#remove(known)
      this.#host.problems.failed(path, error)
    }
  }

  /** Looks at a folder and everything in it anew. */
  async check(folder: Folder): Promise<void> {
    if (folder.parent) await this.#enter(await this.#examine(folder.parent, basename(folder.path)))
    if (this.#byPath.get(folder.path) === folder)
      await this.#enter(await this.#limited(() => this.#open(folder)))
  }

  /** Looks anew at a path of which something is wrong. */
  async retry(path: string): Promise<void> {
    const file = this.#files.get(path)
    const folder = this.#byPath.get(path)
    const parent = this.#byPath.get(dirname(path))
    if (path === this.#limitPath) await this.#retryWatches()
    else if (file) this.#host.changed(file)
    else if (folder) await this.check(folder)
    else if (parent) await this.#enter(await this.#examine(parent, basename(path)))
    else if (isAbsolute(path)) this.#host.problems.solve(path)
  }

  /** Drops a file that is gone. */
  dropFile(file: TailedFile): void {
    this.#files.delete(file.path)
    this.#byPath.get(dirname(file.path))?.files.delete(basename(file.path))
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.all.map((folder) => folder.watch?.close() ?? Promise.resolve()))
  }

  #add(
    place: ConstructorParameters<typeof Folder>[0],
    stats: Stats,
    polledKind: string | null,
  ): Folder | null {
    const folder = new Folder(place, stats, polledKind)
    if (this.#closed || this.#identities.has(folder.identity)) return null
    this.#byPath.set(folder.path, folder)
    this.#identities.add(folder.identity)
    folder.parent?.folders.set(place.name, folder)
    return folder
  }

  #remove(folder: Folder): void {
    for (const child of folder.folders.values()) this.#remove(child)
    for (const file of folder.files.values()) this.#host.changed(file)
    this.#byPath.delete(folder.path)
    this.#identities.delete(folder.identity)
    folder.parent?.folders.delete(basename(folder.path))
    void folder.watch?.close()
  }

  /** Takes up folders that are new, with all below them. */
  async #enter(folders: readonly Folder[]): Promise<void> {
    await Promise.all(
      folders.map(async (folder) => this.#enter(await this.#limited(() => this.#open(folder)))),
    )
  }

  /** Watches, then lists: what happens in between is seen by one of the two. Answers the folders that are new. */
  async #open(folder: Folder): Promise<Folder[]> {
    await this.#watch(folder)
    return this.#list(folder)
  }

  async #watch(folder: Folder): Promise<void> {
    if (folder.watch || folder.polledKind !== null || this.#isLimited) return
    if (this.#closed || this.#byPath.get(folder.path) !== folder) return
    const watch = this.#host.watchFolder(folder.real, {
      changed: (name, renamed) => this.#changed(folder, name, renamed),
      failed: (error) => {
        folder.watch = null
        void watch.close()
        const limit = watchLimit(error)
        if (!limit) return
        this.#limitPath = limit.path
        this.#host.problems.add(limit.path, limit.message, limit.remedy)
      },
    })
    folder.watch = watch
    await watch.ready
  }

  async #retryWatches(): Promise<void> {
    const path = this.#limitPath
    this.#limitPath = null
    for (const folder of this.all) {
      if (!folder.watch) await this.check(folder)
      if (this.#isLimited) return
    }
    if (path !== null) this.#host.problems.solve(path)
  }

  /** Takes up what is in a folder, and lets go of what no longer is. Answers the folders that are new. */
  async #list(folder: Folder): Promise<Folder[]> {
    let entries: Dirent[]
    try {
      folder.mtimeMs = (await stat(folder.path)).mtimeMs
      entries = await readdir(folder.path, { withFileTypes: true })
    } catch (error) {
      this.#host.problems.failed(folder.path, error)
      return []
    }
    this.#host.problems.solve(folder.path)
    const names = new Set(entries.map((entry) => entry.name))
    for (const [name, file] of folder.files) if (!names.has(name)) this.#host.changed(file)
    for (const [name, child] of folder.folders) if (!names.has(name)) this.#remove(child)

    const found: Folder[] = []
    const wanted = entries.filter((entry) => {
      if (entry.isFile()) return folder.formOf(entry.name) !== null
      return !entry.isDirectory() || folder.enters(entry.name) || folder.formOf(entry.name) !== null
    })
    // Links last: a folder keeps its real path where it has one here.
    wanted.sort((a, b) => Number(a.isSymbolicLink()) - Number(b.isSymbolicLink()))
    for (let i = 0; i < wanted.length; i += STATS_AT_ONCE) {
      const some = wanted.slice(i, i + STATS_AT_ONCE)
      found.push(...(await Promise.all(some.map((entry) => this.#examine(folder, entry.name, entry)))).flat())
    }
    return found
  }

  #changed(folder: Folder, name: string | null, renamed: boolean): void {
    if (this.#closed || this.#byPath.get(folder.path) !== folder) return
    const file = name === null ? undefined : (folder.files.get(name) ?? databaseOf(folder, name))
    if (file) this.#host.changed(file)
    else if (name === null) void this.check(folder)
    else this.#entryChanged(folder, name, renamed)
  }

  #entryChanged(folder: Folder, name: string, renamed: boolean): void {
    // A folder made anew can have the inode of the one that is gone, so the event alone tells them apart.
    const child = folder.folders.get(name)
    if (child && renamed) this.#remove(child)
    if (!child && renamed && name === basename(folder.real)) void this.#reopen(folder)
    else if (renamed || folder.formOf(name)) void this.#look(folder, name)
  }

  /** Takes up anew a folder that was moved or removed, if there is one. */
  async #reopen(folder: Folder): Promise<void> {
    this.#remove(folder)
    if (folder.parent) await this.#look(folder.parent, basename(folder.path))
    else await this.openRoot(folder.root)
  }

  async #look(folder: Folder, name: string): Promise<void> {
    if (!this.#host.problems.isDue(join(folder.path, name))) return
    await this.#enter(await this.#examine(folder, name))
  }

  /** Sees what an entry is now; answers it where it is a folder that is new. */
  async #examine(folder: Folder, name: string, entry?: Dirent): Promise<Folder[]> {
    const path = join(folder.path, name)
    let stats: Stats
    let real = ''
    try {
      // On a disk of one's own this is many times cheaper than a turn of the thread pool, of which a start takes thousands.
      stats = folder.polledKind === null ? statSync(path) : await stat(path)
      if (stats.isDirectory()) real = entry?.isDirectory() ? join(folder.real, name) : await realpath(path)
    } catch (error) {
      const known = this.#byPath.get(path)
      if (known) this.#remove(known)
      if (folder.formOf(name)) this.#host.problems.failed(path, error)
      return []
    }
    if (this.#closed || this.#byPath.get(folder.path) !== folder) return []
    const known = this.#byPath.get(path)
    if (known?.identity === identityOf(stats)) return []
    if (known) this.#remove(known)
    const form = folder.formOf(name)
    if (stats.isDirectory() && !form) {
      if (!folder.enters(name)) return []
      const place = { root: folder.root, parent: folder, path, name, real }
      const found = this.#add(place, stats, folder.polledKind)
      return found ? [found] : []
    }
    if (form) await this.#examineFile(folder, name, stats, form)
    return []
  }

  async #examineFile(folder: Folder, name: string, stats: Stats, form: Form): Promise<void> {
    const path = join(folder.path, name)
    if (!stats.isFile()) {
      this.#host.problems.failed(path, notAFile(path, stats))
      return
    }
    let file = this.#files.get(path)
    if (!file) this.#files.set(path, (file = this.#host.makeFile(path, form)))
    folder.files.set(name, file)
    file.beganMs = beganAt(stats)
    if (await file.look(stats)) this.#host.seen(file)
  }
}

/** The database to which a file beside it belongs. */
function databaseOf(folder: Folder, name: string): TailedFile | undefined {
  if (!name.endsWith(WAL)) return undefined
  const database = name.slice(0, -WAL.length)
  return folder.formOf(database) === 'database' ? folder.files.get(database) : undefined
}
