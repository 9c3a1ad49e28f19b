import type { StatsAnswer, StatusAnswer } from '../../core/api.ts'
import type { Api } from './api.ts'

const POLL_MS = 30_000
const BUSY_POLL_MS = 1000
const SOON_MS = 5000
/** After answers that did not come, each wait is twice as long as the last, up to this. */
const LONGEST_POLL_MS = 5 * 60_000

/** How the node itself is doing, asked for now and then: more often while it reads what was there before. */
export class NodeInfo {
  status = $state.raw<StatusAnswer | null>(null)
  /** Of today. */
  stats = $state.raw<StatsAnswer | null>(null)
  /** The version that the node has now, where it is another than when this page was opened; else ''. */
  updatedTo = $state('')
  #version = ''
  readonly #api: Pick<Api, 'get'>
  readonly #day: () => { tz: string; dayStart: number }
  readonly #again: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #soon: ReturnType<typeof setTimeout> | undefined
  #isStopped = false
  /** Of several that are on their way the last one decides when to ask again. */
  #turn = 0
  #failures = 0

  /** `day` tells in which zone, and how many hours after midnight, days begin; `again` has both asked for. */
  constructor(api: Pick<Api, 'get'>, day: () => { tz: string; dayStart: number }, again: () => void) {
    this.#api = api
    this.#day = day
    this.#again = again
  }

  /** Session files read and to read, while the node reads what was there before its start; else null. */
  readonly backfill: { done: number; total: number } | null = $derived.by(() => {
    const running = (this.status?.sources ?? []).flatMap(({ backfill }) => backfill ?? [])
    if (!running.length) return null
    return running.reduce((sum, { done, total }) => ({ done: sum.done + done, total: sum.total + total }))
  })

  /** Asks now, and has it asked for again in a while, also where it fails. Rejects with an ApiError. */
  async refresh(): Promise<void> {
    const turn = ++this.#turn
    clearTimeout(this.#timer)
    let hasCome = false
    try {
      const status = await this.#api.get<StatusAnswer>('status')
      const { version } = status.node
      this.#version ||= version
      this.updatedTo = version === this.#version ? '' : version
      this.status = status
      hasCome = true
    } finally {
      if (turn === this.#turn) this.#askLater(hasCome)
    }
  }

  /** Asks for the sums. Rejects with an ApiError. */
  async refreshStats(): Promise<void> {
    this.stats = await this.#api.get<StatsAnswer>('stats', { days: 1, by: 'source', ...this.#day() })
  }

  /** Something has happened that the sums do not know: asks in a while, once for all that happens until then. */
  refreshSoon(): void {
    if (this.#isStopped) return
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined
      this.#again()
    }, SOON_MS)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#soon)
    clearTimeout(this.#timer)
  }

  #askLater(hasCome: boolean): void {
    this.#failures = hasCome ? 0 : this.#failures + 1
    if (this.#isStopped) return
    const usual = hasCome && this.backfill ? BUSY_POLL_MS : POLL_MS
    const wait = Math.min(LONGEST_POLL_MS, usual * 2 ** Math.max(0, this.#failures - 1))
    this.#timer = setTimeout(this.#again, wait)
  }
}
