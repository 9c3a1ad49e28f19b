import { ApiError } from './api.ts'

/** Who waits longer than this is told so. */
const SLOW_MS = 1000

/**
 * Something that a panel reads of the node: how that goes, and how to try it again. What came earlier stays while it is
 * read anew, also where that fails.
 */
export class Load {
  state = $state<'idle' | 'loading' | 'ready' | 'failed'>('idle')
  /** On its way for more than a second. */
  isSlow = $state(false)
  /** Whether it has come at least once. */
  hasCome = $state(false)
  /** Why it did not come, a sentence; '' while it has not failed. */
  problem = $state('')
  /** The code of an answer that refuses, `invalid_request`; '' where there was none. */
  code = $state('')
  /** Whether it failed as no node answered at all, which the connection's banner says for all panels. */
  isAway = $state(false)
  readonly #work: () => Promise<unknown>
  #turn = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `work` reads and takes over what came; it rejects where it could not. */
  constructor(work: () => Promise<unknown>) {
    this.#work = work
  }

  /** Reads now. Never rejects; of several at once the last one counts. */
  async run(): Promise<void> {
    this.state = 'loading'
    await this.#read()
  }

  /** Reads as nobody has asked for it: of what failed before it is said until it has come. Never rejects. */
  async again(): Promise<void> {
    if (this.state !== 'failed') this.state = 'loading'
    await this.#read()
  }

  /** Waits no longer. */
  stop(): void {
    clearTimeout(this.#timer)
    this.isSlow = false
  }

  async #read(): Promise<void> {
    const turn = ++this.#turn
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => (this.isSlow = true), SLOW_MS)
    let failure: unknown = null
    try {
      await this.#work()
    } catch (error) {
      failure = error
    }
    if (turn !== this.#turn) return
    this.stop()
    this.isAway = failure instanceof ApiError && (failure.status === 0 || failure.status === 401)
    this.problem = failure ? sentenceOf(failure) : ''
    this.code = failure instanceof ApiError ? failure.code : ''
    this.state = failure ? 'failed' : 'ready'
    this.hasCome ||= !failure
  }
}

function sentenceOf(failure: unknown): string {
  if (failure instanceof ApiError) return failure.message
  return 'The node’s answer is not one that this page understands.'
}
