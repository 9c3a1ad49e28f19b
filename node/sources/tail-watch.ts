import { watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { sep } from 'node:path'
import * as chokidar from 'chokidar'

export interface FolderEvents {
  /** Something happened to the entry `name`, or to any where it is null; `renamed`: it may have come or gone. */
  changed(name: string | null, renamed: boolean): void
  /** The folder is not watched, or no longer. */
  failed(error: NodeJS.ErrnoException): void
}

export interface FolderWatch {
  /** Settles once every later change is told, or `failed` has been called. Never rejects. */
  readonly ready: Promise<void>
  close(): Promise<void>
}

/** Begins to watch; calls nothing before it has returned. */
export type WatchFolder = (path: string, events: FolderEvents) => FolderWatch

/**
 * At each event chokidar lists the folder again with a stat of every entry. From so many entries on that costs more
 * than all else that is done for a line, and the system is asked directly.
 */
const CROWDED = 64

/** Watches the entries of one folder, which is a real path, and not what is below them. */
export const watchFolder: WatchFolder = (path, events) => {
  let watcher: FolderWatch | null = null
  let isClosed = false
  const begin = async () => {
    const entries = await readdir(path)
    if (isClosed) return
    watcher = (entries.length > CROWDED ? watchCrowded : watchWithChokidar)(path, events)
    await watcher.ready
  }
  return {
    ready: begin().catch((error: unknown) => events.failed(error as NodeJS.ErrnoException)),
    async close() {
      isClosed = true
      await watcher?.close()
    },
  }
}

/** By chokidar's `raw` event: its `change` event is throttled and drops the last of a burst. */
const watchWithChokidar: WatchFolder = (path, events) => {
  const own = path.split(sep).join('/')
  const watcher = chokidar.watch(path, {
    ignored: (entry) => entry !== own,
    ignoreInitial: true,
    ignorePermissionErrors: true,
    followSymlinks: false,
    usePolling: false,
    atomic: false,
  })
  const ready = new Promise<void>((resolve) => {
    watcher.once('ready', resolve)
    watcher.once('error', () => resolve())
  })
  watcher.on('raw', (kind: string, name: string | null) => events.changed(name, kind !== 'change'))
  watcher.on('error', (error) => events.failed(error as NodeJS.ErrnoException))
  return {
    ready,
    async close() {
      await watcher.close()
      // Closing drops all listeners, and an error without one would end the process: a listing may still be failing.
      watcher.on('error', () => undefined)
    },
  }
}

const watchCrowded: WatchFolder = (path, events) => {
  const watcher = watch(path, (kind, name) => events.changed(name, kind !== 'change'))
  watcher.on('error', (error) => events.failed(error))
  return {
    ready: Promise.resolve(),
    close() {
      watcher.close()
      return Promise.resolve()
    },
  }
}

/** What to tell of a failure to watch that comes from a limit of the system and not from the folder; else null. */
export function watchLimit(
  error: NodeJS.ErrnoException,
  platform = process.platform,
): { path: string; message: string; remedy: string } | null {
  const inotify = '/proc/sys/fs/inotify/'
  const since = 'so the remaining folders are looked at every few seconds instead.'
  if (error.code === 'ENOSPC') {
    return {
      path: `${inotify}max_user_watches`,
      message: `Linux allows no more watches (fs.inotify.max_user_watches), ${since}`,
      remedy: 'Raise it: sudo sysctl fs.inotify.max_user_watches=524288',
    }
  }
  if (error.code !== 'EMFILE' && error.code !== 'ENFILE') return null
  return platform === 'linux'
    ? {
        path: `${inotify}max_user_instances`,
        message: `Linux allows no more watchers (fs.inotify.max_user_instances, or open files), ${since}`,
        remedy: 'Raise it: sudo sysctl fs.inotify.max_user_instances=1024 (and ulimit -n 4096)',
      }
    : {
        path: 'open files',
        message: `The system allows no more open files, ${since}`,
        remedy: 'Raise the limit: ulimit -n 10240',
      }
}
