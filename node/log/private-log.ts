import Corestore from 'corestore'
import type Hypercore from 'hypercore'
import type { Sign, Verify } from '../../core/blocks.ts'
import { decodeBlock, encodeBlock, PRIVATE_SCOPE } from '../../core/blocks.ts'
import { VibeTeaError } from '../../core/errors.ts'
import type { Event } from '../../core/events.ts'
import { z32Prefix } from '../../core/hash.ts'
import { zlibCodec } from './codec.ts'

/** What one block of a log holds once it has been checked. */
export interface ReadBlock {
  core: string
  seq: number
  events: Event[]
  /** Events that were not valid and were left out; a block that is no batch of this device counts as one. */
  invalid: number
}

const FLOOR = 'vibetea/floor'

/** The device's own log: a Hypercore in a Corestore of its own that is never served to anyone. */
export class PrivateLog {
  readonly source: string
  readonly #store: Corestore
  readonly #core: Hypercore
  readonly #sign: Sign
  readonly #verify: Verify
  readonly #listeners = new Set<() => void>()
  #floor: number

  private constructor(options: PrivateLogOptions, store: Corestore, core: Hypercore, floor: number) {
    this.source = options.source
    this.#sign = options.sign
    this.#verify = options.verify
    this.#store = store
    this.#core = core
    this.#floor = floor
  }

  /** Opens or makes the log in a directory. One process at a time: a second one is refused. */
  static async open(options: PrivateLogOptions): Promise<PrivateLog> {
    const store = new Corestore(options.directory)
    const core = store.get({ name: 'events' })
    try {
      await core.ready()
      const floor = await core.getUserData(FLOOR)
      return new PrivateLog(options, store, core, floor ? Number(floor.toString()) : 0)
    } catch (error) {
      throw new VibeTeaError(
        'log_unusable',
        `The log in ${options.directory} cannot be opened: ${String(error instanceof Error ? error.message : error)}.`,
        'Check that no other program uses it and that the disk has room; a copied folder must be moved, not copied.',
        { cause: error },
      )
    }
  }

  /** z32 of the log's key, 52 characters. */
  get core(): string {
    return z32Prefix(this.#core.key, 52)
  }

  get length(): number {
    return this.#core.length
  }

  get bytes(): number {
    return this.#core.byteLength
  }

  /** Blocks before this have been cleared. */
  get floor(): number {
    return this.#floor
  }

  /** Signs and appends batches, one block each; resolves when they are stored. Calls must not overlap. */
  async append(batches: readonly (readonly Event[])[]): Promise<void> {
    const first = this.#core.length
    const blocks = batches.map((events, i) =>
      encodeBlock(events, first + i, PRIVATE_SCOPE, this.#sign, zlibCodec),
    )
    await this.#core.append(blocks)
    for (const listener of this.#listeners) listener()
  }

  /** The blocks from `seq` on, at most `limit`, as far as they are here. */
  async read(seq: number, limit: number): Promise<ReadBlock[]> {
    const end = Math.min(seq + limit, this.#core.length)
    const wanted = Array.from({ length: Math.max(0, end - seq) }, (_, i) => seq + i)
    const blocks = await Promise.all(wanted.map((index) => this.#core.get(index, { wait: false })))
    return blocks.map((block, i) => {
      const batch = block && decodeBlock(block, seq + i, PRIVATE_SCOPE, this.#verify, zlibCodec)
      const { events, invalid } = batch ?? { events: [], invalid: block ? 1 : 0 }
      return { core: this.core, seq: seq + i, events, invalid }
    })
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Clears the blocks before `seq` from the disk, for good. */
  async clearBefore(seq: number): Promise<void> {
    if (seq <= this.#floor) return
    await this.#core.setUserData(FLOOR, String(seq))
    const from = this.#floor
    this.#floor = seq
    await this.#core.clear(from, seq)
    await this.#core.compact()
  }

  async close(): Promise<void> {
    await this.#store.close()
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
