import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { VibeTeaError } from '../../core/errors.ts'
import { fitSourceName, isSourceName } from '../../core/shapes.ts'
import { errorCode, fileError, writeWhole } from './files.ts'
import type { Warn } from './home.ts'

/**
 * The name part of `source`: what was set, else the host's name, at the first start, and that name ever after, for
 * events are told apart by it. It is kept in the file `source` of the home. Throws a `VibeTeaError` `invalid_source` where
 * that holds something else.
 */
export async function loadSourceName(
  home: string,
  { sourceId, hostName, warn }: { sourceId: string | null; hostName: string; warn: Warn },
): Promise<string> {
  const path = join(home, 'source')
  const kept = await readName(path)
  if (kept === null) {
    const name = sourceId ?? fitSourceName(hostName)
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

/** null where there is none. */
async function readName(path: string): Promise<string | null> {
  let name
  try {
    name = (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw fileError(error, path, 'read')
  }
  if (isSourceName(name)) return name
  throw new VibeTeaError(
    'invalid_source',
    `${path} holds ${JSON.stringify(name.slice(0, 100))}, which cannot be the name of a source.`,
    'Write the name into it that your events have had so far: what stands before the last - of their source.',
  )
}
