import {
  MAX_INGEST_BYTES,
  MAX_INGEST_CERTIFICATES,
  MAX_INGEST_EVENTS,
  MAX_INGEST_RECORDS,
} from '../core/archive.ts'
import type { FollowedLog } from './followed-log.ts'
import type { SignedBlock } from './port.ts'

/** Blocks of a log that come after one another: once they are archived, its cursor moves from `from` to `end`. */
export interface Entry {
  readonly followed: FollowedLog
  readonly from: number
  end: number
  /** The batch in the last of them but those that hold none; null where none of them holds one. */
  batch: EntryBatch | null
}

export interface EntryBatch {
  readonly events: number
  readonly certificate: string
  /** As it stands in the call, UTF-8. */
  readonly json: Uint8Array
}

/** What goes around batches and records. */
const FRAME_BYTES = 64
/** Records take at most half of a call: a call of them alone is seldom needed. */
const MAX_RECORD_BYTES = MAX_INGEST_BYTES / 2

const encoder = new TextEncoder()

/** What one call sends; filled until something more does not fit. */
export class Request {
  /** base64. */
  readonly records: readonly string[]
  readonly #entries: Entry[] = []
  readonly #certificates = new Set<string>()
  #batches = 0
  #events = 0
  #bytes = FRAME_BYTES
  #isFull = false

  constructor(records: readonly string[] = [], entries: readonly Entry[] = []) {
    this.records = records
    for (const record of records) this.#bytes += record.length + 3
    for (const entry of entries) this.#add(entry)
  }

  get entries(): readonly Entry[] {
    return this.#entries
  }

  get batches(): number {
    return this.#batches
  }

  /** Whether it does not get any fuller. */
  get isFull(): boolean {
    return this.#isFull || this.#events >= MAX_INGEST_EVENTS || this.#batches >= MAX_INGEST_EVENTS
  }

  get logs(): ReadonlySet<FollowedLog> {
    return new Set(this.#entries.filter(({ batch }) => batch).map(({ followed }) => followed))
  }

  /** Takes the next block of a log; false where it does not fit. The first always does: the archive says the rest. */
  add(followed: FollowedLog, { seq, batch }: SignedBlock): boolean {
    const last = this.#entries.at(-1)
    if (batch) {
      const certificate = followed.certificate!
      if (this.#batches > 0 && !this.#hasRoom(batch.events, batch.body.length, certificate))
        return this.#full()
      const { signature, body } = batch
      const text = { certificate, seq, signature: Buffer.from(signature).toString('base64'), body }
      const json = encoder.encode(JSON.stringify(text))
      if (this.#batches > 0 && !this.#hasRoom(batch.events, json.length, certificate)) return this.#full()
      const entry = { events: batch.events, certificate, json }
      this.#add({ followed, from: followed.next, end: seq + 1, batch: entry })
    } else if (last?.followed === followed) {
      last.end = seq + 1
    } else {
      this.#add({ followed, from: followed.next, end: seq + 1, batch: null })
    }
    followed.next = seq + 1
    return true
  }

  /** The same with records, where they fit; null where they do not. */
  with(records: readonly string[]): Request | null {
    const request = new Request(records, this.#entries)
    return request.#bytes <= MAX_INGEST_BYTES ? request : null
  }

  /** What of it still follows on the logs' cursors, of all its logs or of one. */
  remaining(of?: FollowedLog): Request {
    const ends = new Map<FollowedLog, number>()
    const entries = this.#entries.filter(({ followed, from, end }) => {
      const at = ends.get(followed) ?? followed.cursor
      if (from > at || (of && of !== followed)) return false
      ends.set(followed, Math.max(at, end))
      return true
    })
    return new Request(this.records, entries)
  }

  /** Two smaller ones that say the same; none where there is nothing to part. */
  halves(): Request[] {
    const { records } = this
    const entries = this.#entries
    if (this.#batches > 1) {
      const middle = halfOf(entries)
      return [new Request(records, entries.slice(0, middle)), new Request([], entries.slice(middle))]
    }
    if (records.length > 0 && this.#batches > 0) return [new Request(records), new Request([], entries)]
    if (records.length < 2) return []
    const middle = records.length >> 1
    return [new Request(records.slice(0, middle)), new Request(records.slice(middle))]
  }

  /** The JSON, UTF-8. */
  body(): Uint8Array<ArrayBuffer> {
    const records = this.records.length > 0 ? `"records":${JSON.stringify(this.records)},` : ''
    const batches = this.#entries.flatMap(({ batch }) => (batch ? [batch.json] : []))
    const head = encoder.encode(`{${records}"batches":[`)
    const commas = Math.max(0, batches.length - 1)
    const out = new Uint8Array(batches.reduce((sum, json) => sum + json.length, head.length + commas + 2))
    out.set(head)
    let at = head.length
    for (const [i, json] of batches.entries()) {
      if (i > 0) out[at++] = COMMA
      out.set(json, at)
      at += json.length
    }
    out.set(END, at)
    return out
  }

  #hasRoom(events: number, bytes: number, certificate: string): boolean {
    return (
      this.#events + events <= MAX_INGEST_EVENTS &&
      this.#bytes + bytes + 1 <= MAX_INGEST_BYTES &&
      (this.#certificates.has(certificate) || this.#certificates.size < MAX_INGEST_CERTIFICATES)
    )
  }

  #full(): false {
    this.#isFull = true
    return false
  }

  #add(entry: Entry): void {
    this.#entries.push(entry)
    if (!entry.batch) return
    this.#batches++
    this.#events += entry.batch.events
    this.#bytes += entry.batch.json.length + 1
    this.#certificates.add(entry.batch.certificate)
  }
}

const COMMA = 0x2c
const END = encoder.encode(']}')

/** The place that parts the batches in two. */
function halfOf(entries: readonly Entry[]): number {
  const places = entries.flatMap(({ batch }, place) => (batch ? [place] : []))
  return places[places.length >> 1]!
}

/** Records in parts of which each fits into a call, in their order. */
export function recordParts(records: readonly Uint8Array[]): string[][] {
  const parts: string[][] = []
  let bytes = 0
  for (const record of records) {
    const text = Buffer.from(record).toString('base64')
    const last = parts.at(-1)
    bytes += text.length
    if (last && last.length < MAX_INGEST_RECORDS && bytes <= MAX_RECORD_BYTES) {
      last.push(text)
    } else {
      parts.push([text])
      bytes = text.length
    }
  }
  return parts
}
