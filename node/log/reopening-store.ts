import type Corestore from 'corestore'
import type { Timers } from '../../core/timers.ts'
import { closeCorestore, openCorestore, storeError } from './open-store.ts'

/** A store that cannot be opened again, as while the disk is full, is tried again so much later. */
const RETRY_MS = 10_000

/** A connection to a peer, as the mesh has it. */
export interface Connection {
  once(event: 'close', call: () => void): unknown
}

export interface ReopeningStoreOptions {
  directory: string
  timers: Timers
  say: (level: 'warning' | 'error', sentence: string) => void
}

/** What the logs in a store do. */
export interface StoreUser {
  /** Opens all of them, now and in each store that is opened again. */
  onOpened(store: Corestore): Promise<void>
  /** Writes something; rejects where the store takes no more. */
  touch(): Promise<void>
}

/**
 * A Corestore that goes on after a failed write, as on a full disk: RocksDB then takes no more until it is opened
 * again, and the connections are kept.
 */
export class ReopeningStore {
  readonly #options: ReopeningStoreOptions
  readonly #connections = new Set<Connection>()
  #store: Corestore
  #user: StoreUser | null = null
  #turn: Promise<unknown> = Promise.resolve()
  #reopening: Promise<void> | null = null
  /** Whether it is open and took what was last written, as far as is known. */
  #isUsable = true
  #hasFailed = false
  #isClosed = false
  #stopRetry: () => void = () => undefined

  private constructor(options: ReopeningStoreOptions, store: Corestore) {
    this.#options = options
    this.#store = store
  }

  /** Throws a `VibeTeaError`: `log_copied`, `log_unusable`. */
  static async open(options: ReopeningStoreOptions): Promise<ReopeningStore> {
    return new ReopeningStore(options, await openCorestore(options.directory))
  }

  /** Names who uses the store. To be called once, and first; resolves when the logs are open. */
  start(user: StoreUser): Promise<void> {
    this.#user = user
    return this.use((store) => user.onOpened(store))
  }

  /** Does something with the store, while it is not opened again; nothing once it is closed. */
  use(work: (store: Corestore) => Promise<void>): Promise<void> {
    const result = this.#turn.then(() => (this.#isClosed ? undefined : work(this.#store)))
    this.#turn = result.catch(() => undefined) // the caller is told; the next one has its own turn
    return result
  }

  replicate(connection: Connection): void {
    this.#connections.add(connection)
    connection.once('close', () => {
      this.#connections.delete(connection)
      void this.#check()
    })
    if (this.#isUsable) this.#store.replicate(connection)
  }

  reopen(): Promise<void> {
    this.#reopening ??= this.use(async () => {
      this.#isUsable = false
      await closeCorestore(this.#store)
      this.#store = await openCorestore(this.#options.directory)
      await this.#user?.onOpened(this.#store)
      this.#isUsable = true
      for (const connection of this.#connections) this.#store.replicate(connection)
    }).finally(() => (this.#reopening = null))
    return this.#reopening
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#stopRetry()
    await this.#turn
    await closeCorestore(this.#store)
  }

  /**
   * Who only reads appends nothing, and would not notice that the disk was full: a write that fails ends a connection.
   * So the store is asked whether it takes more when one has ended, and now and then while it does not.
   */
  async #check(): Promise<void> {
    if (this.#isClosed) return
    try {
      if (this.#isUsable) return await this.#user?.touch()
    } catch {
      // It takes no more, so it is opened again.
    }
    try {
      await this.reopen()
      this.#hasFailed = false
    } catch (error) {
      this.#stopRetry()
      this.#stopRetry = this.#options.timers.after(RETRY_MS, () => void this.#check())
      if (this.#hasFailed) return
      this.#hasFailed = true
      const { sentence } = storeError(error, this.#options.directory)
      this.#options.say('error', `The team's logs cannot be written: ${sentence} It is tried again.`)
    }
  }
}
