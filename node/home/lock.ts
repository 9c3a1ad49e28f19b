import { access, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { VibeTeaError } from '../../core/errors.ts'
import { Database } from '../sqlite.ts'
import { databaseError } from './database-error.ts'
import { errorCode, fileError, writeWhole } from './files.ts'

/**
 * One node a home. The lock is SQLite's exclusive lock on the empty database `lock`: the system itself gives it to one
 * process and takes it back when that process is gone, however it ended, so that nothing has to be guessed from process
 * numbers. `running.json` beside it says who holds it and counts only while the lock is held.
 */

/** How long a lock that is taken is tried for: a command that looks at it holds it for a moment. */
const PATIENCE_MS = 500
/** With its journal in memory SQLite writes nothing at all, so that a full disk and a crash leave nothing behind. */
const OPTIONS = `PRAGMA busy_timeout = ${PATIENCE_MS}; PRAGMA journal_mode = MEMORY;`

/** What the node that holds a home says of itself. */
export interface Running {
  pid: number
  /** RFC 3339 UTC. */
  startedAt: string
  version: string
  /** Of its API, `http://127.0.0.1:8832`; null until it listens. */
  url: string | null
  /** Where its API's token lies, absolute; null until it is written. */
  tokenPath: string | null
}

/** A process that takes a home. */
export type Holder = Pick<Running, 'pid' | 'startedAt' | 'version'>

const RunningShape = z.object({
  pid: z.int(),
  startedAt: z.string(),
  version: z.string(),
  url: z.string().nullable(),
  tokenPath: z.string().nullable(),
})

/** Another node holds the home. */
export class AlreadyRunningError extends VibeTeaError {
  /** null where that node does not listen yet. */
  readonly url: string | null

  constructor(home: string, running: Running | null) {
    const url = running?.url ?? null
    const pid = running ? ` (process ${running.pid})` : ''
    super(
      'already_running',
      `VibeTea already runs in ${home}${pid}${url === null ? ' and is just starting' : `: ${url}`}.`,
      'Use that one, stop it, or set VIBETEA_HOME to run a second one.',
    )
    this.url = url
  }
}

export class HomeLock {
  readonly #home: string
  readonly #lock: Database
  #running: Running
  #written: Promise<void> = Promise.resolve()

  private constructor(home: string, lock: Database, running: Running) {
    this.#home = home
    this.#lock = lock
    this.#running = running
  }

  /** Takes a home that exists. Throws `AlreadyRunningError` where another process has it. */
  static async acquire(home: string, holder: Holder): Promise<HomeLock> {
    const path = join(home, 'lock')
    const database = await openLock(path, false)
    try {
      await database.exec(`${OPTIONS} BEGIN EXCLUSIVE`)
    } catch (error) {
      await database.close()
      if (errorCode(error) === 'SQLITE_BUSY') throw new AlreadyRunningError(home, await readRunning(home))
      throw databaseError(error, path)
    }
    const lock = new HomeLock(home, database, { ...holder, url: null, tokenPath: null })
    try {
      await lock.update({})
    } catch (error) {
      await database.close()
      throw error
    }
    return lock
  }

  /** Says more about the node that holds the home. */
  update(news: Partial<Pick<Running, 'url' | 'tokenPath'>>): Promise<void> {
    this.#running = { ...this.#running, ...news }
    const text = JSON.stringify(this.#running, null, 2) + '\n'
    this.#written = this.#written
      .catch(() => undefined) // whoever asked for the earlier one has been told
      .then(() => writeWhole(runningPath(this.#home), text))
    return this.#written
  }

  async release(): Promise<void> {
    await this.#written.catch(() => undefined) // whoever asked for it has been told
    await rm(runningPath(this.#home), { force: true })
    await this.#lock.close()
  }
}

/** The node that runs in a home, or null. Nothing is made or changed. */
export async function readLock(home: string): Promise<Running | null> {
  const path = join(home, 'lock')
  try {
    await access(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null
    throw fileError(error, path, 'read')
  }
  const database = await openLock(path, true)
  try {
    await database.exec('PRAGMA busy_timeout = 0; SELECT count(*) FROM sqlite_master')
    return null
  } catch (error) {
    if (errorCode(error) === 'SQLITE_BUSY') return await readRunning(home)
    throw databaseError(error, path)
  } finally {
    await database.close()
  }
}

const runningPath = (home: string): string => join(home, 'running.json')

/** What `running.json` says; null where it is not there, or is not what a node wrote. */
async function readRunning(home: string): Promise<Running | null> {
  try {
    return RunningShape.parse(JSON.parse(await readFile(runningPath(home), 'utf8')))
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError)
      return null
    throw fileError(error, runningPath(home), 'read')
  }
}

async function openLock(path: string, readOnly: boolean): Promise<Database> {
  try {
    return await Database.open(path, { readOnly })
  } catch (error) {
    throw databaseError(error, path)
  }
}
