import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { COARSE_TIME_MS, RECENT_MS, type TailedFile } from './tail-file.ts'
import type { Folder, TailRoot } from './tail-folder.ts'
import type { Folders } from './tail-folders.ts'
import { isAbsent, type Problems } from './tail-problems.ts'

/** Between two sweeps: no line of a recent file stays unnoticed for longer. */
export const SWEEP_MS = 1000
/** How often everything in a folder is looked at, though nothing was heard of it. */
const WATCHED_EVERY_MS = 5 * 60_000
const POLLED_EVERY_MS = 30_000
/** Bounds of one sweep; what exceeds them takes its turn in the next. */
const MAX_FILES = 128
const MAX_FOLDERS = 16

export interface SweepHost {
  readonly now: () => number
  readonly problems: Problems
  readonly roots: readonly TailRoot[]
  readonly folders: Folders
  changed(file: TailedFile): void
}

/** Looks at what the system may have kept silent about: often at what is recent, seldom at the rest. */
export class Sweeper {
  readonly #host: SweepHost
  /** With when they were last touched, those looked at longest ago first. */
  readonly #recent = new Map<TailedFile, number>()
  readonly #dueAt = new WeakMap<Folder, number>()
  #seen = 0

  constructor(host: SweepHost) {
    this.#host = host
  }

  /** A file was changed at that time, ms. */
  touched(file: TailedFile, at: number): void {
    if (this.#host.now() - at < RECENT_MS) this.#recent.set(file, at)
  }

  async sweep(): Promise<void> {
    for (const root of this.#host.roots) {
      if (this.#host.problems.isDue(root.directory)) await this.#host.folders.openRoot(root)
    }
    for (const path of this.#host.problems.due()) await this.#host.folders.retry(path)
    await this.#sweepFiles()
    await this.#sweepFolders()
  }

  async #sweepFiles(): Promise<void> {
    const some: TailedFile[] = []
    for (const [file, at] of this.#recent) {
      if (some.length === MAX_FILES) break
      this.#recent.delete(file)
      if (this.#host.now() - at >= RECENT_MS || this.#host.folders.file(file.path) !== file) continue
      this.#recent.set(file, at)
      some.push(file)
    }
    await Promise.all(
      some.map(async (file) => {
        try {
          if (!(await file.look())) return
        } catch (error) {
          if (!isAbsent(error)) this.#host.problems.failed(file.path, error)
        }
        this.#host.changed(file)
      }),
    )
  }

  async #sweepFolders(): Promise<void> {
    const now = this.#host.now()
    const recent = new Set(Array.from(this.#recent.keys(), (file) => dirname(file.path)))
    const due: Folder[] = []
    for (const folder of this.#host.folders.all) {
      const everyMs = folder.watch ? WATCHED_EVERY_MS : POLLED_EVERY_MS
      // The first turns are spread evenly, whatever their number: multiples of the golden ratio.
      const dueAt = this.#dueAt.get(folder) ?? now + ((this.#seen++ * 0.618034) % 1) * everyMs
      this.#dueAt.set(folder, dueAt)
      if (dueAt <= now && due.length < MAX_FOLDERS) {
        due.push(folder)
        this.#dueAt.set(folder, now + everyMs)
      } else if (!folder.watch && (folder.parent === null || recent.has(folder.path))) {
        if (await hasChanged(folder, now)) due.push(folder)
      }
    }
    for (const folder of due) await this.#host.folders.check(folder)
  }
}

async function hasChanged(folder: Folder, now: number): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(folder.path)
    return mtimeMs !== folder.mtimeMs || now - mtimeMs < COARSE_TIME_MS
  } catch {
    // Gone or unreadable: listing it says which.
    return true
  }
}
