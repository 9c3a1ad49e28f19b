import { isAbsolute, join, resolve } from 'node:path'
import type { Adapter, Environment } from './port.ts'

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

/** Where an assistant keeps its sessions: as its setting says, else where it does by itself. */
export function directoriesOf(adapter: Adapter, environment: Environment): string[] {
  const named = directoryList(environment.env[adapter.variable], environment.homeDirectory)
  return [...new Set(named.length > 0 ? named : adapter.defaultDirectories(environment))]
}
