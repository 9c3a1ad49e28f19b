import { pathWithin } from '../../core/file-context.ts'
import { projectName } from '../../core/shapes.ts'

/**
 * Names that the owner of this machine gives projects: each by what it would be called, or by a directory, absolute and
 * of any system, in which or below which its sessions run.
 */
export type ProjectAliases = ReadonlyMap<string, string>

/**
 * The name given to what runs in `places` (ways to the same directory) and would be called `name`; null where none is.
 * The nearest directory counts, and any directory before a name.
 */
export function aliasOf(aliases: ProjectAliases, places: readonly string[], name: string): string | null {
  let nearest = ''
  for (const directory of aliases.keys()) {
    const isNearer = /[\\/]/.test(directory) && directory.length > nearest.length
    if (isNearer && places.some((place) => isIn(directory, place))) nearest = directory
  }
  return aliases.get(nearest) ?? aliases.get(projectName(name)) ?? null
}

/** Whether a path is a directory or below it. */
const isIn = (directory: string, path: string): boolean =>
  pathWithin(directory, directory, `${path}/x`) !== null
