import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, fileError, makeDirectory, tighten } from './files.ts'

/** Says something that a person should know and that does not stop the node. A sentence. */
export type Warn = (sentence: string) => void

/**
 * Makes `VIBETEA_HOME` where it does not exist, for this user alone (0700), and tightens one that others may enter.
 * Throws a `VibeTeaError` where it is not a directory that this user can read and write.
 */
export async function openHome(home: string, warn: Warn): Promise<void> {
  try {
    await makeDirectory(home)
    if (await tighten(home)) {
      warn(`${home} was open to other users of this machine; it now is open to you alone (0700).`)
    }
    await readdir(home)
    await tryToWrite(join(home, `probe.${process.pid}`))
  } catch (error) {
    throw fileError(error, home, "used as VibeTea's home")
  }
}

/** Rights alone do not tell: file systems are full or read-only, and Windows answers differently. */
async function tryToWrite(path: string): Promise<void> {
  try {
    await writeFile(path, Buffer.alloc(4096))
  } finally {
    await rm(path, { force: true })
  }
}

/** The text of `config.json` in a home, or null where there is none. Throws a `VibeTeaError` if it cannot be read. */
export async function readConfigText(home: string): Promise<string | null> {
  const path = join(home, 'config.json')
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw fileError(error, path, 'read')
  }
}
