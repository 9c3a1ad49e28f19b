import { readdir } from 'node:fs/promises'
import { VibeTeaError } from '../../core/errors.ts'
import type { Assistant } from '../../core/events.ts'
import { ADAPTERS } from './adapters.ts'
import { directoriesOf } from './directories.ts'
import { polledFileSystem } from './file-systems.ts'
import type { Adapter, Environment } from './port.ts'

/** For each assistant, how to look whether its sessions can be read: a sentence, or a VibeTeaError that says why not. */
export function describeSessions(
  directories: Partial<Record<Assistant, readonly string[]>>,
  environment: Environment,
): { assistant: Assistant; look: () => Promise<string> }[] {
  return ADAPTERS.map((adapter) => {
    const where = directoriesOf(adapter, directories, environment)
    return { assistant: adapter.assistant, look: () => describe(adapter, where) }
  })
}

async function describe(adapter: Adapter, directories: readonly string[]): Promise<string> {
  const sentences: string[] = []
  for (const folder of directories.flatMap((directory) => adapter.watched(directory))) {
    const count = await sessionFiles(adapter, folder)
    const kind = count === null ? null : await polledFileSystem(folder)
    const polled = kind === null ? '' : `, looked through every few seconds as it lies on ${kind}`
    sentences.push(
      count === null ? `no sessions yet in ${folder}` : `${count} session files in ${folder}${polled}`,
    )
  }
  return sentences.join('; ')
}

/** null where the folder is not there. */
async function sessionFiles(adapter: Adapter, folder: string): Promise<number | null> {
  try {
    const names = await readdir(folder, { recursive: true })
    return names.filter((name) => adapter.formOf(name.replaceAll('\\', '/')) !== null).length
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return null
    throw new VibeTeaError(
      'unreadable_sessions',
      `${folder} cannot be read: ${message}.`,
      `Make it readable for you, or name another place with ${adapter.variable}.`,
      { cause: error },
    )
  }
}
