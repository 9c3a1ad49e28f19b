import type { Gap, Meeting, MeetingsAnswer, TimelineAnswer, TimelineSession } from '../../core/api.ts'
import type { Params } from './api.ts'
import { Load } from './load.svelte.ts'
import { keyOf } from './sessions.svelte.ts'
import type { Asked } from './timeline.ts'

/** Who met in which file is asked for this often; who is in one now is known at once. */
const MEETINGS_MS = 30_000

export interface TimelineOptions {
  get: <T>(path: string, params: Params) => Promise<T>
  /** ms since 1970. */
  now: () => number
  isHidden: () => boolean
}

/** What the node tells of a time: asked for when another is shown, and again a while after something has come. */
export class TimelineData {
  sessions = $state.raw<TimelineSession[]>([])
  /** Sessions that were left out, for there are too many. */
  more = $state(0)
  gaps = $state.raw<Gap[]>([])
  meetings = $state.raw<Meeting[]>([])
  readonly load: Load
  /** The meetings alone: what else is shown does not need them. */
  readonly meetingsLoad: Load
  readonly #options: TimelineOptions
  #asked: Asked | null = null
  /** What is shown, as text, by `keyOf`. */
  #texts = new Map<string, { row: TimelineSession; text: string }>()
  /** Of which time meetings were asked for, and when. */
  #meetingsOf: Asked | null = null
  #meetingsAt = -Infinity
  #timer: ReturnType<typeof setTimeout> | undefined
  #isWanted = false
  /** Calls that are on their way. */
  #asking = 0

  constructor(options: TimelineOptions) {
    this.#options = options
    this.load = new Load(() => this.#read())
    this.meetingsLoad = new Load(() => this.#readMeetings())
  }

  /** Shows another time. */
  ask(asked: Asked): void {
    this.#asked = asked
    void this.#again()
  }

  /** Something has come that may belong here; a hidden page asks when it is seen again. */
  soon(): void {
    this.#isWanted = true
    if (!this.#asked || this.#asking || this.#options.isHidden()) return
    this.#timer ??= setTimeout(() => void this.#again(), this.#pauseMs)
  }

  /** Somebody came to a file, or left it. */
  met(): void {
    this.#meetingsAt = -Infinity
    this.soon()
  }

  /** The page is seen again, or an answer has come: what came meanwhile is asked for. */
  seen(): void {
    if (this.#isWanted) this.soon()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#asked = null
    this.load.stop()
    this.meetingsLoad.stop()
  }

  /** A pixel of a day is a minute: there is no hurry. */
  get #pauseMs(): number {
    const { from, to } = this.#asked!
    return Math.max(1000, (to - from) / 7200)
  }

  async #again(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isWanted = false
    this.#asking++
    const { now } = this.#options
    const wantsMeetings = this.#asked !== this.#meetingsOf || now() - this.#meetingsAt > MEETINGS_MS
    await Promise.all([this.load.again(), wantsMeetings && this.meetingsLoad.again()])
    this.#asking--
    this.seen()
  }

  async #read(): Promise<void> {
    const asked = this.#asked
    if (!asked) return
    const { from, to, stepMs } = asked
    const answer = await this.#options.get<TimelineAnswer>('timeline', { from, to, step: stepMs / 1000 })
    if (!this.#isShown(asked)) return
    this.sessions = this.#kept(answer.sessions)
    this.more = answer.more
    this.gaps = answer.gaps
  }

  async #readMeetings(): Promise<void> {
    const asked = this.#asked
    if (!asked) return
    const { from, to } = asked
    this.#meetingsOf = asked
    this.#meetingsAt = this.#options.now()
    const { overlaps } = await this.#options.get<MeetingsAnswer>('overlaps', { from, to })
    if (this.#isShown(asked)) this.meetings = [...overlaps]
  }

  /** What has not changed stays the same object: then nothing that hangs on it is worked out anew. */
  #kept(fresh: readonly TimelineSession[]): TimelineSession[] {
    const before = this.#texts
    this.#texts = new Map()
    return fresh.map((row) => {
      const key = keyOf(row)
      const text = JSON.stringify(row)
      const known = before.get(key)
      const entry = known?.text === text ? known : { row, text }
      this.#texts.set(key, entry)
      return entry.row
    })
  }

  /** While an answer is on its way, another time may come to be shown. */
  #isShown(asked: Asked): boolean {
    return asked === this.#asked
  }
}
