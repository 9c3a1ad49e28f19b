import { existsSync } from 'node:fs'
import { VibeTeaError } from '../../core/errors.ts'
import type { Assistant } from '../../core/events.ts'
import { ADAPTERS } from './adapters.ts'
import { filesAt } from './batch-files.ts'
import { directoriesOf, type SessionFolder } from './directories.ts'
import { polledFileSystem } from './file-systems.ts'
import { naming } from './named-error.ts'
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
  for (const directory of directories.flatMap((each) => adapter.watched(each))) {
    if (!existsSync(directory)) {
      sentences.push(`no sessions yet in ${directory}`)
      continue
    }
    const kind = await polledFileSystem(directory)
    const polled = kind === null ? '' : `, looked through every few seconds as it lies on ${kind}`
    sentences.push(`${await counted({ directory, adapter })} in ${directory}${polled}`)
  }
  return sentences.join('; ')
}

async function counted(folder: SessionFolder): Promise<string> {
  const found = await filesAt([folder], (path, message) => {
    throw new VibeTeaError(
      'unreadable_sessions',
      `${path} cannot be read: ${message}.`,
      `Make it readable for you, or name another place with ${folder.adapter.variable}.`,
    )
  })
  const paths = found.filter(({ known }) => known?.form === 'database').map(({ path }) => path)
  for (const path of paths) await naming(path, () => tryDatabase(folder.adapter, path))
  const databases = paths.length
  const files = found.length - databases
  return [
    (files > 0 || databases === 0) && `${files} session ${files === 1 ? 'file' : 'files'}`,
    databases > 0 && (databases === 1 ? '1 database' : `${databases} databases`),
  ]
    .filter((part) => part !== false)
    .join(' and ')
}

/** Throws a `VibeTeaError` where a database cannot be asked for what has changed. */
async function tryDatabase(adapter: Adapter, path: string): Promise<void> {
  const database = await adapter.openDatabase!(path)
  try {
    const changes = database.changes(Number.MAX_SAFE_INTEGER)[Symbol.asyncIterator]()
    while ((await changes.next()).done !== true);
  } finally {
    await database.close()
  }
}
