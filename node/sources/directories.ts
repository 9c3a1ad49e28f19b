import { existsSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import type { Assistant } from '../../core/events.ts'
import type { Adapter, Environment } from './port.ts'

/** Directories that settings name for an assistant, absolute. */
export type NamedDirectories = Readonly<Partial<Record<Assistant, readonly string[]>>>

/** The directories in a comma-separated list, absolute, `~` expanded; empty where none is named. */
export function directoryList(list: string | undefined, homeDirectory: string): string[] {
  return (list ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((path) => {
      const expanded = /^~(?:[\\/]|$)/.test(path) ? join(homeDirectory, path.slice(1)) : path
      return isAbsolute(expanded) ? expanded : resolve(expanded)
    })
}

/** Where an assistant keeps its sessions: as a setting says, else where it does by itself. They need not exist. */
export function directoriesOf(
  adapter: Adapter,
  named: NamedDirectories,
  environment: Environment,
): readonly string[] {
  return named[adapter.assistant] ?? adapter.defaultDirectories(environment)
}

/** A folder in which an assistant keeps session files, absolute: of what lies in it, only those are looked at. */
export interface SessionFolder {
  directory: string
  adapter: Adapter
}

/**
 * The folders of all assistants' session files, as far as they are there. A directory that somebody named and that is
 * not there stands for its folders, so that this can be told.
 */
export function sessionFolders(
  adapters: readonly Adapter[],
  named: NamedDirectories,
  environment: Environment,
): SessionFolder[] {
  return adapters.flatMap((adapter) =>
    directoriesOf(adapter, named, environment)
      .flatMap((each) => {
        const isMissing = named[adapter.assistant] !== undefined && !existsSync(each)
        return isMissing ? [each] : adapter.watched(each).filter((folder) => existsSync(folder))
      })
      .map((directory) => ({ directory, adapter })),
  )
}
