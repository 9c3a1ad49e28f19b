import type { Stats } from 'node:fs'
import type { Form } from './port.ts'
import type { TailedFile } from './tail-file.ts'
import type { FolderWatch } from './tail-watch.ts'

/** A directory that is followed, with all below it. It need not exist yet. */
export interface TailRoot {
  /** Absolute. */
  readonly directory: string
  /**
   * How a file is read, null where it is not followed; `relative` is below the directory, with `/`. A folder of which
   * this answers otherwise is reported and not followed.
   */
  formOf(relative: string): Form | null
  /** Whether a folder is followed; all are where it is absent. */
  enters?(relative: string): boolean
}

/** A folder at or below a root, as it is known. */
export class Folder {
  readonly root: TailRoot
  /** Null for the root itself. */
  readonly parent: Folder | null
  /** Below the root's directory as that was given. */
  readonly path: string
  /** The same without symbolic links. */
  readonly real: string
  /** Below the root, with `/`; '' for the root itself. */
  readonly relative: string
  /** The kind of file system on which it is polled, or null. */
  readonly polledKind: string | null
  /** A folder is followed once, whatever links lead to it. */
  readonly identity: string
  readonly files = new Map<string, TailedFile>()
  readonly folders = new Map<string, Folder>()
  /** Null where it is polled, or could not be watched. */
  watch: FolderWatch | null = null
  /** As last listed. */
  mtimeMs = 0

  constructor(
    place: { root: TailRoot; parent: Folder | null; path: string; name: string; real: string },
    stats: Stats,
    polledKind: string | null,
  ) {
    this.root = place.root
    this.parent = place.parent
    this.path = place.path
    this.real = place.real
    this.relative = place.parent?.below(place.name) ?? ''
    this.polledKind = polledKind
    this.identity = identityOf(stats)
  }

  /** The path of an entry below the root. */
  below(name: string): string {
    return this.relative === '' ? name : `${this.relative}/${name}`
  }

  formOf(name: string): Form | null {
    return this.root.formOf(this.below(name))
  }

  enters(name: string): boolean {
    return this.root.enters?.(this.below(name)) ?? true
  }
}

/** What two paths have in common that lead to the same file or folder. */
export function identityOf(stats: Stats): string {
  return `${stats.dev}:${stats.ino}`
}
