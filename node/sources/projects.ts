import type { Blake2b } from '../../core/hash.ts'
import type { Project } from '../../core/rule.ts'
import { lastPathPart, NAMELESS } from '../../core/shapes.ts'
import { projectTagOf } from '../../core/tags.ts'
import type { ProjectAliases } from './aliases.ts'
import { aliasOf } from './aliases.ts'
import type { RunGit } from './git.ts'
import { rootCommitOf, runGit } from './git.ts'
import { findWorkTree, placesOf, withoutWorkTree } from './work-tree.ts'

/** Keys of project tags: H(a secret, "project"), the device's or in a team the team's. */
export interface ProjectKeys {
  current: Uint8Array
  /** Under whose tags something may have been decided; null where there is none. */
  former: Uint8Array | null
}

export interface ProjectsOptions {
  tagKey: Uint8Array
  hash: Blake2b
  homeDirectory: string
  aliases?: ProjectAliases
  /** Is told of a project's two tags before the project is used, and waited for. */
  carryOver?: (name: string, formerTag: string, tag: string) => Promise<void>
  runGit?: RunGit
  /** ms since 1970. */
  now?: () => number
}

/** A directory without a repository, or a repository without a commit, may have one later. */
const RETRY_AFTER_MS = 60_000
/** Directories that are remembered. */
const MAX_DIRECTORIES = 10_000
const HOME = 'home'

/** Directories that are a person's home on some system, wherever the session was written. */
const A_HOME =
  /^(?:\/(?:home|Users)\/[^/]+|\/root|[A-Za-z]:[\\/](?:Users|Documents and Settings)[\\/][^\\/]+)[\\/]?$/

/** Which project a directory belongs to. Looks in the file system and asks git, and remembers what it found. */
export class Projects {
  readonly #options: Required<ProjectsOptions>
  readonly #known = new Map<string, { project: Project; until: number }>()
  readonly #pending = new Map<string, Promise<Project>>()
  readonly #rootCommits = new Map<string, Promise<string | null>>()
  #keys: ProjectKeys

  constructor(options: ProjectsOptions) {
    this.#options = {
      runGit,
      now: Date.now,
      aliases: new Map(),
      carryOver: () => Promise.resolve(),
      ...options,
    }
    this.#keys = { current: options.tagKey, former: null }
  }

  /** From now on tags are made with another key; what was found is looked for again. */
  useKeys(keys: ProjectKeys): void {
    this.#keys = keys
    this.#known.clear()
  }

  /** The project of a directory where it is known already. */
  peek(cwd: string | null): Project | undefined {
    if (cwd === null) return { name: NAMELESS }
    const known = this.#known.get(cwd)
    return known && known.until > this.#options.now() ? known.project : undefined
  }

  /** The project of a directory, which need not exist; null where a session does not say where it runs. */
  async resolve(cwd: string | null): Promise<Project> {
    const known = this.peek(cwd)
    if (known || cwd === null) return known ?? { name: NAMELESS }
    let pending = this.#pending.get(cwd)
    if (!pending) {
      pending = this.#find(cwd).finally(() => this.#pending.delete(cwd))
      this.#pending.set(cwd, pending)
    }
    return pending
  }

  async #find(cwd: string): Promise<Project> {
    let keys
    let project
    do {
      keys = this.#keys
      project = await this.#look(cwd, keys)
    } while (keys !== this.#keys)
    const until = project.tag === undefined ? this.#options.now() + RETRY_AFTER_MS : Infinity
    this.#known.delete(cwd)
    this.#known.set(cwd, { project, until })
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_DIRECTORIES) break
      this.#known.delete(oldest)
    }
    return project
  }

  async #look(cwd: string, { current, former }: ProjectKeys): Promise<Project> {
    const tree = await findWorkTree(cwd)
    if (!tree) return this.#called(this.#nameWithout(cwd), [cwd])
    const { root, main, gitDirectory } = tree
    const where = main === root ? { root } : { root, main }
    const project = { ...this.#called(tree.name, placesOf(cwd, where)), ...where }
    const rootCommit = await this.#rootCommit(gitDirectory)
    if (rootCommit === null) return project
    const { hash, carryOver } = this.#options
    const tag = projectTagOf(current, rootCommit, hash)
    if (former) await carryOver(project.name, projectTagOf(former, rootCommit, hash), tag)
    return { ...project, tag, rootCommit }
  }

  /** The name of a directory that is in no repository. */
  #nameWithout(cwd: string): string {
    if (trimmed(cwd) === trimmed(this.#options.homeDirectory) || A_HOME.test(cwd)) return HOME
    return lastPathPart(trimmed(withoutWorkTree(cwd))) || NAMELESS
  }

  #called(ownName: string, places: readonly string[]): Project {
    const name = aliasOf(this.#options.aliases, places, ownName)
    return name === null ? { name: ownName } : { name, ownName }
  }

  /** Asked once for all work trees of a repository. */
  #rootCommit(gitDirectory: string): Promise<string | null> {
    const known = this.#rootCommits.get(gitDirectory)
    if (known) return known
    const asked = rootCommitOf(gitDirectory, this.#options.runGit).then((commit) => {
      if (commit === null) this.#rootCommits.delete(gitDirectory)
      return commit
    })
    this.#rootCommits.set(gitDirectory, asked)
    return asked
  }
}

function trimmed(path: string): string {
  return path.replace(/[\\/]+$/, '')
}
