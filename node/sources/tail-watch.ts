import { sep } from 'node:path'
import { watch } from 'chokidar'

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
 * Watches the entries of one folder, which is a real path, and not what is below them. By chokidar's `raw` event:
 * its `change` event is throttled and drops the last of a burst.
 */
export const watchFolder: WatchFolder = (path, events) => {
  const own = path.split(sep).join('/')
  const watcher = watch(path, {
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
