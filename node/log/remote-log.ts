import type Corestore from 'corestore'
import Hypercore from 'hypercore'
import type { Timers } from '../../core/timers.ts'
import { keyText } from '../../core/secrets.ts'
import type { GrowthBounds } from './growth.ts'
import { excess, grown } from './growth.ts'
import type { LogStates } from './log-states.ts'
import { blocksOf, isClosed, Listeners, type StoredLog } from './stored-log.ts'

/** Blocks that are asked for, or read, at a time: enough to fill a connection. */
const WINDOW_BLOCKS = 256
/** Fewer where they are large, so that they fit in memory. */
const WINDOW_BYTES = 16 * 1024 * 1024
const MIN_WINDOW_BLOCKS = 4
/** Blocks that are fetched before those above have looked at them: they may hold 500 events each. */
const UNREAD_BLOCKS = 1024

/** A name under which nothing of use is stored. */
const TOUCHED = 'vibetea/touched'

export interface RemoteLogOptions {
  manifest: Hypercore.Manifest
  /** Whose log it is, as a sentence names it: `the device …k3f9xq`. */
  owner: string
  bounds: GrowthBounds
  /** Whether `consumed` is called, and the log fetched no faster than that. */
  isRead: boolean
  states: LogStates
  timers: Timers
  say: (level: 'warning' | 'error', sentence: string) => void
}

/** Somebody else's log: fetched in windows, from its floor to its cut, so much a day. */
export class RemoteLog implements StoredLog {
  readonly core: string
  readonly key: Uint8Array
  readonly #options: RemoteLogOptions
  readonly #appended = new Listeners()
  /** null where it is closed, or in quarantine. */
  #opened: Hypercore | null = null
  #window: { end: number; range: Hypercore.Range } | null = null
  #end = 0
  #cut = Infinity
  #writersFloor = 0
  #consumed = 0
  #size = { length: 0, bytes: 0 }
  #isAdvancing = false
  #mustAdvance = false
  #stopPause: (() => void) | null = null

  constructor(options: RemoteLogOptions) {
    this.#options = options
    this.key = Hypercore.key(options.manifest)
    this.core = keyText(this.key)
  }

  get floor(): number {
    const { floor, start } = this.#options.states.get(this.core)
    return Math.max(floor, start)
  }

  get length(): number {
    return Math.min(Math.max(this.#end, this.floor), this.#cut)
  }

  get known(): number {
    return Math.min(this.#size.length, this.#cut)
  }

  get bytes(): number {
    return this.#size.bytes
  }

  get problem(): string | null {
    return this.#options.states.get(this.core).quarantine ?? this.#excess()?.sentence ?? null
  }

  /** Opens it in a store, again where the store was opened again. Resolves when it is known what is here. */
  async open(store: Corestore): Promise<void> {
    this.#stopFetching()
    const { manifest } = this.#options
    const core = store.get({ manifest, writable: false, allowFork: false })
    core.on('append', () => this.#advance())
    core.on('download', (_, bytes) => this.#came(bytes))
    core.on('conflict', () => this.#quarantine('shows two histories'))
    core.on('truncate', () => this.#quarantine('was rewritten'))
    await core.ready()
    this.#size = { length: core.length, bytes: core.byteLength }
    await this.#findEnd(core)
    this.#consumed = Math.max(this.#consumed, this.length)
    if (core.fork > 0) this.#quarantine('was rewritten')
    if (this.#options.states.get(this.core).quarantine !== null) return core.close()
    this.#opened = core
    this.#fetch()
    // Who could not read meanwhile reads on.
    this.#appended.call()
  }

  /**
   * Takes over what the roster says: blocks from `cut` on do not count; those before `floor` its writer has cleared, and
   * they are not asked for. What is here of them already stays until it is cleared here.
   */
  admit({ cut, floor }: { cut: number | null; floor: number }): void {
    this.#cut = cut ?? Infinity
    this.#writersFloor = Math.max(this.#writersFloor, floor)
    this.#advance()
  }

  async get(seq: number, limit: number): Promise<(Uint8Array | null)[]> {
    const core = this.#opened
    const end = Math.min(seq + limit, seq + this.#windowBlocks(), this.length)
    if (!core || seq >= end) return []
    return blocksOf(
      core,
      Array.from({ length: end - seq }, (_, i) => seq + i),
    )
  }

  consumed(seq: number, events: number): void {
    if (seq <= this.#consumed) return
    this.#consumed = seq
    this.#grow({ events })
    this.#fetch()
  }

  onAppend(listener: () => void): () => void {
    return this.#appended.add(listener)
  }

  /** Clears the blocks before `seq` from the disk, for good. */
  async clearBefore(seq: number): Promise<void> {
    const { states } = this.#options
    const { floor } = states.get(this.core)
    if (seq <= floor) return
    await states.save(this.core, { floor: seq })
    this.#advance()
    await this.#opened?.clear(0, seq)
    await this.#opened?.compact()
  }

  /** Writes something of no use; rejects where the store takes no more. */
  async touch(): Promise<void> {
    await this.#opened?.setUserData(TOUCHED, String(this.#options.timers.now()))
  }

  /** Stops fetching; the store closes the rest. */
  close(): void {
    this.#stopFetching()
    this.#opened = null
  }

  #came(bytes: number): void {
    this.#grow({ bytes })
    this.#advance()
  }

  #grow(more: { bytes?: number; events?: number }): void {
    const { states, timers } = this.#options
    states.saveSoon(this.core, grown(states.get(this.core), more, timers.now()))
  }

  #excess(): { sentence: string; until: number } | null {
    const { states, timers, bounds, owner } = this.#options
    const over = excess(states.get(this.core), bounds, timers.now())
    if (!over) return null
    const sentence = `The log of ${owner} grew by more than ${over.what} today; the rest is read tomorrow (UTC).`
    return { sentence, until: over.until }
  }

  /** Looks how far the log is here now, tells those who wait for it, and asks for more. */
  #advance(): void {
    this.#mustAdvance = true
    if (this.#isAdvancing) return
    this.#isAdvancing = true
    void this.#advanceAll()
  }

  async #advanceAll(): Promise<void> {
    while (this.#mustAdvance) {
      this.#mustAdvance = false
      const core = this.#opened
      if (!core || isClosed(core)) break
      try {
        await this.#advanceIn(core)
      } catch (error) {
        // What was closed meanwhile is looked at again when it is open again.
        if (!isClosed(core)) this.#options.say('error', `A log of the team failed: ${String(error)}.`)
      }
    }
    // At once: a call between the last look and this would be lost.
    this.#isAdvancing = false
  }

  async #advanceIn(core: Hypercore): Promise<void> {
    const before = this.length
    this.#size = { length: core.length, bytes: core.byteLength }
    await this.#findEnd(core)
    this.#fetch()
    if (this.length > before) this.#appended.call()
  }

  /** Moves the end over all that is here, and over what its writer cleared before it came. */
  async #findEnd(core: Hypercore): Promise<void> {
    await this.#moveEnd(core)
    const start = this.#writersFloor
    if (this.#end >= start || this.floor >= start || start > core.length) return
    this.#options.states.saveSoon(this.core, { start })
    this.#consumed = Math.max(this.#consumed, start)
    await this.#moveEnd(core)
  }

  /** In growing and then in shrinking steps. */
  async #moveEnd(core: Hypercore): Promise<void> {
    const last = Math.min(core.length, this.#cut)
    let end = this.length
    for (let step = 1; step >= 1 && end < last;) {
      const to = Math.min(end + step, last)
      if (await core.has(end, to)) {
        end = to
        step *= 2
      } else {
        step = Math.floor(step / 2)
      }
    }
    this.#end = Math.max(this.#end, end)
  }

  /** Keeps a window open behind the end, also beyond what is signed so far: what comes is then fetched at once. */
  #fetch(): void {
    const core = this.#opened
    // A floor beyond what is signed says that there is nothing to fetch yet; it may be any number.
    if (!core || core.closed || this.#writersFloor > core.length || this.#pause()) return
    const { isRead } = this.#options
    const blocks = this.#windowBlocks()
    const ahead = isRead ? this.#consumed + UNREAD_BLOCKS : Infinity
    const end = Math.min(this.length + blocks, this.#cut, ahead)
    const asked = this.#window?.end ?? 0
    const isEnough = asked >= end || asked - this.length > blocks / 2
    const isTooMuch = asked > this.#cut || asked - this.length > blocks
    if ((isEnough && !isTooMuch) || end <= this.length) return
    const before = this.#window
    this.#window = { end, range: core.download({ start: this.length, end }) }
    before?.range.destroy()
  }

  #windowBlocks(): number {
    const { length, bytes } = this.#size
    const fit = length > 0 ? Math.floor(WINDOW_BYTES / Math.max(1, bytes / length)) : WINDOW_BLOCKS
    return Math.max(MIN_WINDOW_BLOCKS, Math.min(fit, WINDOW_BLOCKS))
  }

  /** Whether nothing more may come today; then it goes on by itself. */
  #pause(): boolean {
    if (this.#stopPause) return true
    const over = this.#excess()
    if (!over) return false
    const { timers, say } = this.#options
    this.#window?.range.destroy()
    this.#window = null
    this.#stopPause = timers.after(over.until - timers.now(), () => {
      this.#stopPause = null
      this.#advance()
    })
    say('warning', over.sentence)
    return true
  }

  #quarantine(what: string): void {
    const { states, owner, say } = this.#options
    this.close()
    if (states.get(this.core).quarantine !== null) return
    const sentence = `The log of ${owner} ${what}, as after a restored backup; nothing more of it is read. That device begins a new log by itself.`
    say('warning', sentence)
    states
      .save(this.core, { quarantine: sentence })
      .catch((error: unknown) => say('error', `This could not be noted: ${String(error)}.`))
  }

  #stopFetching(): void {
    this.#window?.range.destroy()
    this.#window = null
    this.#stopPause?.()
    this.#stopPause = null
  }
}
