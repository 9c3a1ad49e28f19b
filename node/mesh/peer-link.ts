import type NoiseSecretStream from '@hyperswarm/secret-stream'
import { raw } from 'compact-encoding'
import Protomux from 'protomux'
import type { Timers } from '../../core/timers.ts'
import type { RefusedReason } from './port.ts'

/** The gate's channel; its handshake and its messages are raw bytes. */
const GATE_PROTOCOL = 'vibetea/gate/1'
/** What a peer may send before it has passed the gate; the longest handshake is far below it. */
const MAX_BYTES_BEFORE_GATE = 256 * 1024
/** What may wait for a peer that does not read. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
/** How long a peer may take nothing of what waits for it. */
const MAX_STALL_MS = 30_000
/** A connection on which nothing comes for so long is dead: the other end sends a sign of life every 5 s. */
export const SILENCE_MS = 15_000

/** What a link tells. Nothing is called once it is closed. */
export interface LinkEvents<Kind> {
  /** The peer's handshake came: to be judged before this returns. */
  opened(handshake: Uint8Array): void
  received(kind: Kind, bytes: Uint8Array): void
  /** The peer broke a limit. */
  refused(reason: RefusedReason): void
}

/** The gate's channel on one connection, with bounds on what a peer can make this node hold. */
export class PeerLink<Kind extends string> {
  readonly stream: NoiseSecretStream
  readonly #messages: ReadonlyMap<Kind, Protomux.Message<Uint8Array>>
  readonly #events: LinkEvents<Kind>
  readonly #timers: Timers
  #hasPassed = false
  #bytesBefore = 0
  #waitingBytes = 0
  #cancelStall: (() => void) | null = null
  #isClosed = false

  /** `kinds` in the order of the protocol. The stream's other user, the store, may come once the gate is passed. */
  constructor(
    stream: NoiseSecretStream,
    kinds: readonly Kind[],
    handshake: Uint8Array,
    events: LinkEvents<Kind>,
    timers: Timers,
  ) {
    this.stream = stream
    this.#events = events
    this.#timers = timers
    stream.setTimeout(SILENCE_MS)
    stream.on('close', () => this.#closed())
    stream.rawStream.on('data', this.#count)
    const channel = Protomux.from(stream).createChannel<Uint8Array>({
      protocol: GATE_PROTOCOL,
      handshake: raw,
      onopen: (bytes) => {
        if (!this.#isClosed) events.opened(bytes)
      },
      onclose: () => this.destroy(),
      ondrain: () => this.#drained(),
    })
    if (!channel) throw new Error('a connection has one gate')
    this.#messages = new Map(
      kinds.map((kind) => [
        kind,
        channel.addMessage({
          encoding: raw,
          onmessage: (bytes) => {
            if (!this.#isClosed) events.received(kind, bytes)
          },
        }),
      ]),
    )
    channel.open(handshake)
  }

  /** The peer has shown that it belongs here: it may send as much as it wants from now on. */
  pass(): void {
    this.#hasPassed = true
    this.stream.rawStream.off('data', this.#count)
  }

  get hasPassed(): boolean {
    return this.#hasPassed
  }

  send(kind: Kind, bytes: Uint8Array): void {
    if (this.#isClosed) return
    if (this.#messages.get(kind)!.send(bytes)) return
    this.#waitingBytes += bytes.length
    this.#cancelStall ??= this.#timers.after(MAX_STALL_MS, () => this.#refuse('too_slow'))
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#refuse('too_slow')
  }

  /** Drops the connection unless something comes within `ms`, now and from then on. */
  expectLife(ms: number): void {
    if (this.#isClosed) return
    this.stream.sendKeepAlive()
    this.stream.setTimeout(ms)
  }

  destroy(): void {
    this.#closed()
    this.stream.destroy()
  }

  #count = (chunk: Uint8Array): void => {
    this.#bytesBefore += chunk.length
    if (this.#bytesBefore > MAX_BYTES_BEFORE_GATE) this.#refuse('message_too_large')
  }

  #drained(): void {
    this.#waitingBytes = 0
    this.#cancelStall?.()
    this.#cancelStall = null
  }

  #refuse(reason: RefusedReason): void {
    if (this.#isClosed) return
    this.#events.refused(reason)
    this.destroy()
  }

  #closed(): void {
    this.#isClosed = true
    this.#drained()
  }
}
