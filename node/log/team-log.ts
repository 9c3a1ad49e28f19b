import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Batch, LogScope, Verify } from '../../core/blocks.ts'
import { decodeBlock, MAX_BLOCK_BYTES } from '../../core/blocks.ts'
import { VibeTeaError } from '../../core/errors.ts'
import type { Timers } from '../../core/timers.ts'
import { zlibCodec } from './codec.ts'
import type { ReadBlock } from './private-log.ts'
import { epochIdIn, SEAL_BYTES, type Seal } from './seal.ts'
import { Listeners, type StoredLog } from './stored-log.ts'

/** Blocks are read in portions of about this many events, so that the node answers meanwhile. */
const PORTION_EVENTS = 500
/** Checking a block's signature takes as long as reading so many events. */
const EVENTS_PER_SIGNATURE = 20
/** So much of what was signed is given at a time: a block may have a MiB of it. */
const SIGNED_BYTES = 2 * 1024 * 1024
/** With blocks of an epoch whose key is not known one waits so long: its record may be under way. */
const KEY_WAIT_MS = 60_000
/** More epochs than a log can have been written in. */
const MAX_EPOCHS = 64

/** Which device first used a source label; nobody else may. */
export interface SourceOwners {
  /** Whether the label is this device's, as it also is where nobody has used it before. `device` is its key. */
  bind(source: string, device: Uint8Array): boolean
}

/** Whose log it is, and what opens it. */
export interface TeamLogOptions {
  /** The device key, 32 bytes. */
  device: Uint8Array
  incarnation: Uint8Array
  teamId: Uint8Array
  /** How the source of every event of the device ends: six characters. */
  suffix: string
  verify: Verify
  sources: SourceOwners
  /** null for a mirror, which reads nothing. */
  seal: Seal | null
  timers: Timers
}

/** What a reader got of a sealed block: its content, or why there is none. */
export type Unsealed = { block: Uint8Array } | 'invalid' | 'key_missing'

/** Opens a block of any kind; whatever is no block of the team is invalid. */
export function unseal(sealed: Uint8Array, seq: number, seal: Seal): Unsealed {
  if (sealed.length > MAX_BLOCK_BYTES + SEAL_BYTES) return 'invalid'
  try {
    return { block: seal.open(sealed, seq) }
  } catch (error) {
    if (error instanceof VibeTeaError) return error.code === 'epoch_key_missing' ? 'key_missing' : 'invalid'
    throw error
  }
}

/** A block as its device signed it, for whoever passes it on. */
export interface SignedBlock {
  seq: number
  /** null where the block holds no batch that counts. */
  batch: {
    /** 64 bytes. */
    signature: Uint8Array
    /** The signed JSON, as text. */
    body: string
    /** All values in it, those that are no valid events too. */
    events: number
  } | null
}

/** What checking a block gives: its batch, nothing that counts, that no key here opens it, or that it is not here. */
type Checked = Batch | 'invalid' | 'locked' | 'missing'

/** A device's log of events, as the index and the archive read it: everything is checked again. */
export class TeamLog {
  readonly device: Uint8Array
  readonly incarnation: Uint8Array
  readonly #stored: StoredLog
  readonly #options: TeamLogOptions
  readonly #scope: LogScope
  readonly #woken = new Listeners()
  #source: string
  /** Epoch ids whose key is missing, and since when. */
  readonly #missing = new Map<string, number>()

  constructor(stored: StoredLog, options: TeamLogOptions) {
    this.device = options.device
    this.incarnation = options.incarnation
    this.#stored = stored
    this.#options = options
    this.#scope = { teamId: options.teamId, incarnation: options.incarnation }
    this.#source = options.suffix
  }

  /** z32 of the log's key, 52 characters. */
  get core(): string {
    return this.#stored.core
  }

  /** The label of the last event read; the device's six characters until then. */
  get source(): string {
    return this.#source
  }

  /** Blocks before this are not here any more, or never were. */
  get floor(): number {
    return this.#stored.floor
  }

  /** The end of the blocks that are here without a gap, from the floor. */
  get length(): number {
    return this.#stored.length
  }

  /** Blocks that its writer has signed and that are not here yet. */
  get behind(): number {
    return Math.max(0, this.#stored.known - this.#stored.length)
  }

  get bytes(): number {
    return this.#stored.bytes
  }

  /** Why not all of it is read, a sentence. */
  get problem(): string | null {
    return this.#stored.problem
  }

  /** The blocks from `seq` on, at most `limit`, as far as they are here; a mirror reads none. */
  async read(seq: number, limit: number): Promise<ReadBlock[]> {
    const { core } = this
    const blocks: ReadBlock[] = []
    let count = 0
    await this.#check(seq, limit, (at, checked) => {
      const { events, invalid } = typeof checked === 'object' ? this.#ownOf(checked) : NOTHING[checked]
      blocks.push({ core, seq: at, events, invalid })
      count += events.length
      return true
    })
    if (blocks.length > 0) this.#stored.consumed(seq + blocks.length, count)
    return blocks
  }

  /**
   * The same as they were signed, for the archive, some MiB at most. It reads beside the index, which alone decides how
   * fast the log is fetched. Ends before a block that is not here, and before one whose key is not: once passed over,
   * it would never come into the archive.
   */
  async readSigned(seq: number, limit: number): Promise<SignedBlock[]> {
    const blocks: SignedBlock[] = []
    let bytes = 0
    await this.#check(seq, limit, (at, checked) => {
      if (checked === 'locked' || (checked === 'missing' && at >= this.floor)) return false
      const batch = typeof checked === 'object' ? checked : null
      blocks.push({ seq: at, batch: batch && signedOf(batch) })
      bytes += batch?.body.length ?? 0
      return bytes < SIGNED_BYTES
    })
    return blocks
  }

  /** Called when more of it can be read. Returns how to stop. */
  onAppend(listener: () => void): () => void {
    const stops = [this.#stored.onAppend(listener), this.#woken.add(listener)]
    return () => stops.forEach((stop) => stop())
  }

  /** Gives `take` one block after the other, until it wants no more. */
  async #check(seq: number, limit: number, take: (seq: number, checked: Checked) => boolean): Promise<void> {
    const { seal } = this.#options
    if (!seal) return
    let portion = 0
    for (const [i, sealed] of (await this.#stored.get(seq, limit)).entries()) {
      // The cut may have come meanwhile.
      if (seq + i >= this.#stored.length) return
      const checked = this.#checked(sealed, seq + i, seal)
      if (checked === null || !take(seq + i, checked)) return
      portion += (typeof checked === 'object' ? checked.events.length : 0) + EVENTS_PER_SIGNATURE
      if (portion < PORTION_EVENTS) continue
      portion = 0
      await nextTurn()
    }
  }

  /** null where the block is to be read later. */
  #checked(sealed: Uint8Array | null, seq: number, seal: Seal): Checked | null {
    if (!sealed) return 'missing'
    const unsealed = unseal(sealed, seq, seal)
    if (unsealed === 'key_missing') return this.#isKeyExpected(epochIdIn(sealed)) ? null : 'locked'
    if (unsealed === 'invalid') return 'invalid'
    return decodeBlock(unsealed.block, seq, this.#scope, this.#options.verify, zlibCodec) ?? 'invalid'
  }

  /** What a batch says under this device's labels. */
  #ownOf(batch: Batch): Pick<ReadBlock, 'events' | 'invalid'> {
    const events = batch.events.filter(({ source }) => this.#isOwn(source))
    return { events, invalid: batch.invalid + batch.events.length - events.length }
  }

  /** Whether a label is this device's: nearly always that of the event before. */
  #isOwn(source: string): boolean {
    if (source === this.#source) return true
    const { suffix, sources } = this.#options
    if (!source.endsWith(`-${suffix}`) || !sources.bind(source, this.device)) return false
    this.#source = source
    return true
  }

  #isKeyExpected(epochId: Uint8Array): boolean {
    const { timers } = this.#options
    const name = Buffer.from(epochId).toString('hex')
    const since = this.#missing.get(name)
    if (since !== undefined) return timers.now() - since < KEY_WAIT_MS
    if (this.#missing.size >= MAX_EPOCHS) return false
    this.#missing.set(name, timers.now())
    timers.after(KEY_WAIT_MS, () => this.#woken.call())
    return true
  }

  /** The device has other keys now. */
  wake(): void {
    this.#woken.call()
  }
}

/** What the index takes of a block without a batch. */
const NOTHING = {
  invalid: { events: [], invalid: 1 },
  locked: { events: [], invalid: 1 },
  missing: { events: [], invalid: 0 },
} satisfies Record<string, Pick<ReadBlock, 'events' | 'invalid'>>

function signedOf({ signature, body, events, invalid }: Batch): SignedBlock['batch'] {
  return {
    // A copy: it stands in the whole block, which would stay in memory with it.
    signature: signature.slice(),
    body: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body),
    events: events.length + invalid,
  }
}
