import type Corestore from 'corestore'
import Hypercore from 'hypercore'
import { VibeTeaError } from '../../core/errors.ts'
import { keyText } from '../../core/secrets.ts'
import type { Timers } from '../../core/timers.ts'
import type { LogStates } from './log-states.ts'
import { pause } from './retry.ts'
import type { Seal } from './seal.ts'
import { blocksOf, Listeners, type StoredLog } from './stored-log.ts'

/** How long a peer is waited for that may know more of this log, and again for what it has. */
const RECOVERY_MS = 10_000
/** Once somebody has answered who knows less, for the others. */
const OTHERS_MS = 2000
const ASK_AGAIN_MS = 250

export interface OwnLogOptions<Item> {
  manifest: Hypercore.Manifest
  /** Signs what stands in one block at its index. */
  encode: (item: Item, seq: number) => Uint8Array
  seal: Seal
  /** The device's; it is used for an append and never given to the store. */
  keyPair: () => Hypercore.KeyPair
  states: LogStates
  timers: Timers
  /** Opens the store again, which takes no more after a failed append. */
  reopen: () => Promise<void>
}

/** A log that this device writes. */
export class OwnLog<Item> implements StoredLog {
  readonly core: string
  readonly key: Uint8Array
  readonly problem = null
  readonly #options: OwnLogOptions<Item>
  readonly #appended = new Listeners()
  readonly #conflicted = new Listeners()
  /** The last block that each peer took from here. */
  readonly #taken = new WeakMap<Hypercore.Peer, number>()
  #opened: Hypercore | null = null
  #size = { length: 0, bytes: 0 }
  #isBroken = false
  #hasConflict = false
  #isClosed = false

  constructor(options: OwnLogOptions<Item>) {
    this.#options = options
    this.key = Hypercore.key(options.manifest)
    this.core = keyText(this.key)
  }

  get floor(): number {
    return this.#options.states.get(this.core).floor
  }

  get length(): number {
    return this.#size.length
  }

  get known(): number {
    return this.length
  }

  get bytes(): number {
    return this.#size.bytes
  }

  /** Opens it in a store, again where the store was opened again. */
  async open(store: Corestore): Promise<void> {
    const core = store.get({ manifest: this.#options.manifest, allowFork: false })
    core.on('conflict', () => {
      this.#hasConflict = true
      this.#conflicted.call()
    })
    core.on('upload', (index, _bytes, peer) => {
      this.#taken.set(peer, Math.max(index, this.#taken.get(peer) ?? 0))
    })
    await core.ready()
    this.#opened = core
    this.#isBroken = false
    this.#take(core)
    // Who could not read meanwhile reads on.
    this.#appended.call()
  }

  /**
   * Signs, seals and appends, one block for each item; resolves when they are stored. Calls must not overlap. Rejects
   * where they could not be stored, on a full disk for example; it may be called again.
   */
  async append(items: readonly Item[]): Promise<void> {
    const { encode, seal, keyPair, reopen } = this.#options
    if (this.#hasConflict) throw this.#conflict()
    if (this.#isBroken) await reopen()
    const core = this.#core()
    const blocks = items.map((item, i) => seal.seal(encode(item, core.length + i), core.length + i))
    try {
      await core.append(blocks, { keyPair: keyPair() })
    } catch (error) {
      this.#isBroken = true
      // A conflict closes the log under the append.
      throw core.closed ? this.#conflict() : error
    }
    this.#take(core)
    this.#appended.call()
  }

  /**
   * To be called before the first append: a power cut or a restored backup may have taken the end of the log, which a
   * peer still has. Waits until one has told, at most 10 s, and fetches what is missing. `lost` where that cannot be
   * had, and where the log is closed meanwhile: it must then not be written any more.
   */
  async recovered(): Promise<'ok' | 'lost'> {
    await this.#askPeers()
    if (this.#isClosed) return 'lost'
    const core = this.#core()
    const { length } = core
    if (!this.#hasConflict && length > this.length) {
      const range = core.download({ start: this.length, end: length })
      await Promise.race([range.done().catch(() => false), pause(RECOVERY_MS, this.#options.timers)])
      range.destroy()
      if (!(await core.has(this.length, length))) return 'lost'
      this.#take(core)
      this.#appended.call()
    }
    return this.#hasConflict ? 'lost' : 'ok'
  }

  /**
   * Whether a peer that is connected has taken the log's last block from here. One that had a block in that place before
   * may have another history: of two of one length neither side learns until one is longer.
   */
  isHeldByAPeer(): boolean {
    const last = this.length - 1
    const peers = this.#opened?.peers ?? []
    return peers.some(
      (peer) =>
        this.#taken.get(peer) === last &&
        (peer.remoteContiguousLength > last || peer.remoteBitfield.get(last)),
    )
  }

  async get(seq: number, limit: number): Promise<(Uint8Array | null)[]> {
    const core = this.#core()
    const wanted = Array.from({ length: Math.max(0, Math.min(limit, this.length - seq)) }, (_, i) => seq + i)
    return blocksOf(core, wanted)
  }

  /** Nothing waits for what one wrote oneself. */
  consumed(): void {}

  onAppend(listener: () => void): () => void {
    return this.#appended.add(listener)
  }

  /** Called when a peer shows another history of this log: nothing can be appended any more. */
  onConflict(listener: () => void): () => void {
    return this.#conflicted.add(listener)
  }

  /** Clears the blocks before `seq` from the disk, for good. */
  async clearBefore(seq: number): Promise<void> {
    if (seq <= this.floor) return
    await this.#options.states.save(this.core, { floor: seq })
    const core = this.#core()
    await core.clear(0, seq)
    await core.compact()
  }

  /** Nothing is waited for any more; the store closes the rest. */
  close(): void {
    this.#isClosed = true
  }

  #core(): Hypercore {
    if (!this.#opened) throw new Error('the log is not open')
    return this.#opened
  }

  #take({ length, byteLength }: Hypercore): void {
    this.#size = { length, bytes: byteLength }
  }

  /** Resolves when a peer knows this log at its length here or more, nobody else is expected, or time is over. */
  async #askPeers(): Promise<void> {
    const { timers } = this.#options
    const stopFinding = this.#core().findingPeers()
    let end = timers.now() + RECOVERY_MS
    while (!this.#hasConflict && !this.#isClosed && timers.now() < end) {
      // Another one where the store was opened again meanwhile.
      const core = this.#core()
      // An answer that nobody knows more also comes where nobody is there.
      const answer = core.update({ wait: true }).catch(() => false)
      await Promise.race([answer, pause(end - timers.now(), timers)])
      if (core.peers.some(({ remoteLength }) => remoteLength >= core.length)) break
      if (core.peers.length > 0) end = Math.min(end, timers.now() + OTHERS_MS)
      await pause(ASK_AGAIN_MS, timers)
    }
    stopFinding()
  }

  #conflict(): VibeTeaError {
    return new VibeTeaError(
      'log_conflict',
      'Peers have another history of this log than this device, as after a restored backup.',
      'A new log is begun.',
    )
  }
}
