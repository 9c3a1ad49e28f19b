import type { Stats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { patternsIn } from './ignore-patterns.ts'

export const IGNORE_FILE = '.vibeteaignore'

/** More patterns nobody writes by hand. */
const MAX_BYTES = 64 * 1024
/** The clock of files goes in steps: some milliseconds, or where it has whole seconds up to two of them. */
const STEP_MS = 20
const WHOLE_STEP_MS = 2000

/** An ignore file as it lies in a directory. Times in ms since 1970. */
export interface IgnoreFile {
  /** '' where it keeps out everything. */
  patterns: string
  /** Since when it has lain there at the earliest; Infinity where it does not tell. */
  from: number
  /** When its text was last changed at the latest. */
  changedAt: number
  /** Why it cannot be understood, and so keeps out everything; null where it can. */
  problem: string | null
}

/** What is known of a file that need not be read again. */
interface Known {
  stamp: string
  file: IgnoreFile
}

/** Reads ignore files, each again only where it has changed. */
export class IgnoreFiles {
  readonly #known = new Map<string, Known>()

  /** The file in a directory; null where there is none, undefined where nobody may look. */
  async at(directory: string): Promise<IgnoreFile | null | undefined> {
    const path = join(directory, IGNORE_FILE)
    let stats
    try {
      stats = await stat(path)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return null
      // In somebody else's directory, as that of a container's user, no file can be anybody's word to us.
      if (code === 'EACCES' || code === 'EPERM') return undefined
      return everything(Infinity, Infinity, `it cannot be read (${code})`)
    }
    const { mtimeMs, ctimeMs, birthtimeMs, size, ino } = stats
    const stamp = [mtimeMs, ctimeMs, size, ino].join()
    const known = this.#known.get(directory)
    if (known?.stamp === stamp) return known.file
    const from = Math.floor(birthtimeMs > 0 ? birthtimeMs : Math.min(mtimeMs, ctimeMs))
    const changedAt = latest(ctimeMs)
    const file = await this.#read(path, stats, from, changedAt)
    // What could not be read is tried again.
    if (file.problem === null) this.#known.set(directory, { stamp, file })
    else this.#known.delete(directory)
    return file
  }

  async #read(path: string, stats: Stats, from: number, changedAt: number): Promise<IgnoreFile> {
    if (!stats.isFile()) return everything(from, changedAt, 'it is no file')
    if (stats.size > MAX_BYTES) return everything(from, changedAt, 'it is larger than 64 KB')
    try {
      const patterns = patternsIn(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)))
      if (patterns === null) return everything(from, changedAt, 'it has a line that is no pattern')
      return { patterns, from, changedAt, problem: null }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      const why =
        error instanceof TypeError ? 'it is not UTF-8 text' : `it cannot be read (${code ?? 'unknown'})`
      return everything(from, changedAt, why)
    }
  }
}

const everything = (from: number, changedAt: number, problem: string): IgnoreFile => ({
  patterns: '',
  from,
  changedAt,
  problem,
})

/** When the last file was made in, or went from, a directory, at the latest; null where the directory is not there. */
export async function lastChangeIn(directory: string): Promise<number | null> {
  try {
    return latest((await stat(directory)).ctimeMs)
  } catch {
    // Gone, or not to be seen.
    return null
  }
}

const latest = (ms: number): number => Math.ceil(ms) + (ms % 1000 === 0 ? WHOLE_STEP_MS : STEP_MS)
