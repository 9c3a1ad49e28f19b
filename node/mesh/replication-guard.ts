import type NoiseSecretStream from '@hyperswarm/secret-stream'
import Protomux from 'protomux'
import type { RefusedReason } from './port.ts'

/** How Hypercore's channels are called, and the places of their messages on the wire. */
const REPLICATION = 'hypercore/alpha'
const SYNC = 0
const REQUEST = 1
const CANCEL = 2
const DATA = 3
const BITFIELD = 7
const RANGE = 8

/** No log gets this long: at 200,000 blocks a day it would take 29 years. */
const MAX_LENGTH = 2 ** 31
/**
 * Hypercore keeps which blocks a peer has in pages of so many blocks, 4 KiB each, and makes all that a peer speaks of. A
 * peer that has a log from its beginning on needs none.
 */
const PAGE_BLOCKS = 32_768
const MAX_PAGES = 2048
/** What a peer may ask for while it does not read the answers: some logs at once, each in Hypercore's largest window. */
const MAX_UNREAD_REQUESTS = 32_768
/** Requests that are answered at a time: Hypercore would read the blocks of all at once. */
const MAX_ANSWERING = 32

/** What a message says, as far as it matters here. */
type Content = Partial<
  Record<'fork' | 'length' | 'remoteLength' | 'start', number> & { drop: boolean; bitfield: Uint32Array }
>

/**
 * Stands before Hypercore's replication on a connection. Hypercore believes what a peer says of a log: one message can
 * make it fill the memory, and an odd one ends the process. Here such a message, or one at which Hypercore throws,
 * ends the connection. To be called before logs are replicated over it.
 */
export function guardReplication(stream: NoiseSecretStream, refuse: (reason: RefusedReason) => void): void {
  const mux = Protomux.from(stream)
  const createChannel = mux.createChannel.bind(mux)
  const use = { pages: 0 }
  let channels = 0
  const requests = new Requests(mux)
  const refuseOne = (reason: RefusedReason) => {
    if (!stream.destroyed) refuse(reason)
  }
  mux.createChannel = (options) => {
    if (options.protocol !== REPLICATION || !options.messages) return createChannel(options)
    const pages = new Set<number>()
    const number = channels++
    const messages = options.messages.map((message, kind) => ({
      ...message,
      async onmessage(content: never, channel: never) {
        const reason = whyRefused(kind, content, pages, use)
        if (reason) return refuseOne(reason)
        const pass = async () => {
          try {
            await message.onmessage?.(content, channel)
          } catch {
            refuseOne('malformed_message') // whatever Hypercore says of it, this peer has sent it
          }
        }
        if (kind === CANCEL) requests.cancel(`${number} ${(content as { request: number }).request}`)
        if (kind !== REQUEST) return pass()
        if (!requests.add(`${number} ${(content as { id: number }).id}`, pass)) refuseOne('too_slow')
      },
    }))
    return createChannel({ ...options, messages })
  }
}

/** What a peer asks for, some of it at a time. */
class Requests {
  readonly #mux: { readonly drained: boolean }
  /** By channel and id, in their order. */
  readonly #waiting = new Map<string, () => Promise<void>>()
  #answering = 0
  /** Those that Hypercore keeps until the peer reads. */
  #unread = 0

  constructor(mux: { readonly drained: boolean }) {
    this.#mux = mux
  }

  /** false: there are too many. */
  add(key: string, pass: () => Promise<void>): boolean {
    if (this.#mux.drained) this.#unread = 0
    if (this.#waiting.size + this.#unread >= MAX_UNREAD_REQUESTS) return false
    this.#waiting.set(key, pass)
    this.#answer()
    return true
  }

  cancel(key: string): void {
    this.#waiting.delete(key)
  }

  #answer(): void {
    for (const [key, pass] of this.#waiting) {
      if (this.#answering >= MAX_ANSWERING) return
      this.#waiting.delete(key)
      if (!this.#mux.drained) this.#unread++
      this.#answering++
      void pass().finally(() => {
        this.#answering--
        this.#answer()
      })
    }
  }
}

/** `pages` are those that the peer spoke of in this log, `use` counts them in all logs of the connection. */
function whyRefused(
  kind: number,
  content: Content,
  pages: Set<number>,
  use: { pages: number },
): RefusedReason | null {
  const { fork = 0, length = 0, remoteLength = 0, start = 0, drop = false, bitfield } = content
  const blocks = bitfield ? bitfield.length * 32 : length
  // No log of a team is ever rewritten, and on the way that takes Hypercore does not look at what it is given.
  if ((kind === SYNC || kind === DATA) && fork > 0) return 'malformed_message'
  if (kind === SYNC && Math.max(length, remoteLength) > MAX_LENGTH) return 'malformed_message'
  if (kind !== BITFIELD && kind !== RANGE) return null
  if (start + blocks > MAX_LENGTH) return 'malformed_message'
  if (kind === RANGE && (drop || start === 0)) return null
  const last = Math.floor((start + blocks) / PAGE_BLOCKS)
  for (let page = Math.floor(start / PAGE_BLOCKS); page <= last; page++) {
    if (pages.has(page)) continue
    if (++use.pages > MAX_PAGES) return 'too_many_messages'
    pages.add(page)
  }
  return null
}
