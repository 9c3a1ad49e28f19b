import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import {
  ARCHIVE_ERRORS,
  ARCHIVE_RETENTION_MS,
  MAX_INGEST_BYTES,
  MAX_INGEST_CERTIFICATES,
  MAX_INGEST_EVENTS,
  MAX_INGEST_RECORDS,
  type ArchiveError,
  type IngestAnswer,
  type IngestRequest,
  type Rejected,
} from '../../core/archive.ts'
import type { Event } from '../../core/events.ts'

/** A call as it came. */
export interface IngestCall {
  headers: IncomingMessage['headers']
  /** What was asked for, `/functions/v1/ingest`. */
  path: string
  request: IngestRequest
}

/** A team's archive, as far as who feeds it sees it: `ingest` behind its gateway. It checks no signature. */
export class FakeIngest {
  readonly calls: IngestCall[] = []
  /** By source and id, each once. */
  readonly rows = new Map<string, Event>()
  /** What it does in place of answering; false: it answers after all. */
  instead: ((response: ServerResponse, call: IngestCall) => boolean) | null = null
  #hasRecords = false
  readonly #server: Server

  private constructor() {
    this.#server = createServer((incoming, response) => {
      // Whoever is killed while it sends gets no answer.
      this.#take(incoming, response).catch(() => response.destroy())
    })
  }

  /** Starts one on a port of its own; it ends with the test. */
  static async start(): Promise<FakeIngest> {
    const archive = new FakeIngest()
    await new Promise<void>((resolve) => archive.#server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => archive.stop())
    return archive
  }

  /** The base of its functions. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/functions/v1`
  }

  /** What it holds, sorted, as `Laptop.ids` names it. */
  ids(): string[] {
    return [...this.rows.keys()].sort()
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of incoming) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    const { headers, url: path = '' } = incoming
    const call = { headers, path, request: JSON.parse(body.toString()) as IngestRequest }
    this.calls.push(call)
    if (this.instead?.(response, call)) return
    if (incoming.method !== 'POST' || path !== '/functions/v1/ingest')
      return refuse(response, 404, 'NOT_FOUND')
    const error = this.#errorIn(call.request, body.length)
    if (error) return refuse(response, ARCHIVE_ERRORS[error], error)
    answer(response, 200, this.#store(call.request))
  }

  #errorIn({ records = [], batches }: IngestRequest, bytes: number): ArchiveError | null {
    const events = batches.reduce((sum, { body }) => sum + eventsOf(body).length, 0)
    const certificates = new Set(batches.map(({ certificate }) => certificate)).size
    if (bytes > MAX_INGEST_BYTES || certificates > MAX_INGEST_CERTIFICATES) return 'batch_too_large'
    if (Math.max(events, batches.length) > MAX_INGEST_EVENTS || records.length > MAX_INGEST_RECORDS)
      return 'batch_too_large'
    if (records.length === 0 && batches.length === 0) return 'empty_batch'
    this.#hasRecords ||= records.length > 0
    return this.#hasRecords ? null : 'unknown_source'
  }

  #store({ batches }: IngestRequest): IngestAnswer {
    const before = this.rows.size
    const rejected: Rejected[] = []
    const oldest = Date.now() - ARCHIVE_RETENTION_MS
    for (const [batch, { body }] of batches.entries()) {
      for (const [index, event] of eventsOf(body).entries()) {
        if (Date.parse(event.timestamp) < oldest) rejected.push({ batch, index, error: 'too_old' })
        else this.rows.set(`${event.source} ${event.id}`, event)
      }
    }
    return { inserted: this.rows.size - before, message: 'taken', rejected }
  }
}

const eventsOf = (body: string) => JSON.parse(body) as Event[]

function refuse(response: ServerResponse, status: number, error: string): void {
  answer(response, status, { error, message: `No: ${error}.` })
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
