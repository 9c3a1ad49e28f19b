import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Event } from '../../core/events.ts'

/** Events beyond this many are packed: about 60 bytes each instead of 600. */
const MAX_LOOSE = 16_384
/** Events in a pack: small enough to have a few of them open while they are merged. */
const PACK_SIZE = 1_024
/** zlib's fastest: events are repetitive enough for it. */
const LEVEL = 1

interface Pack {
  first: Event
  bytes: Buffer
}

/** Events being drawn from one sorted list. */
interface Cursor {
  events: readonly Event[]
  next: number
}

/** Sorts any number of events by time and then by id, in little memory. */
export class SortedEvents {
  #loose: Event[] = []
  readonly #packs: Pack[] = []

  add(event: Event): void {
    this.#loose.push(event)
    if (this.#loose.length >= MAX_LOOSE) this.#pack()
  }

  /** All events in no order. */
  *all(): Generator<Event> {
    for (const pack of this.#packs) yield* unpacked(pack)
    yield* this.#loose
  }

  /** All events in order. They are gone from here afterwards. */
  *drain(): Generator<Event> {
    const waiting = this.#packs.splice(0).sort((a, b) => compare(b.first, a.first))
    const cursors: Cursor[] = []
    if (this.#loose.length > 0) cursors.push({ events: this.#loose.sort(compare), next: 0 })
    this.#loose = []
    for (;;) {
      let least = leastOf(cursors)
      const pack = waiting.at(-1)
      if (pack && (!least || compare(pack.first, head(least)) < 0)) {
        waiting.pop()
        least = { events: unpacked(pack), next: 0 }
        cursors.push(least)
      }
      if (!least) return
      yield head(least)
      if (++least.next === least.events.length) cursors.splice(cursors.indexOf(least), 1)
    }
  }

  #pack(): void {
    this.#loose.sort(compare)
    for (let from = 0; from < this.#loose.length; from += PACK_SIZE) {
      const events = this.#loose.slice(from, from + PACK_SIZE)
      const bytes = deflateRawSync(JSON.stringify(events), { level: LEVEL })
      this.#packs.push({ first: events[0]!, bytes })
    }
    this.#loose = []
  }
}

function head({ events, next }: Cursor): Event {
  return events[next]!
}

function leastOf(cursors: readonly Cursor[]): Cursor | undefined {
  let least = cursors[0]
  for (const cursor of cursors) {
    if (least && compare(head(cursor), head(least)) < 0) least = cursor
  }
  return least
}

function unpacked({ bytes }: Pack): Event[] {
  // What this process packed itself.
  return JSON.parse(inflateRawSync(bytes).toString()) as Event[]
}

/** Times have one form, so that their text sorts as they do. */
function compare(a: Event, b: Event): number {
  if (a.timestamp !== b.timestamp) return a.timestamp < b.timestamp ? -1 : 1
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
