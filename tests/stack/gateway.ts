import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PUBLISHABLE_KEY, SECRET_KEY, tokenOf } from './keys.ts'

/** Where the hosted gateway stands: it knows the project's keys, and passes on to the API and the functions. */
export class Gateway {
  /** By the path's beginning: `/rest/v1` and so on. */
  readonly #targets = new Map<string, string>()
  /** What it does with a call in place of passing it on; false: it passes it on. */
  instead: ((request: IncomingMessage, response: ServerResponse) => boolean) | null = null
  readonly #server: Server

  private constructor() {
    this.#server = createServer((incoming, response) => this.#pass(incoming, response))
  }

  /** On a port of 127.0.0.1; 0 is any. Throws where it is taken. */
  static async start(port = 0): Promise<Gateway> {
    const gateway = new Gateway()
    await once(gateway.#server.listen(port, '127.0.0.1'), 'listening')
    return gateway
  }

  /** The project's address. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Passes what begins with `prefix` on to `base`, without the prefix or, for functions, with their name. */
  route(prefix: string, base: string): void {
    this.#targets.set(prefix, base)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #pass(incoming: IncomingMessage, response: ServerResponse): void {
    if (this.instead?.(incoming, response)) return
    const url = incoming.url ?? '/'
    const prefix = [...this.#targets.keys()].find((each) => url.startsWith(each))
    if (prefix === undefined) return void response.writeHead(404).end()
    const isRest = prefix === '/rest/v1'
    const headers = isRest ? withToken(incoming) : incoming.headers
    if (!headers) return void response.writeHead(401).end('{"message":"No API key found in request"}')
    const path = isRest ? url.slice(prefix.length) : url.replace('/functions/v1', '')
    const target = new URL(this.#targets.get(prefix)!)
    const outgoing = request(
      { host: target.hostname, port: target.port, path, method: incoming.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      },
    )
    outgoing.once('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()))
    incoming.pipe(outgoing)
  }
}

/** The API knows only JWTs: the project's other keys become one. Null where there is no key. */
function withToken({ headers }: IncomingMessage): IncomingMessage['headers'] | null {
  const { apikey, authorization } = headers
  if (typeof apikey !== 'string') return null
  const bearer = authorization?.replace(/^Bearer /, '')
  if (bearer !== undefined && bearer !== apikey) return headers
  const token =
    apikey === SECRET_KEY ? tokenOf('service_role') : apikey === PUBLISHABLE_KEY ? tokenOf('anon') : apikey
  return { ...headers, authorization: `Bearer ${token}` }
}
