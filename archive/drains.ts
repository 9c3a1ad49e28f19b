/** Those who wait until everything is sent. */
export class Drains {
  readonly #waiting = new Set<Drain>()

  /** Who waits now. */
  get all(): readonly Drain[] {
    return [...this.#waiting]
  }

  /** Waits until told; rejects with the reason of `signal` where that comes first. */
  async wait(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const { promise, ...drain } = promised()
    const abort = () => drain.reject(signal!.reason as Error)
    signal?.addEventListener('abort', abort, { once: true })
    this.#waiting.add(drain)
    try {
      await promise
    } finally {
      this.#waiting.delete(drain)
      signal?.removeEventListener('abort', abort)
    }
  }

  reject(error: Error): void {
    for (const drain of this.#waiting) drain.reject(error)
  }
}

export interface Drain {
  resolve: () => void
  reject: (error: Error) => void
}

function promised(): Drain & { promise: Promise<void> } {
  let parts: Drain | undefined
  const promise = new Promise<void>((resolve, reject) => (parts = { resolve, reject }))
  return { promise, ...parts! }
}
