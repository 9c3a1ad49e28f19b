import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'

/** A directory's place in a repository. */
export interface WorkTree {
  /** The base name of the repository's main work tree, or of a bare repository. */
  name: string
  /** The directory of the work tree that holds the directory: paths within it are the same in every work tree. */
  root: string
  /** The repository's own directory, shared by its work trees. */
  gitDirectory: string
}

/** The work tree that a directory lies in, or null. The directory need not exist any more. */
export async function findWorkTree(cwd: string): Promise<WorkTree | null> {
  // A path of another system says nothing about this one's files.
  if (!isAbsolute(cwd) || (process.platform !== 'win32' && cwd.includes('\\'))) return null
  let directory = resolve(cwd)
  for (;;) {
    const found = (await atDotGit(directory)) ?? (await atBareRepository(directory))
    if (found) return withOwnRoot(found, cwd)
    const parent = dirname(directory)
    if (parent === directory) return null
    directory = parent
  }
}

/** A removed work tree that an assistant made, found through its repository, still has its own root. */
function withOwnRoot(tree: WorkTree, cwd: string): WorkTree {
  const own = /^.*?[\\/]\.(?:claude|qwen)[\\/]worktrees[\\/][^\\/]+/.exec(cwd)?.[0]
  return own !== undefined && own.startsWith(tree.root) ? { ...tree, root: own } : tree
}

async function atDotGit(directory: string): Promise<WorkTree | null> {
  const path = join(directory, '.git')
  const kind = await kindOf(path)
  if (kind === 'directory') return { name: basename(directory), root: directory, gitDirectory: path }
  if (kind !== 'file') return null
  const target = /^gitdir:\s*(.+?)\s*$/m.exec(await textOf(path))?.[1]
  if (target === undefined) return null
  const own = resolve(directory, target)
  const common = await commonDirectory(own)
  // A submodule's directory has no common one beside it: it is a repository of its own.
  if (common === null) return { name: basename(directory), root: directory, gitDirectory: own }
  return { name: repositoryName(common), root: directory, gitDirectory: common }
}

/** The repository of a linked work tree, also where the repository has forgotten the work tree. */
async function commonDirectory(own: string): Promise<string | null> {
  const named = (await textOf(join(own, 'commondir'))).trim()
  if (named !== '') return resolve(own, named)
  const parent = dirname(own)
  return basename(parent) === 'worktrees' ? dirname(parent) : null
}

/** `shop/.git` and `shop/.bare` are `shop`, and so is `shop.git`. */
function repositoryName(gitDirectory: string): string {
  const name = basename(gitDirectory)
  return name.startsWith('.') ? basename(dirname(gitDirectory)) : name.replace(/\.git$/, '')
}

async function atBareRepository(directory: string): Promise<WorkTree | null> {
  if ((await kindOf(join(directory, 'HEAD'))) !== 'file') return null
  const [objects, refs] = await Promise.all([
    kindOf(join(directory, 'objects')),
    kindOf(join(directory, 'refs')),
  ])
  if (objects !== 'directory' || refs !== 'directory') return null
  return { name: repositoryName(directory), root: directory, gitDirectory: directory }
}

async function kindOf(path: string): Promise<'file' | 'directory' | null> {
  try {
    const found = await stat(path)
    return found.isDirectory() ? 'directory' : found.isFile() ? 'file' : null
  } catch {
    // Not there, or not ours to see: no repository for us either way.
    return null
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    // As above.
    return ''
  }
}
