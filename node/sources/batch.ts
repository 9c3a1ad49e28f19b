import type { Event } from '../../core/events.ts'
import { VibeTeaError } from '../../core/errors.ts'
import type { Draft, Project, Rule } from '../../core/rule.ts'
import { sessionIdOf } from './adapters.ts'
import { BatchEvents } from './batch-events.ts'
import type { OnProblem } from './batch-files.ts'
import { linesOf, reasonOf, recognisedFile, sessionFilesIn } from './batch-files.ts'
import type { Adapter } from './port.ts'

export interface BatchOptions {
  adapters: readonly Adapter[]
  projects: {
    peek(cwd: string | null): Project | undefined
    resolve(cwd: string | null): Promise<Project>
  }
  rule: Rule
  /** When it is read, ms since 1970: sessions that are silent for long enough have ended. */
  now: number
  /** Told of each path that cannot be read and why; where it is absent the first such path ends the reading. */
  onProblem?: OnProblem
}

/**
 * Every event of some session files once, with its final values, by time and then by id. Paths are files of any
 * assistant, recognised by what they hold, or folders, read recursively; a file that is no session's yields nothing.
 * Events begin to come when all files have been read. Without `onProblem` it throws a `VibeTeaError`
 * (`unreadable_file`) that names the path.
 */
export async function* readBatch(paths: Iterable<string>, options: BatchOptions): AsyncGenerator<Event> {
  const { onProblem = raise } = options
  const events = new BatchEvents(options.rule)
  for await (const path of sessionFilesIn(paths, onProblem)) {
    try {
      await readFile(path, options, events)
    } catch (error) {
      onProblem(path, reasonOf(error))
    }
  }
  yield* events.finish(options.now)
}

async function readFile(path: string, options: BatchOptions, events: BatchEvents): Promise<void> {
  const { adapters, projects } = options
  const adapter = await recognisedFile(path, adapters)
  if (!adapter) return
  const reader = adapter.open({ path, sessionId: sessionIdOf(path) })
  const add = async (drafts: readonly Draft[]) => {
    for (const draft of drafts) {
      events.add(draft, projects.peek(draft.cwd) ?? (await projects.resolve(draft.cwd)))
    }
  }
  for await (const lines of linesOf(path)) {
    for (const { bytes, start } of lines) {
      const drafts = reader.read(bytes, start)
      if (drafts.length > 0) await add(drafts)
    }
  }
  await add(reader.flush())
}

function raise(path: string, message: string): never {
  throw new VibeTeaError('unreadable_file', `${path} cannot be read: ${message}.`)
}
