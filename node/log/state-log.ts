import { decodeStateBlock } from '../../core/state-block.ts'
import { zlibCodec } from './codec.ts'
import { Listeners, type StoredLog } from './stored-log.ts'
import { type TeamLogOptions, unseal } from './team-log.ts'

const READ_BLOCKS = 256

/** A device's state log: updates of its own document. */
export class StateLog {
  readonly device: Uint8Array
  readonly incarnation: Uint8Array
  readonly #stored: StoredLog
  readonly #options: TeamLogOptions
  readonly #woken = new Listeners()

  constructor(stored: StoredLog, options: TeamLogOptions) {
    this.device = options.device
    this.incarnation = options.incarnation
    this.#stored = stored
    this.#options = options
  }

  /** z32 of the log's key, 52 characters. */
  get core(): string {
    return this.#stored.core
  }

  /** Why not all of it is read, a sentence. */
  get problem(): string | null {
    return this.#stored.problem
  }

  /** The end of the updates that are here without a gap. */
  get length(): number {
    return this.#stored.length
  }

  /** All updates that are here and that its device signed, from the floor on, in order; a mirror reads none. */
  async read(): Promise<Uint8Array[]> {
    const { seal, teamId, incarnation, verify } = this.#options
    const updates: Uint8Array[] = []
    if (!seal) return updates
    for (let seq = this.#stored.floor; seq < this.#stored.length; seq += READ_BLOCKS) {
      for (const [i, sealed] of (await this.#stored.get(seq, READ_BLOCKS)).entries()) {
        const unsealed = sealed && unseal(sealed, seq + i, seal)
        const update =
          unsealed && typeof unsealed === 'object'
            ? decodeStateBlock(unsealed.block, seq + i, { teamId, incarnation }, verify, zlibCodec)
            : null
        if (update) updates.push(update)
      }
    }
    return updates
  }

  /** Called when more of it can be read. Returns how to stop. */
  onAppend(listener: () => void): () => void {
    const stops = [this.#stored.onAppend(listener), this.#woken.add(listener)]
    return () => stops.forEach((stop) => stop())
  }

  /** The device has other keys now. */
  wake(): void {
    this.#woken.call()
  }
}
