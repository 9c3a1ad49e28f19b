import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Timers } from '../../core/timers.ts'
import { systemTimers } from '../system-timers.ts'

/** What opening a page needs of the machine. */
export interface Desktop {
  platform: NodeJS.Platform
  /** `uname -r`: names WSL. */
  release: string
  env: NodeJS.ProcessEnv
  spawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess
  clock: Timers
}

const thisDesktop: Desktop = {
  platform: process.platform,
  release: release(),
  env: process.env,
  spawn,
  clock: systemTimers,
}

export interface OpenOptions {
  /** Only redirect files live here; made where it is missing. By default a new one in the system's own. */
  directory?: string
  /** The file is removed after this long; the code's lifetime. */
  lifetimeMs?: number
  desktop?: Desktop
}

export interface Opened {
  /** Whether something took the file; a person may still see nothing, so print the address in any case. */
  isOpened: boolean
  /** Removes the file now. */
  remove(): Promise<void>
}

interface Command {
  name: string
  args: string[]
  options?: SpawnOptions
}

/** The programs that may open a file in the browser, best first; none where there is no desktop. */
function openers({ platform, release, env }: Desktop, file: string): Command[] {
  if (platform === 'darwin') return [{ name: 'open', args: [file] }]
  if (platform === 'win32') {
    // `start` takes the first quoted argument for a title. Verbatim, for cmd has its own idea of quotes.
    const args = ['/d', '/s', '/c', `"start "" "${file}""`]
    return [{ name: 'cmd', args, options: { windowsVerbatimArguments: true } }]
  }
  const distribution = env.WSL_DISTRO_NAME
  if (distribution && /microsoft/i.test(release)) {
    const windowsPath = `\\\\wsl$\\${distribution}${file.replaceAll('/', '\\')}`
    return [
      { name: 'wslview', args: [file] },
      { name: 'cmd.exe', args: ['/d', '/c', 'start', '', windowsPath] },
    ]
  }
  const hasDesktop = Boolean(env.DISPLAY || env.WAYLAND_DISPLAY)
  return hasDesktop ? [{ name: 'xdg-open', args: [file] }] : []
}

/**
 * Opens an address that holds a secret. It travels in a file that only this user can read, not as an argument, which
 * every user of the machine can see in the list of processes. A missing opener is no error: `isOpened` says so.
 */
export async function openBrowser(address: string, options: OpenOptions = {}): Promise<Opened> {
  const { directory, lifetimeMs = 60_000, desktop = thisDesktop } = options
  const folder = directory ?? (await mkdtemp(join(tmpdir(), 'vibetea-')))
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await removeLeftovers(folder)
  const file = join(folder, `open-${randomBytes(8).toString('hex')}.html`)
  await writeFile(file, redirect(address), { mode: 0o600, flag: 'wx' })

  const remove = () => rm(directory === undefined ? folder : file, { recursive: true, force: true })
  for (const command of openers(desktop, file)) {
    if (!(await starts(desktop, command))) continue
    const stopTimer = desktop.clock.after(lifetimeMs, () => {
      // A browser may still hold it (Windows); the next call removes it then.
      remove().catch(() => undefined)
    })
    return {
      isOpened: true,
      remove: () => {
        stopTimer()
        return remove()
      },
    }
  }
  await remove()
  return { isOpened: false, remove }
}

/** Files of runs that ended before they could remove them; their codes are used or too old. */
async function removeLeftovers(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /^open-[0-9a-f]{16}\.html$/.test(name))
  await Promise.all(names.map((name) => rm(join(folder, name), { force: true })))
}

function starts(desktop: Desktop, { name, args, options }: Command): Promise<boolean> {
  return new Promise((resolve) => {
    const child = desktop.spawn(name, args, {
      detached: true,
      stdio: 'ignore',
      windowsHide: true,
      ...options,
    })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}

/** A page without script that leads on to an address. */
function redirect(address: string): string {
  const escaped = address.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  return [
    '<!doctype html>',
    '<meta charset="utf-8">',
    '<meta name="referrer" content="no-referrer">',
    `<meta http-equiv="refresh" content="0; url=${escaped}">`,
    '<title>VibeTea</title>',
    `<p><a href="${escaped}">Open VibeTea</a></p>`,
    '',
  ].join('\n')
}
