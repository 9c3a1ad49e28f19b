import type Corestore from 'corestore'
import type Hypercore from 'hypercore'
import type { Sign, Verify } from '../../core/blocks.ts'
import { decodeBlock, encodeBlock, PRIVATE_SCOPE } from '../../core/blocks.ts'
import type { Event } from '../../core/events.ts'
import { z32Prefix } from '../../core/hash.ts'
import { zlibCodec } from './codec.ts'
import { closeCorestore, openCorestore, storeError } from './open-store.ts'

/** What one block of a log holds once it has been checked. */
export interface ReadBlock {
  core: string
  seq: number
  events: Event[]
  /** Events that were not valid and were left out; a block that is no batch of this device counts as one. */
  invalid: number
}

const FLOOR = 'vibetea/floor'

/** A log's store, open. */
interface Opened {
  store: Corestore
  core: Hypercore
  floor: number
}

async function openStore(directory: string): Promise<Opened> {
  const store = await openCorestore(directory)
  const core = store.get({ name: 'events' })
  try {
    await core.ready()
    const floor = await core.getUserData(FLOOR)
    return { store, core, floor: floor ? Number(floor.toString()) : 0 }
  } catch (error) {
    await closeCorestore(store)
    throw error
  }
}

const sizeOf = ({ core: { length, byteLength } }: Opened) => ({ length, byteLength })

/** The device's own log: a Hypercore in a Corestore of its own that is never served to anyone. */
export class PrivateLog {
  readonly source: string
  readonly #options: PrivateLogOptions
  /** How the source of every event of this device ends. */
  readonly #device: string
  readonly #listeners = new Set<() => void>()
  #opened: Opened
  /** As last stored; a store that is closed tells nothing. */
  #size: { length: number; byteLength: number }
  /** Whether an append failed: the store then takes no more until it is opened again. */
  #isBroken = false

  private constructor(options: PrivateLogOptions, opened: Opened) {
    this.source = options.source
    this.#options = options
    this.#device = options.source.slice(-7)
    this.#opened = opened
    this.#size = sizeOf(opened)
  }

  /**
   * Opens or makes the log in a directory. One process at a time: a second one is refused. Throws a `VibeTeaError`:
   * `log_copied`, `log_unusable`.
   */
  static async open(options: PrivateLogOptions): Promise<PrivateLog> {
    try {
      return new PrivateLog(options, await openStore(options.directory))
    } catch (error) {
      throw storeError(error, options.directory)
    }
  }

  /** z32 of the log's key, 52 characters. */
  get core(): string {
    return z32Prefix(this.#opened.core.key, 52)
  }

  /** Blocks that are stored. */
  get length(): number {
    return this.#size.length
  }

  get bytes(): number {
    return this.#size.byteLength
  }

  /** Blocks before this have been cleared. */
  get floor(): number {
    return this.#opened.floor
  }

  /**
   * Signs and appends batches, one block each; resolves when they are stored. Calls must not overlap. Rejects where
   * they could not be stored, on a full disk for example; it may be called again.
   */
  async append(batches: readonly (readonly Event[])[]): Promise<void> {
    if (this.#isBroken) await this.#reopen()
    const { core } = this.#opened
    const blocks = batches.map((events, i) =>
      encodeBlock(events, core.length + i, PRIVATE_SCOPE, this.#options.sign, zlibCodec),
    )
    try {
      await core.append(blocks)
    } catch (error) {
      this.#isBroken = true
      throw error
    }
    this.#size = sizeOf(this.#opened)
    for (const listener of this.#listeners) listener()
  }

  async #reopen(): Promise<void> {
    await closeCorestore(this.#opened.store)
    this.#opened = await openStore(this.#options.directory)
    this.#size = sizeOf(this.#opened)
    this.#isBroken = false
  }

  /** The blocks from `seq` on, at most `limit`, as far as they are here. */
  async read(seq: number, limit: number): Promise<ReadBlock[]> {
    const { core } = this.#opened
    const name = this.core
    const end = Math.min(seq + limit, core.length)
    const wanted = Array.from({ length: Math.max(0, end - seq) }, (_, i) => seq + i)
    const blocks = await Promise.all(wanted.map((index) => core.get(index, { wait: false })))
    return blocks.map((block, i) => {
      const batch = block && decodeBlock(block, seq + i, PRIVATE_SCOPE, this.#options.verify, zlibCodec)
      if (!batch) return { core: name, seq: seq + i, events: [], invalid: block ? 1 : 0 }
      const events = batch.events.filter(({ source }) => source.endsWith(this.#device))
      const invalid = batch.invalid + batch.events.length - events.length
      return { core: name, seq: seq + i, events, invalid }
    })
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Clears the blocks before `seq` from the disk, for good. */
  async clearBefore(seq: number): Promise<void> {
    const { core, floor } = this.#opened
    if (seq <= floor) return
    await core.setUserData(FLOOR, String(seq))
    this.#opened.floor = seq
    await core.clear(floor, seq)
    await core.compact()
  }

  async close(): Promise<void> {
    await this.#opened.store.close()
  }
}

export interface PrivateLogOptions {
  directory: string
  /** The label of the events in it. */
  source: string
  sign: Sign
  /** Checks against this device's key. */
  verify: Verify
}
