/** The page's time: the node's clock, carried on by this browser's, told once a second. */
export class Clock {
  /** ms since 1970. */
  now = $state(0)
  /** How far this browser's clock is ahead of the node's, ms; negative: behind. */
  aheadMs = $state(0)
  #offset = 0
  readonly #browserNow: () => number

  constructor(browserNow: () => number) {
    this.#browserNow = browserNow
    this.now = browserNow()
  }

  /** The time at this moment, without subscribing to it. */
  at(): number {
    return this.#browserNow() + this.#offset
  }

  /** Takes over the node's time, which another machine's clock may differ from. */
  follow(serverTime: string): void {
    const ms = Date.parse(serverTime)
    if (!Number.isNaN(ms)) {
      this.#offset = ms - this.#browserNow()
      this.aheadMs = -this.#offset
    }
    this.now = this.at()
  }

  start(): () => void {
    const timer = setInterval(() => (this.now = this.at()), 1000)
    return () => clearInterval(timer)
  }
}
