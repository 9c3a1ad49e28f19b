import { dirname, join, resolve, sep } from 'node:path'
import { VibeTeaError } from '../../core/errors.ts'
import type { Draft, Project } from '../../core/rule.ts'
import { IGNORE_FILE, IgnoreFiles, lastChangeIn } from './ignore-file.ts'
import { keepsOutFile, keepsOutFolder } from './ignore-patterns.ts'
import { isOfThisSystem, placesOf } from './work-tree.ts'

/** See `node/home/ignorings.ts`, which keeps them. */
interface Ignoring {
  from: number
  to: number
  patterns: string
}

/** Who keeps for good what was ignored; as `SharingDecisions` does. */
export interface IgnoredStore {
  readonly ignored: ReadonlyMap<string, readonly Ignoring[]>
  readonly workTrees: ReadonlyMap<string, readonly string[]>
  setIgnored(directory: string, now: Omit<Ignoring, 'to'> | null, until: number): Promise<void>
  linkWorkTree(root: string, main: string): Promise<void>
}

export interface IgnoredOptions {
  store: IgnoredStore
  projects: {
    peek(cwd: string | null): Project | undefined
    resolve(cwd: string | null): Promise<Project>
  }
  /** ms since 1970. */
  now: () => number
  /** Is told in a sentence of a file that cannot be understood, once until it can. */
  say: (sentence: string) => void
}

interface Entry {
  /** The directory, with a separator at its end. */
  base: string
  ignorings: readonly Ignoring[]
}

/** Directories of which it is known when they were looked at last. */
const MAX_LOOKED = 10_000

/**
 * What the `.vibeteaignore` files of this machine keep out. One counts for its directory and all below it; in and above
 * a repository's main work tree for the linked ones too. While it lies there it counts for all times, and for good for
 * the time in which it lay there.
 */
export class Ignored {
  readonly #options: IgnoredOptions
  readonly #files = new IgnoreFiles()
  /** By directory: when it was looked at last, and when there was a file last. */
  readonly #looked = new Map<string, number>()
  readonly #seen = new Map<string, number>()
  readonly #told = new Set<string>()
  /** What the store holds, made ready; and of folders what keeps them out. */
  #ready: { from: IgnoredStore['ignored']; entries: readonly Entry[] } = { from: new Map(), entries: [] }
  readonly #folders = new Map<string, readonly Ignoring[]>()

  constructor(options: IgnoredOptions) {
    this.#options = options
  }

  /** Looks for the files that count in some directories, as far as the last look was more than `maxAgeMs` ago. */
  async look(cwds: Iterable<string | null>, maxAgeMs = 0): Promise<void> {
    const { projects } = this.#options
    const chains = new Map<string, Project>()
    for (const cwd of new Set(cwds)) {
      if (cwd !== null && isOfThisSystem(cwd))
        chains.set(cwd, projects.peek(cwd) ?? (await projects.resolve(cwd)))
    }
    const directories = new Set(
      [...chains].flatMap(([cwd, project]) => placesOf(cwd, project).flatMap(above)),
    )
    await Promise.all(Array.from(directories, (directory) => this.#lookAt(directory, maxAgeMs)))
    for (const project of chains.values()) await this.#link(project)
  }

  /** Whether a draft is kept out, as of the last look. */
  keepsOut({ cwd, at, fact }: Pick<Draft, 'cwd' | 'at' | 'fact'>): boolean {
    const entries = this.#entries()
    if (entries.length === 0 || cwd === null || !isOfThisSystem(cwd)) return false
    if (this.#ofFolder(cwd).some((ignoring) => counts(ignoring, at))) return true
    const path = fact.type === 'tool' ? fact.path : undefined
    return path !== undefined && this.#keepsOutFile(resolve(cwd, path), at)
  }

  /** Whether a directory is kept out now, and so all sessions in it. */
  keepsOutFolder(cwd: string): boolean {
    return isOfThisSystem(cwd) && this.#ofFolder(cwd).some(({ to }) => to === Infinity)
  }

  #entries(): readonly Entry[] {
    const { ignored } = this.#options.store
    if (this.#ready.from !== ignored) {
      const entries = Array.from(ignored, ([directory, ignorings]) => {
        const base = plain(directory)
        return { base: base.endsWith(sep) ? base : base + sep, ignorings }
      })
      this.#ready = { from: ignored, entries }
      this.#folders.clear()
    }
    return this.#ready.entries
  }

  /** All that keep out a folder, and with it whatever happens in it. */
  #ofFolder(cwd: string): readonly Ignoring[] {
    this.#entries()
    let known = this.#folders.get(cwd)
    if (!known) {
      known = this.#places(cwd).flatMap((place) =>
        this.#entries().flatMap(({ base, ignorings }) => {
          const inside = within(base, place)
          return inside === null ? [] : ignorings.filter(({ patterns }) => keepsOutFolder(patterns, inside))
        }),
      )
      if (this.#folders.size >= MAX_LOOKED) this.#folders.clear()
      this.#folders.set(cwd, known)
    }
    return known
  }

  #keepsOutFile(path: string, at: number): boolean {
    return this.#places(path).some((place) =>
      this.#entries().some(({ base, ignorings }) => {
        const inside = within(base, place)
        if (inside === null) return false
        return ignorings.some((one) => counts(one, at) && keepsOutFile(one.patterns, inside))
      }),
    )
  }

  async #lookAt(directory: string, maxAgeMs: number): Promise<void> {
    const now = this.#options.now()
    const looked = this.#looked.get(directory)
    if (looked !== undefined && now - looked < maxAgeMs) return
    const file = await this.#files.at(directory)
    if (this.#looked.size >= MAX_LOOKED) this.#looked.clear()
    this.#looked.set(directory, now)
    if (file === undefined) return
    this.#tell(directory, file?.problem ?? null)
    const lasts = this.#options.store.ignored.get(directory)?.find(({ to }) => to === Infinity)
    if (!file && !lasts) return
    const changedAt = file ? file.changedAt : await lastChangeIn(directory)
    // With its directory gone, nothing says that it does not count any more.
    if (changedAt === null) return
    const lastSeen = this.#seen.get(directory) ?? -Infinity
    if (file) this.#seen.set(directory, now)
    const from = file && Math.min(file.from, now)
    const isKnown = file && lasts?.patterns === file.patterns && lasts.from <= from!
    if (isKnown) return
    const until = Math.max(lastSeen, Math.min(now, changedAt))
    await this.#keep((store) =>
      store.setIgnored(directory, file && { patterns: file.patterns, from: from! }, until),
    )
  }

  /** A linked work tree that will be gone is still one of a repository of which something was ignored. */
  async #link({ root, main }: Project): Promise<void> {
    const { store } = this.#options
    if (root === undefined || main === undefined || store.workTrees.get(root)?.includes(main) === true) return
    if (!above(main).some((directory) => store.ignored.has(directory))) return
    await this.#keep(() => store.linkWorkTree(root, main))
    this.#folders.clear()
  }

  async #keep(change: (store: IgnoredStore) => Promise<void>): Promise<void> {
    try {
      await change(this.#options.store)
    } catch (error) {
      // On a full disk it holds in this process, and comes to the disk with the next change.
      if (!(error instanceof VibeTeaError)) throw error
    }
  }

  /** The ways to a path, each plain: itself, and in linked work trees the same in the main ones. */
  #places(path: string): string[] {
    const own = plain(path)
    const places = [own]
    for (const [root, mains] of this.#options.store.workTrees) {
      if (within(plain(root) + sep, own) === null) continue
      for (const main of mains) places.push(plain(placesOf(path, { root, main })[1]!))
    }
    return places
  }

  #tell(directory: string, problem: string | null): void {
    if (problem === null) {
      this.#told.delete(directory)
      return
    }
    if (this.#told.has(directory)) return
    this.#told.add(directory)
    const path = join(directory, IGNORE_FILE)
    this.#options.say(
      `Nothing that happens in ${directory} is recorded: ${path} counts for all of it, as ${problem}.`,
    )
  }
}

/** A directory and all those that it lies in. */
function above(directory: string): string[] {
  const all = [resolve(directory)]
  for (;;) {
    const parent = dirname(all.at(-1)!)
    if (parent === all.at(-1)) return all
    all.push(parent)
  }
}

/** A time in which it was ignored, or any while it is. */
const counts = ({ from, to }: Ignoring, at: number): boolean => to === Infinity || (from <= at && at < to)

/** For comparing: only Linux tells the cases of letters apart for sure. */
function plain(path: string): string {
  const full = resolve(path).normalize('NFC')
  return process.platform === 'linux' ? full : full.toLowerCase()
}

/** The path of something in a directory, with `/`; '' for the directory itself, null for what is elsewhere. */
function within(base: string, path: string): string | null {
  if (path.startsWith(base)) return path.slice(base.length).replaceAll(sep, '/')
  return path.length === base.length - 1 && base.startsWith(path) ? '' : null
}
