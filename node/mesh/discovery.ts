import type Hyperswarm from 'hyperswarm'
import { keyText } from '../../core/secrets.ts'
import type { Timers } from '../../core/timers.ts'

/**
 * When the topic is looked up again after a beginning: peers that join at the same moment find nobody, and the swarm
 * itself looks again after ten minutes only.
 */
const SOON_MS = [500, 2000, 5000, 15_000, 30_000, 60_000]
/** From then on, while nobody is connected, and while somebody is. */
const ALONE_MS = 60_000
const IN_COMPANY_MS = 300_000
/** While no node of the DHT answers: that costs one packet a try. */
const CUT_OFF_MS = 10_000
/** Of known peers so many are called directly; those beyond come by the topic. */
export const MAX_PEERS = 64
/** For so long after a call a peer that is not there counts as being connected to. */
const CALLING_MS = 20_000

/** Finds the team's peers: by its topic, and those whose keys are known directly. */
export class Discovery {
  readonly #swarm: Hyperswarm
  readonly #session: Hyperswarm.Discovery
  readonly #timers: Timers
  readonly #isAlone: () => boolean
  /** Peers that are called, by their key's text, and since when. */
  readonly #called = new Map<string, { noise: Uint8Array; at: number }>()
  #step = 0
  #cancel: () => void = () => {}

  constructor(swarm: Hyperswarm, topic: Uint8Array, timers: Timers, isAlone: () => boolean) {
    this.#swarm = swarm
    this.#timers = timers
    this.#isAlone = isAlone
    this.#session = swarm.join(Buffer.from(topic))
    this.#wait()
  }

  /** Begins the schedule anew, as after a sleep or when the last peer has gone. */
  restart(): void {
    this.#step = 0
    this.#cancel()
    this.#wait()
  }

  /** Looks for these peers, besides whom the topic gives, and no longer for those left out. */
  call(noises: readonly Uint8Array[]): void {
    const wanted = new Map(noises.slice(0, MAX_PEERS).map((noise) => [keyText(noise), noise]))
    for (const [text, { noise }] of this.#called) {
      if (wanted.has(text)) continue
      this.#called.delete(text)
      this.#swarm.leavePeer(Buffer.from(noise))
    }
    for (const [text, noise] of wanted) {
      if (this.#called.has(text)) continue
      this.#called.set(text, { noise, at: this.#timers.now() })
      this.#swarm.joinPeer(Buffer.from(noise))
    }
  }

  /** A peer's connection has gone: the swarm tries again by itself. */
  lost(noise: Uint8Array): void {
    const called = this.#called.get(keyText(noise))
    if (called) called.at = this.#timers.now()
  }

  isCalling(noise: Uint8Array): boolean {
    const called = this.#called.get(keyText(noise))
    return called !== undefined && this.#timers.now() - called.at < CALLING_MS
  }

  stop(): void {
    this.#cancel()
  }

  #wait(): void {
    this.#cancel = this.#timers.after(this.#delayMs(), () => {
      this.#step++
      // No node answers: that is told by `reach`, and the next look comes by itself.
      this.#session.refresh().catch(() => undefined)
      // What was announced while no node answered is announced nowhere, and would be again in five minutes only.
      if (this.#swarm.server.relayAddresses.length === 0) this.#swarm.server.refresh()
      // The first calls went out when the peers became known; after a minute they are left to the swarm and the topic.
      if (this.#step > 2 && this.#step <= SOON_MS.length) this.#callAgain()
      this.#wait()
    })
  }

  #delayMs(): number {
    const at = SOON_MS[this.#step]
    const delayMs =
      at === undefined ? (this.#isAlone() ? ALONE_MS : IN_COMPANY_MS) : at - (SOON_MS[this.#step - 1] ?? 0)
    return this.#swarm.dht.toArray().length === 0 ? Math.min(delayMs, CUT_OFF_MS) : delayMs
  }

  #callAgain(): void {
    for (const called of this.#called.values()) {
      called.at = this.#timers.now()
      this.#swarm.joinPeer(Buffer.from(called.noise))
    }
  }
}
