import type { EventRow } from '../../core/api.ts'
import { handleOf } from '../../core/handle.ts'
import { describe } from './describe.ts'
import { nameList } from './name-list.ts'
import { plural } from './time.ts'

const NAMES = 3
type NameOf = (source: string) => string

const byName = (names: readonly string[]): string =>
  nameList(
    [...names].sort((a, b) => a.localeCompare(b)),
    NAMES,
    'other',
    'others',
  )

/** What some events come to, for who listens: how many, whose, what began and what is asked. */
export function digestOf(rows: readonly EventRow[], nameOf: NameOf): string {
  const sentences = [
    `${plural(rows.length, 'event')} from ${byName(rows.map(({ source }) => nameOf(source)))}`,
  ]
  for (const row of rows) {
    const { eventType, payload, source } = row
    if (eventType === 'session' && payload.action === 'started') {
      sentences.push(`${nameOf(source)} started ${payload.project}`)
    }
    const line = describe(row)
    if (line.tone === 'asks')
      sentences.push(`${handleOf(payload.sessionId)} of ${nameOf(source)} ${line.main}`)
  }
  return `${[...new Set(sentences)].join('. ')}.`
}

/** The errors among some events, each once; '' where there is none. */
export function errorsOf(rows: readonly EventRow[], nameOf: NameOf): string {
  const errors = rows.filter(({ eventType }) => eventType === 'error')
  const words = errors.map((row) => `${describe(row).main}, ${nameOf(row.source)}, ${row.payload.project}`)
  return words.length ? `Error: ${[...new Set(words)].join('. ')}.` : ''
}

interface AnnouncerOptions {
  /** What to say of the events since the last time; '' for nothing. */
  say: (rows: readonly EventRow[]) => string
  /** At least so long from one announcement to the next, ms. */
  everyMs: number
  /** How long to wait for more before the first, ms. */
  firstMs: number
  now: () => number
}

/** Puts events into words now and then. */
export class Announcer {
  words = $state('')
  #rows: EventRow[] = []
  #saidAt = -Infinity
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #options: AnnouncerOptions

  constructor(options: AnnouncerOptions) {
    this.#options = options
  }

  take(rows: readonly EventRow[]): void {
    if (!rows.length) return
    this.#rows.push(...rows)
    const { everyMs, firstMs, now } = this.#options
    this.#timer ??= setTimeout(() => this.#say(), Math.max(firstMs, this.#saidAt + everyMs - now()))
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #say(): void {
    this.#timer = undefined
    this.#saidAt = this.#options.now()
    this.words = this.#options.say(this.#rows)
    this.#rows = []
  }
}
