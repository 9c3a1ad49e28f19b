import { existsSync } from 'node:fs'
import { chmod, lstat, readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { VibeTeaError } from '../../core/errors.ts'
import { printable } from '../../core/printable.ts'
import { errorCode, fileError, makeDirectory, OWNER_ONLY, writeWhole } from '../home/files.ts'
import type { HookPaths } from '../hooks/command.ts'
import type { FoundHooks } from '../hooks/settings-text.ts'
import { findHooks, withHooks, withoutHooks } from '../hooks/settings-text.ts'
import { claude, configOf } from '../sources/claude/adapter.ts'
import { directoriesOf } from '../sources/directories.ts'
import { findNode } from './client.ts'
import type { Context } from './command.ts'
import { settingsOf } from './settings.ts'

export type HookAction = 'install' | 'uninstall' | 'status'

/** How a settings file of Claude Code is with VibeTea's hooks. */
interface HooksRow {
  /** The file, absolute. */
  settings: string
  /** `installed`: as this VibeTea does. `outdated`: in part, or another VibeTea's. `broken`: they run nothing. */
  state: 'installed' | 'outdated' | 'broken' | 'disabled' | 'none'
  says: string
  /** Whether this command has changed the file. */
  changed: boolean
}

/** One settings file. */
interface SettingsFile {
  path: string
  /** null where there is none. */
  text: string | null
}

/** `vibetea hooks install|uninstall|status` */
export async function hooks(context: Context, action: HookAction, flags: { json?: boolean }): Promise<void> {
  const settings = await settingsOf(context)
  const paths = { node: process.execPath, script: SCRIPT, home: settings.home }
  const directories = directoriesOf(claude, settings.directories, context)
  const files = await Promise.all([...new Set(directories.map(configOf))].map(readSettingsFile))
  // All are looked at before the first is written: either all can be, or none is.
  const edits = files.map((file) => ({ file, after: edited(file, action, paths) }))
  const rows: HooksRow[] = []
  for (const { file, after } of edits) {
    const changed = after !== file.text
    if (changed) await write(file, after!)
    rows.push({ ...rowOf({ ...file, text: after }, paths), changed })
  }
  if (flags.json) return context.out(JSON.stringify(rows, null, 2))
  for (const { settings: file, says, changed } of rows) {
    const done = changed ? (action === 'install' ? 'installed: ' : 'uninstalled: ') : ''
    context.out(printable(`${file}: ${done}${says}`))
  }
  if (action === 'uninstall') return
  const isThere = rows.some(({ state }) => state === 'installed')
  if (isThere && !(await findNode(settings.home)))
    context.out('No node runs now; start it with: vibetea start')
}

/** The built program that the hooks run. */
const SCRIPT = fileURLToPath(new URL('../hooks/main.js', import.meta.url))

function edited({ path, text }: SettingsFile, action: HookAction, paths: HookPaths): string | null {
  if (action === 'install') return withHooks(text ?? '', paths, path)
  if (action === 'uninstall' && text !== null) return withoutHooks(text, path)
  return text
}

function rowOf({ path, text }: SettingsFile, paths: HookPaths): Omit<HooksRow, 'changed'> {
  const found = text === null ? null : findHooks(text, paths, path)
  return {
    settings: path,
    ...(found
      ? stateOf(found, paths)
      : { state: 'none', says: 'is not there, so nothing of VibeTea is in it' }),
  }
}

function stateOf(found: FoundHooks, paths: HookPaths): Pick<HooksRow, 'state' | 'says'> {
  if (found.state === 'none') return { state: 'none', says: 'has no hooks of VibeTea' }
  const missing = found.paths.flatMap(({ node, script }) => [node, script]).find((path) => !existsSync(path))
  if (missing !== undefined) {
    return { state: 'broken', says: `the hooks run ${missing}, which is not there; install them again` }
  }
  const home = found.paths.find((each) => each.home !== paths.home)?.home
  if (home !== undefined) return { state: 'outdated', says: `the hooks are for the VibeTea in ${home}` }
  if (found.state === 'other')
    return {
      state: 'outdated',
      says: 'the hooks are of another VibeTea, or not all there; install them again',
    }
  if (found.isDisabled)
    return { state: 'disabled', says: 'the hooks are there, and "disableAllHooks" says that none is run' }
  return { state: 'installed', says: 'the hooks are there, from the next session on' }
}

async function readSettingsFile(directory: string): Promise<SettingsFile> {
  const path = join(directory, 'settings.json')
  try {
    const bytes = await readFile(path)
    const text = bytes.toString()
    if (Buffer.from(text).equals(bytes)) return { path, text }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw unchanged(fileError(error, path, 'read'), path)
    if (!(await isLink(path))) return { path, text: null }
    throw new VibeTeaError('settings_unusable', `${path} is a link to nothing.`, 'Mend or remove it first.')
  }
  throw new VibeTeaError('settings_unusable', `${path} is not UTF-8.`, 'Mend it first. Nothing was changed.')
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw fileError(error, path, 'read')
  }
}

/** Writes the file that a link may point to, with the rights that it has. */
async function write({ path, text }: SettingsFile, after: string): Promise<void> {
  try {
    if (text === null) {
      await makeDirectory(dirname(path))
      await writeWhole(path, after, OWNER_ONLY)
      return
    }
    const real = await realpath(path)
    const mode = (await stat(real)).mode & 0o777
    await writeWhole(real, after, mode)
    // What is made with rights has them less those that this process keeps from new files.
    await chmod(real, mode)
  } catch (error) {
    throw unchanged(fileError(error, path, 'written'), path)
  }
}

/** The sentence of an error, with the remedy that counts for another program's file. */
function unchanged(error: unknown, path: string): unknown {
  if (!(error instanceof VibeTeaError)) return error
  const remedy = `Mend that, and try again; ${path} is as it was.`
  return new VibeTeaError(error.code, error.message, remedy, { cause: error })
}
