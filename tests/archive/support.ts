import { setImmediate as nextTurn } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { Archiver, type ArchiverOptions } from '../../archive/archiver.ts'
import type { ArchiveCursors, ArchivedLog, ArchivedTeam, SignedBlock } from '../../archive/port.ts'
import type { IngestAnswer, IngestBatch, IngestRequest, Rejected } from '../../core/archive.ts'
import type { Timers } from '../../core/timers.ts'

export const START = Date.parse('2026-11-20T08:00:00Z')
export const MINUTE_MS = 60_000

/** Time that moves when the test says so. */
export class TestClock implements Timers {
  #now = START
  #tasks: { at: number; task: () => void }[] = []
  /** How far the clock on the wall has been moved. */
  moved = 0

  readonly now = () => this.#now + this.moved

  after(ms: number, task: () => void): () => void {
    const entry = { at: this.#now + ms, task }
    this.#tasks.push(entry)
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry)
    }
  }

  /** How many things are to be called. */
  get waiting(): number {
    return this.#tasks.length
  }

  /** Lets time pass; what falls due runs at its time, with what follows from it. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    await settled()
    for (;;) {
      const [next] = this.#tasks.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (!next) break
      this.#tasks = this.#tasks.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.at)
      next.task()
      await settled()
    }
    this.#now = end
  }
}

/** Reads, saves and calls so far. */
let doings = 0

/** Resolves when all that can happen without time passing has happened. */
export async function settled(): Promise<void> {
  let before = doings
  for (let quiet = 0; quiet < 8; quiet++) {
    await nextTurn()
    if (doings !== before) quiet = 0
    before = doings
  }
}

/** A device's log. */
export class TestLog implements ArchivedLog {
  readonly core: string
  readonly source: string
  floor = 0
  /** What of `blocks` is here. */
  length = 0
  certificate: Uint8Array | null
  /** What `readSigned` does first. */
  beforeRead: (() => Promise<void> | void) | null = null
  /** How often blocks were read. */
  reads = 0
  readonly #blocks: SignedBlock[] = []
  readonly #listeners = new Set<() => void>()

  constructor(source: string, certificate = `certificate of ${source}`) {
    this.source = source
    this.core = source.padEnd(52, 'y')
    this.certificate = Uint8Array.from(new TextEncoder().encode(certificate))
  }

  /** Appends batches of so many events each; 0 is a block without a batch. */
  append(...batches: number[]): this {
    for (const events of batches) {
      const seq = this.#blocks.length
      const ids = Array.from({ length: events }, (_, i) => `${this.source}/${seq}/${i}`)
      this.appendBody(events === 0 ? null : JSON.stringify(ids), events)
    }
    return this
  }

  appendBody(body: string | null, events = 1): this {
    const seq = this.#blocks.length
    const signature = new TextEncoder().encode(`signature of ${seq}`)
    this.#blocks.push({ seq, batch: body === null ? null : { signature, body, events } })
    this.length = this.#blocks.length
    for (const listener of this.#listeners) listener()
    return this
  }

  /** The ids of the events in its blocks from the `from`th on. */
  ids(from = 0): string[] {
    return this.#blocks
      .slice(from)
      .flatMap(({ batch }) => (batch ? (JSON.parse(batch.body) as string[]) : []))
  }

  async readSigned(seq: number, limit: number): Promise<SignedBlock[]> {
    this.reads++
    doings++
    await this.beforeRead?.()
    await nextTurn()
    if (seq < this.floor) return []
    return this.#blocks.slice(seq, Math.min(seq + limit, this.length))
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Who listens. */
  get listeners(): number {
    return this.#listeners.size
  }
}

export class TestTeam implements ArchivedTeam {
  all: TestLog[]
  theRecords: Uint8Array[] = [new TextEncoder().encode('record of epoch 1')]
  readonly #listeners = new Set<() => void>()

  constructor(...logs: TestLog[]) {
    this.all = logs
  }

  logs(): readonly ArchivedLog[] {
    return this.all.slice()
  }

  certificateOf(log: ArchivedLog): Uint8Array | null {
    return this.all.find(({ core }) => core === log.core)?.certificate ?? null
  }

  records(): readonly Uint8Array[] {
    return this.theRecords.slice()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  changed(): void {
    for (const listener of this.#listeners) listener()
  }

  get listeners(): number {
    return this.#listeners.size
  }
}

/** Cursors that outlive an archiver. */
export class TestCursors implements ArchiveCursors {
  kept = new Map<string, number>()
  saves = 0
  /** Why nothing can be kept. */
  failure: Error | null = null

  async load(): Promise<ReadonlyMap<string, number>> {
    return new Map(this.kept)
  }

  async save(cursors: ReadonlyMap<string, number>): Promise<void> {
    this.saves++
    doings++
    await nextTurn()
    if (this.failure) throw this.failure
    for (const [core, cursor] of cursors) this.kept.set(core, cursor)
  }
}

/** A call as the archive got it. */
export interface Call {
  url: string
  headers: Headers
  bytes: number
  request: IngestRequest
  /** Its batches as `source/seq`. */
  batches: string[]
}

type Answering = (call: Call, signal: AbortSignal) => Response | Promise<Response> | null

export const json = (status: number, answer: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(answer), { status, headers })

export const error = (status: number, code: string, message = `It is ${code}.`): Response =>
  json(status, { error: code, message })

/** What never comes, unless the call is ended. */
export const never = (signal: AbortSignal): Promise<Response> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () =>
      reject(new DOMException('This operation was aborted', 'AbortError')),
    )
  })

/** An archive that keeps each event once. */
export class TestArchive {
  readonly calls: Call[] = []
  /** Each event as often as it was new, which is once. */
  readonly stored: string[] = []
  /** What it does in place of taking a call; null: it takes it. */
  instead: Answering | null = null
  readonly #ids = new Set<string>()

  readonly fetch: typeof fetch = async (url, init) => {
    const bytes = init!.body as Uint8Array
    const request = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as IngestRequest
    const call = {
      url: url instanceof Request ? url.url : url.toString(),
      headers: new Headers(init!.headers),
      bytes: bytes.length,
      request,
      batches: request.batches.map(placeOf),
    }
    this.calls.push(call)
    doings++
    const signal = init!.signal!
    if (signal.aborted) throw signal.reason
    return (await this.instead?.(call, signal)) ?? this.take(call)
  }

  /** Stores what is in a call but for what is rejected. */
  take({ request }: Call, rejected: Rejected[] = []): Response {
    const before = this.stored.length
    request.batches.forEach(({ body }, batch) => {
      ;(JSON.parse(body) as string[]).forEach((id, index) => {
        const isOut = rejected.some((each) => each.batch === batch && (each.index ?? index) === index)
        if (isOut || this.#ids.has(id)) return
        this.#ids.add(id)
        this.stored.push(id)
      })
    })
    const inserted = this.stored.length - before
    return json(200, { inserted, message: 'taken', rejected } satisfies IngestAnswer)
  }
}

/** `ada/3` of a batch in ada's log. */
export function placeOf({ certificate, seq }: IngestBatch): string {
  const source = Buffer.from(certificate, 'base64')
    .toString()
    .replace(/^.* of /, '')
  return `${source}/${seq}`
}

/** An archiver with all that it needs, under the test's control. */
export class Rig {
  readonly clock = new TestClock()
  readonly archive = new TestArchive()
  readonly said: string[] = []
  readonly errors: unknown[] = []
  cursors = new TestCursors()
  changes = 0
  readonly team: TestTeam

  constructor(...logs: TestLog[]) {
    this.team = new TestTeam(...logs)
  }

  /** A new one; it is started. */
  async start(options: Partial<ArchiverOptions> = {}): Promise<Archiver> {
    const archiver = new Archiver({
      team: this.team,
      cursors: this.cursors,
      place: { url: 'https://tea.example/functions/v1', key: null },
      fetch: this.archive.fetch,
      timers: this.clock,
      random: () => 0.5,
      intervalMs: MINUTE_MS,
      retryLimit: 3,
      say: (level, sentence) => this.said.push(`${level}: ${sentence}`),
      onChanged: () => this.changes++,
      onError: (bug) => this.errors.push(bug),
      ...options,
    })
    onTestFinished(async () => {
      const closed = archiver.close()
      await this.clock.pass(20_000)
      await closed
      if (this.errors.length > 0) throw this.errors[0]
    })
    await archiver.start()
    await settled()
    return archiver
  }

  /** How far a log is archived, as kept. */
  cursor(log: TestLog): number {
    return this.cursors.kept.get(log.core) ?? 0
  }
}
