import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, fileError, writeWhole } from './files.ts'
import type { Warn } from './home.ts'

/** Of `source` only: longer names are cut where the label is made. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/**
 * The name part of `source`: what was set, else the host's name, at the first start, and that name ever after, for
 * events are told apart by it. It is kept in the file `source` of the home.
 */
export async function loadSourceName(
  home: string,
  { sourceId, hostName, warn }: { sourceId: string | null; hostName: string; warn: Warn },
): Promise<string> {
  const path = join(home, 'source')
  const kept = await readName(path)
  if (kept === null) {
    const name = sourceId ?? fitted(hostName)
    await writeWhole(path, name + '\n')
    return name
  }
  if (sourceId !== null && sourceId !== kept) {
    warn(
      `VIBETEA_SOURCE_ID is ${sourceId}, but this node has recorded as ${kept} since its first start and keeps to it.`,
    )
  }
  return kept
}

function fitted(hostName: string): string {
  const name = hostName
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63)
  return name || 'node'
}

/** null where there is none, or something that is no name. */
async function readName(path: string): Promise<string | null> {
  try {
    const name = (await readFile(path, 'utf8')).trim()
    return NAME.test(name) ? name : null
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw fileError(error, path, 'read')
  }
}
