import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z32Prefix } from '../../core/hash.ts'
import { isDamage, migrate } from '../sqlite-file.ts'
import { Database } from '../sqlite.ts'
import { databaseError } from './database-error.ts'
import { errorCode, fileError } from './files.ts'
import { Arrivals } from './state/arrivals.ts'
import { TailCursors } from './state/cursors.ts'
import { Kept } from './state/kept.ts'
import { MIGRATIONS, refuseNewer } from './state/migrations.ts'
import { TeamState } from './state/team.ts'

/** A `state.db` that could not be read; it has been kept aside and a new one begun. */
export interface Recovered {
  /** What SQLite says of it. */
  reason: string
  /** Absolute. */
  keptAs: string
}

export interface StateOptions {
  home: string
  /** ms since 1970. */
  now: () => number
  /** Gives that many random bytes. */
  random: (bytes: number) => Uint8Array
}

/** `state.db`: what the node knows and cannot find again in any log. */
export class State {
  readonly arrivals: Arrivals
  readonly cursors: TailCursors
  readonly kept: Kept
  /** Empty without a team. */
  readonly team: TeamState
  /**
   * null unless the file had to be replaced. Then all session files are read again, and what is in the log already is
   * known by its ids; what is lost is the order and the time in which blocks came.
   */
  readonly recovered: Recovered | null
  readonly #database: Database

  private constructor(database: Database, arrivals: Arrivals, kept: Kept, recovered: Recovered | null) {
    this.#database = database
    this.arrivals = arrivals
    this.cursors = new TailCursors(database)
    this.kept = kept
    this.team = new TeamState(database)
    this.recovered = recovered
  }

  /** Opens or makes it. Throws a `VibeTeaError` where it is of a later version, cannot be opened, or the disk is full. */
  static async open({ home, now, random }: StateOptions): Promise<State> {
    const path = join(home, 'state.db')
    try {
      let database = await openChecked(path)
      let recovered: Recovered | null = null
      if (!(database instanceof Database)) {
        recovered = { reason: database.reason, keptAs: await keepAside(path, now()) }
        database = await openSound(path)
      }
      return await State.#prepare(database, random, recovered)
    } catch (error) {
      throw databaseError(error, path)
    }
  }

  static async #prepare(
    database: Database,
    random: StateOptions['random'],
    recovered: Recovered | null,
  ): Promise<State> {
    try {
      // A power cut may take the last moments, of this as of the logs, which then are found out again. To wait for the
      // disk at each change would be in the way of every event.
      await database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
      await migrate(database, MIGRATIONS)
      const kept = new Kept(database)
      let orderId = await kept.get('orderId')
      if (orderId === null) {
        orderId = z32Prefix(random(10), 16)
        await kept.set('orderId', orderId)
      }
      return new State(database, await Arrivals.load(database, orderId), kept, recovered)
    } catch (error) {
      await database.close()
      throw error
    }
  }

  /** Forgets what was known of the team; the arrival of its logs' blocks is forgotten with `arrivals.forgetLogs`. */
  forgetTeam(): Promise<void> {
    return this.team.forget()
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}

/** The database, or why it cannot be used. */
async function openChecked(path: string): Promise<Database | { reason: string }> {
  const database = await Database.open(path)
  try {
    await refuseNewer(database, path)
    const [answer] = await database.all<{ quick_check: string }>('PRAGMA quick_check(1)')
    if (answer?.quick_check === 'ok') return database
    await database.close()
    return { reason: answer?.quick_check ?? 'nothing can be read from it' }
  } catch (error) {
    await database.close()
    if (isDamage(error)) return { reason: (error as Error).message }
    throw error
  }
}

async function openSound(path: string): Promise<Database> {
  const database = await openChecked(path)
  if (database instanceof Database) return database
  throw new Error(`a new ${path} cannot be used: ${database.reason}`)
}

/** Renames the file and what SQLite keeps beside it. */
async function keepAside(path: string, now: number): Promise<string> {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')
  const aside = `${path}.corrupt-${time}`
  for (const suffix of ['', '-wal', '-shm']) {
    try {
      await rename(path + suffix, aside + suffix)
    } catch (error) {
      if (suffix === '' || errorCode(error) !== 'ENOENT') throw fileError(error, path, 'moved aside')
    }
  }
  return aside
}
