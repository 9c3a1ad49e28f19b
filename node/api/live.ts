import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Timers } from '../../core/timers.ts'
import type { Backend } from './backend.ts'
import { missingToken, SUBPROTOCOL, socketTokenOf } from './credentials.ts'
import { guard, pathOf } from './guard.ts'
import { check, liveParameters, queryOf } from './parameters.ts'
import { Refusal, shown } from './refusal.ts'
import type { ApiLog } from './routes.ts'
import { Subscriber } from './subscriber.ts'
import type { Tokens } from './tokens.ts'

/** Clients have nothing to say; this is what they may. */
const MAX_FRAME_BYTES = 64 * 1024
const MAX_CLIENTS = 100
/** A client that has not answered a ping by the next one is gone. */
const PING_MS = 30_000
/** How long a client may take to say goodbye when the node stops. */
const GOODBYE_MS = 100

const GOING_AWAY = 1001
const INTERNAL_ERROR = 1011

export interface LiveOptions {
  backend: Pick<Backend, 'live'>
  tokens: Tokens
  clock: Timers
  log: ApiLog
}

/** The WebSocket of the local API: lets clients in and gives each its `Subscriber`. */
export class LiveServer {
  readonly #options: LiveOptions
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
  })
  /** Who is here, and whether it has given a sign of life since the last ping. */
  readonly #clients = new Map<WebSocket, { isAlive: boolean }>()
  #stopPings: (() => void) | null = null
  #isClosed = false

  constructor(options: LiveOptions) {
    this.#options = options
  }

  /** Takes a request to upgrade. Throws a `Refusal`, with the socket untouched. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    guard(request)
    if (pathOf(request) !== '/ws') {
      throw new Refusal(
        404,
        'not_found',
        `There is no WebSocket at "${shown(pathOf(request))}"; it is at /ws.`,
      )
    }
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
    const token = socketTokenOf(request.headers.authorization, offered)
    if (!this.#options.tokens.accepts(token ?? '')) throw missingToken()
    if (offered[0] !== '' && !offered.includes(SUBPROTOCOL)) {
      throw new Refusal(400, 'invalid_request', `The subprotocol must be "${SUBPROTOCOL}".`)
    }
    const query = queryOf(new URL(request.url!, 'http://127.0.0.1').searchParams)
    const { after, interval, ...filter } = check(liveParameters, query)
    if (this.#isClosed || this.#clients.size >= MAX_CLIENTS) {
      throw new Refusal(503, 'too_many_clients', `At most ${MAX_CLIENTS} clients may listen at a time.`)
    }

    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      const subscriber = new Subscriber({
        feed: this.#options.backend.live,
        filter,
        ...(after !== undefined && { after }),
        intervalMs: interval,
        clock: this.#options.clock,
        send: (text) => client.send(text),
        bufferedBytes: () => client.bufferedAmount,
      })
      this.#join(client, subscriber)
    })
  }

  /** Says goodbye to all clients and cuts off those that do not answer. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#stopPings?.()
    const clients = [...this.#clients.keys()]
    for (const client of clients) client.close(GOING_AWAY, 'the node stops')
    const allGone = Promise.all(
      clients.map((client) => new Promise((resolve) => client.once('close', resolve))),
    )
    const stopTimer = this.#options.clock.after(GOODBYE_MS, () => {
      for (const client of clients) client.terminate()
    })
    await allGone
    stopTimer()
  }

  #join(client: WebSocket, subscriber: Subscriber): void {
    const life = { isAlive: true }
    this.#clients.set(client, life)
    client.on('pong', () => (life.isAlive = true))
    client.on('close', () => {
      this.#clients.delete(client)
      subscriber.stop()
    })
    // A frame that breaks the protocol or is too large; `ws` has closed the socket with the code for it.
    client.on('error', () => subscriber.stop())
    subscriber.start().catch((error: unknown) => {
      this.#options.log.error({ err: error }, 'rows for a WebSocket could not be read')
      client.close(INTERNAL_ERROR, 'the node could not read the rows')
    })
    this.#stopPings ??= this.#options.clock.after(PING_MS, () => this.#pingAll())
  }

  #pingAll(): void {
    for (const [client, life] of this.#clients) {
      if (!life.isAlive) client.terminate()
      life.isAlive = false
      if (client.readyState === client.OPEN) client.ping()
    }
    this.#stopPings =
      this.#clients.size > 0 ? this.#options.clock.after(PING_MS, () => this.#pingAll()) : null
  }
}
