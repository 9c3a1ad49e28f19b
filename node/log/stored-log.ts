import type Hypercore from 'hypercore'

/** A log's blocks as they are stored, sealed. Who may read them and what they say is for those above. */
export interface StoredLog {
  /** z32 of the log's key. */
  readonly core: string
  /** 32 bytes. */
  readonly key: Uint8Array
  /** Blocks before this have been cleared, here or by the writer. */
  readonly floor: number
  /** The end of the blocks that are here without a gap, from the floor. */
  readonly length: number
  /** Blocks that its writer has signed and that count, here or not. */
  readonly known: number
  /** Of all blocks that its writer has signed. */
  readonly bytes: number
  /** Why not all of it is read, a sentence. */
  readonly problem: string | null
  /** The blocks from `seq` on, at most `limit`; null for what is not here. */
  get(seq: number, limit: number): Promise<(Uint8Array | null)[]>
  /** Blocks before `seq` have been looked at, with so many events since the last time. */
  consumed(seq: number, events: number): void
  /** Clears the blocks before `seq` from the disk, for good. */
  clearBefore(seq: number): Promise<void>
  onAppend(listener: () => void): () => void
}

/** Whom to call when a log has grown. */
export class Listeners<T extends unknown[] = []> {
  readonly #listeners = new Set<(...args: T) => void>()

  /** Returns how to stop. */
  add(listener: (...args: T) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  call(...args: T): void {
    for (const listener of this.#listeners) listener(...args)
  }
}

/** Those of some blocks that are here, null for others; none where the log was closed meanwhile. */
export async function blocksOf(core: Hypercore, wanted: readonly number[]): Promise<(Uint8Array | null)[]> {
  try {
    return await Promise.all(wanted.map((index) => core.get(index, { wait: false })))
  } catch (error) {
    if (isClosed(core)) return []
    throw error
  }
}

/** A log is closed by its store, and by a conflict. */
export function isClosed({ closed, closing }: Hypercore): boolean {
  return closed || closing !== null
}
