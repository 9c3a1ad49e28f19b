import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { HourCount } from '../../core/buckets.ts'

/** A team's archive, as far as whoever reads it sees it: the `query` function behind its gateway. */
export class FakeArchive {
  aggregates: HourCount[] = []
  /** What it does in place of answering. */
  instead: ((response: ServerResponse) => void) | null = null
  readonly asked: IncomingMessage[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      this.asked.push(request)
      if (this.instead) return this.instead(response)
      const status = request.headers.authorization === 'Bearer subscriber-token' ? 200 : 401
      const answer =
        status === 200
          ? { aggregates: this.aggregates, meta: { totalCount: 1, daysRequested: 30, fetchedAt: 'now' } }
          : { error: 'invalid_token', message: 'no' }
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    })
  }

  /** Starts one on a port of its own; it ends with the test. */
  static async start(): Promise<FakeArchive> {
    const archive = new FakeArchive()
    await new Promise<void>((resolve) => archive.#server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => archive.stop())
    return archive
  }

  /** The base of its functions. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/functions/v1`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
