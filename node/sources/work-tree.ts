import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'

/** A directory's place in a repository. */
export interface WorkTree {
  /** The base name of the repository's main work tree, or of a bare repository. */
  name: string
  /** The directory of the work tree that holds the directory: paths within it are the same in every work tree. */
  root: string
  /** The directory of the repository's main work tree; of a bare repository the one that stands for it. */
  main: string
  /** The repository's own directory, shared by its work trees. */
  gitDirectory: string
}

/** What git writes into the files that are read here is some lines. */
const MAX_BYTES = 1024 * 1024

/** The work tree that a directory lies in, or null. The directory need not exist any more. */
export async function findWorkTree(cwd: string): Promise<WorkTree | null> {
  // A path of another system says nothing about this one's files.
  if (!isOfThisSystem(cwd)) return null
  return (await above(cwd)) ?? above(await realPathOf(cwd))
}

/** A directory, and in a linked work tree the same place in the main one. */
export function placesOf(cwd: string, { root, main }: { root?: string; main?: string }): string[] {
  if (root === undefined || main === undefined) return [cwd]
  const inside = relative(root, cwd)
  return [cwd, inside.startsWith('..') || isAbsolute(inside) ? main : join(main, inside)]
}

/** Whether a path could be one of this machine's files. */
export function isOfThisSystem(path: string): boolean {
  return isAbsolute(path) && (process.platform === 'win32' || !path.includes('\\'))
}

async function above(cwd: string): Promise<WorkTree | null> {
  let directory = resolve(cwd)
  for (;;) {
    const found = (await atDotGit(directory)) ?? (await atBareRepository(directory))
    if (found) return withOwnRoot(found, cwd)
    const parent = dirname(directory)
    if (parent === directory) return null
    directory = parent
  }
}

/**
 * Where Claude Code, Qwen Code and Gemini CLI make work trees below their repository, to remove them when they are done.
 * What people make, in `.worktrees` for one, is nowhere said: git tells of it as long as it is there.
 */
const BELOW = /^(.*?)[\\/]\.(?:claude|qwen|gemini)[\\/]worktrees[\\/][^\\/]+/
/** Where the Codex app and Cursor make theirs, in a person's home: the repository's name is the part after. */
const ASIDE = /[\\/](?:\.codex[\\/]worktrees[\\/][^\\/]+|\.cursor[\\/]worktrees)[\\/][^\\/]+/

/** The directory that a work tree of an assistant's has its name from, by the path alone; other paths as they are. */
export function withoutWorkTree(path: string): string {
  const aside = ASIDE.exec(path)
  return aside ? path.slice(0, aside.index + aside[0].length) : (BELOW.exec(path)?.[1] ?? path)
}

/** A removed work tree, found through the repository that it was in, still has its own root. */
function withOwnRoot(tree: WorkTree, cwd: string): WorkTree {
  const own = BELOW.exec(cwd)?.[0]
  return own?.startsWith(tree.root + sep) === true ? { ...tree, root: own } : tree
}

async function atDotGit(directory: string): Promise<WorkTree | null> {
  const path = join(directory, '.git')
  const kind = await kindOf(path)
  if (kind === 'directory') return itself(directory, path)
  if (kind !== 'file') return null
  const target = /^gitdir:\s*(.+?)\s*$/m.exec(await textOf(path))?.[1]
  if (target === undefined) return null
  const own = resolve(directory, target)
  const common = await commonDirectory(own)
  // A submodule's directory has no common one beside it: it is a repository of its own.
  if (common === null) return itself(directory, own)
  const main = await mainOf(common)
  return { name: nameOf(main, common), root: directory, main, gitDirectory: common }
}

function itself(directory: string, gitDirectory: string): WorkTree {
  return { name: basename(directory), root: directory, main: directory, gitDirectory }
}

/** The repository of a linked work tree, also where the repository has forgotten the work tree. */
async function commonDirectory(own: string): Promise<string | null> {
  const named = (await textOf(join(own, 'commondir'))).trim()
  if (named !== '') return resolve(own, named)
  const parent = dirname(own)
  return basename(parent) === 'worktrees' ? dirname(parent) : null
}

/** The main work tree of the directory that its linked ones share. That of a submodule lies elsewhere, and is named. */
async function mainOf(common: string): Promise<string> {
  const sections = (await textOf(join(common, 'config'))).split(/^\s*\[/m)
  const core = sections.find((section) => /^core\s*\]/i.test(section)) ?? ''
  const named = /^\s*worktree\s*=\s*"?(.+?)"?\s*$/im.exec(core)?.[1]
  if (named !== undefined) return resolve(common, named)
  return basename(common).startsWith('.') ? dirname(common) : common
}

/** `shop/.git` and `shop/.bare` are `shop`, and so is the bare repository `shop.git`. */
function nameOf(main: string, gitDirectory: string): string {
  const name = basename(main)
  return main === gitDirectory ? name.replace(/\.git$/, '') : name
}

async function atBareRepository(directory: string): Promise<WorkTree | null> {
  if ((await kindOf(join(directory, 'HEAD'))) !== 'file') return null
  const [objects, refs] = await Promise.all([
    kindOf(join(directory, 'objects')),
    kindOf(join(directory, 'refs')),
  ])
  if (objects !== 'directory' || refs !== 'directory') return null
  const isHidden = basename(directory).startsWith('.')
  const main = isHidden ? dirname(directory) : directory
  return { name: nameOf(main, directory), root: directory, main, gitDirectory: directory }
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

async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    // Gone, and where it led nobody knows.
    return path
  }
}

async function textOf(path: string): Promise<string> {
  try {
    const stats = await stat(path)
    return stats.isFile() && stats.size <= MAX_BYTES ? await readFile(path, 'utf8') : ''
  } catch {
    // As above.
    return ''
  }
}
