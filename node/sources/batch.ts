import type { Event } from '../../core/events.ts'
import { VibeTeaError } from '../../core/errors.ts'
import type { Project, Rule } from '../../core/rule.ts'
import { BatchEvents, TURN_EVENTS } from './batch-events.ts'
import type { FoundFile, OnProblem } from './batch-files.ts'
import { attempt, filesAt } from './batch-files.ts'
import { bufferFor, foundIn } from './batch-read.ts'
import type { SessionFolder } from './directories.ts'
import type { Adapter } from './port.ts'

export interface BatchOptions {
  adapters: readonly Adapter[]
  projects: {
    peek(cwd: string | null): Project | undefined
    resolve(cwd: string | null): Promise<Project>
  }
  /** Finds out what is ignored; asked once for each directory. Absent where nothing is. */
  ignored?: { look(cwds: Iterable<string | null>): Promise<void> }
  rule: Rule
  /** When it is read, ms since 1970: sessions that are silent for long enough have ended. */
  now: number
  /** Told of each path that cannot be read and why; where it is absent the first such path ends the reading. */
  onProblem?: OnProblem
  /** Only files that were written to since then are read, ms since 1970. */
  changedSince?: number
  /** Lets others have a turn; waited for every few milliseconds. Absent where there is nothing else to do. */
  pause?: () => Promise<unknown>
}

/**
 * Every event of some session files once, with its final values, by time and then by id. Paths are files of any
 * assistant, recognised by what they hold, or folders, read recursively; a file that is no session's yields nothing. In
 * an assistant's own folder its session files are read as the node reads them.
 * Events begin to come when all files have been read. Without `onProblem` it throws a `VibeTeaError`
 * (`unreadable_file`) that names the path.
 */
export async function* readBatch(
  paths: Iterable<string | SessionFolder>,
  options: BatchOptions,
): AsyncGenerator<Event> {
  const { onProblem = raise, changedSince, pause } = options
  const events = new BatchEvents(options.rule)
  const looked = new Set<string | null>()
  const files = await filesAt(paths, onProblem, changedSince)
  const buffer = bufferFor(files)
  for (const file of files) {
    await attempt(file.path, () => readFile(file, buffer, options, events, looked), onProblem)
  }
  const following = events.follow(options.now)
  while (following.next().done !== true) await pause?.()
  let count = 0
  // Not `yield*`: an async generator that delegates awaits each event twice more, which takes 1 µs.
  for (const event of events.drain()) {
    yield event
    if (pause && ++count % TURN_EVENTS === 0) await pause()
  }
}

async function readFile(
  file: FoundFile,
  buffer: Buffer,
  options: BatchOptions,
  events: BatchEvents,
  looked: Set<string | null>,
): Promise<void> {
  const { adapters, projects, ignored, pause } = options
  for await (const { drafts, form } of foundIn(file, adapters, buffer)) {
    for (const draft of drafts) {
      const { cwd } = draft
      const project = projects.peek(cwd) ?? (await projects.resolve(cwd))
      if (ignored && !looked.has(cwd)) {
        looked.add(cwd)
        await ignored.look([cwd])
      }
      events.add(draft, project)
    }
    // Between lines the disk is waited for.
    if (form !== 'lines') await pause?.()
  }
}

function raise(path: string, message: string): never {
  throw new VibeTeaError('unreadable_file', `${path} cannot be read: ${message}.`)
}
