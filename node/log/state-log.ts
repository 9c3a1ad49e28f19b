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
    return (await this.#read(0)).updates
  }

  /** What gives those that it has not given before. */
  news(): () => Promise<Uint8Array[]> {
    let next = 0
    return async () => {
      const { updates, end } = await this.#read(next)
      next = end
      return updates
    }
  }

  async #read(from: number): Promise<{ updates: Uint8Array[]; end: number }> {
    const { seal, teamId, incarnation, verify } = this.#options
    const updates: Uint8Array[] = []
    let seq = Math.max(from, this.#stored.floor)
    if (!seal) return { updates, end: seq }
    while (seq < this.#stored.length) {
      const blocks = await this.#stored.get(seq, READ_BLOCKS)
      // A log that was closed meanwhile gives nothing, whatever its length was.
      if (blocks.length === 0) break
      for (const sealed of blocks) {
        const unsealed = sealed ? unseal(sealed, seq, seal) : 'key_missing'
        // It is here, or its key is, the next time.
        if (unsealed === 'key_missing') return { updates, end: seq }
        const update =
          unsealed === 'invalid'
            ? null
            : decodeStateBlock(unsealed.block, seq, { teamId, incarnation }, verify, zlibCodec)
        if (update) updates.push(update)
        seq++
      }
    }
    return { updates, end: seq }
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
