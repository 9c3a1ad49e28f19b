import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Event } from '../core/events.ts'
import type { Settings } from './home/settings.ts'
import { ADAPTERS, sessionDirectories } from './sources/adapters.ts'
import { readBatch, type BatchOptions } from './sources/batch.ts'
import type { Environment } from './sources/port.ts'

export interface HistoryOptions extends Pick<BatchOptions, 'rule' | 'projects' | 'ignored' | 'now'> {
  settings: Pick<Settings, 'directories'>
  environment: Environment
}

/**
 * All events since a time (ms) that this machine's session files give by today's rules, by time. Files that cannot be
 * read are left out: the node tells of them where it follows them.
 */
export async function* eventsSince(from: number, options: HistoryOptions): AsyncGenerator<Event> {
  const { settings, environment, ...recording } = options
  const directories = sessionDirectories(settings.directories, environment)
  const events = readBatch(directories, {
    adapters: ADAPTERS,
    ...recording,
    changedSince: from,
    pause: () => nextTurn(),
    onProblem: () => undefined,
  })
  for await (const event of events) if (Date.parse(event.timestamp) >= from) yield event
}
