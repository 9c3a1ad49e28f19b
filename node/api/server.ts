import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { VibeTeaError } from '../../core/errors.ts'
import type { Timers } from '../../core/timers.ts'
import type { Backend } from './backend.ts'
import { guard } from './guard.ts'
import { SECURITY_HEADERS } from './headers.ts'
import { LiveServer } from './live.ts'
import { Refusal, sendRawRefusal, sendRefusal } from './refusal.ts'
import { asRefusal, routes, type ApiLog } from './routes.ts'
import { readStaticFiles } from './static-files.ts'
import type { Tokens } from './tokens.ts'

/** Never another one: remote use is `ssh -L`. */
const ADDRESS = '127.0.0.1'
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** How long answers that are under way may take when the node stops. */
const CLOSE_MS = 250

export interface ApiOptions {
  backend: Backend
  /** 0 picks one that is free. */
  port: number
  /** The built dashboard. */
  uiDirectory: string
  tokens: Tokens
  clock: Timers
  version: string
  log: ApiLog
}

export interface Api {
  /** `http://127.0.0.1:<port>`: the number, for `localhost` may be someone else's `[::1]`. */
  url: string
  port: number
  /** Ends WebSockets and the server, well within a second. */
  close(): Promise<void>
}

/**
 * Starts the local API and the dashboard on 127.0.0.1. Throws a `VibeTeaError`: `port_in_use`, `port_not_allowed`,
 * `dashboard_missing`.
 */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { port, uiDirectory, log, clock } = options
  const files = readStaticFiles(uiDirectory)
  let url = ''
  const app = routes({ ...options, files, url: () => url })
  const live = new LiveServer(options)
  const answer = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    // Only for addresses that cannot be read: what goes wrong in a route is answered there.
    errorHandler: () =>
      Response.json(new Refusal(400, 'invalid_request', 'The address cannot be read.').body, { status: 400 }),
  })

  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    (request: IncomingMessage, response: ServerResponse) => {
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value)
      try {
        guard(request)
      } catch (error) {
        sendRefusal(response, asRefusal(error))
        return
      }
      void answer(request, response)
    },
  )
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A client that goes away before it is answered.
    socket.on('error', () => socket.destroy())
    try {
      live.upgrade(request, socket, head)
    } catch (error) {
      const refusal = asRefusal(error)
      if (refusal.status === 500) log.error({ err: error }, 'a WebSocket could not be opened')
      sendRawRefusal(socket, refusal)
    }
  })
  server.on('clientError', (_error, socket) => {
    if (!socket.writable) return
    sendRawRefusal(socket, new Refusal(400, 'invalid_request', 'This is not a request that HTTP allows.'))
  })

  await listen(server, port)
  const bound = (server.address() as AddressInfo).port
  url = `http://${ADDRESS}:${bound}`

  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeIdleConnections()
    const stopTimer = clock.after(CLOSE_MS, () => server.closeAllConnections())
    await Promise.all([live.close(), closed])
    stopTimer()
  }
  return { url, port: bound, close }
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port)))
    server.listen({ port, host: ADDRESS, exclusive: true }, () => resolve())
  })
}

function listenError(error: NodeJS.ErrnoException, port: number): Error {
  const remedy = 'Choose another with VIBETEA_PORT or --port; 0 picks one that is free.'
  if (error.code === 'EADDRINUSE') {
    return new VibeTeaError(
      'port_in_use',
      `Port ${port} on ${ADDRESS} is in use by another program.`,
      remedy,
      {
        cause: error,
      },
    )
  }
  if (error.code === 'EACCES') {
    return new VibeTeaError('port_not_allowed', `This user may not use port ${port} on ${ADDRESS}.`, remedy, {
      cause: error,
    })
  }
  return error
}
