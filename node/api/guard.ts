import type { IncomingMessage } from 'node:http'
import { Refusal, shown } from './refusal.ts'

/** What the guard looks at. */
export type GuardedRequest = Pick<IncomingMessage, 'method' | 'url' | 'headersDistinct'>

/** A loopback name with any port, so that `ssh -L` and editors' port forwards work. */
const LOOPBACK = /^(127\.0\.0\.1|\[::1\]|localhost)(:\d{1,5})?$/i

/** A page that another site, or the redirect file, leads to: a whole new document in its own tab, never a frame. */
function isNavigation(request: GuardedRequest, path: string): boolean {
  const { headersDistinct: headers } = request
  return (
    request.method === 'GET' &&
    headers['sec-fetch-mode']?.[0] === 'navigate' &&
    headers['sec-fetch-dest']?.[0] === 'document' &&
    (path === '/' || path.endsWith('.html'))
  )
}

/** The path of a request without its query. */
export function pathOf(request: Pick<IncomingMessage, 'url'>): string {
  return (request.url ?? '').split('?', 1)[0]!
}

/**
 * Decides from the headers alone whether a request may come from this machine's own page or from a program on it:
 * stops DNS rebinding (Host), other origins (Origin) and embedding (Sec-Fetch-Site). It says nothing about who asks:
 * a token does. The same for HTTP and for WebSockets. Throws a `Refusal`.
 */
export function guard(request: GuardedRequest): void {
  const { headersDistinct: headers } = request
  const host = headers.host?.length === 1 ? headers.host[0]! : ''
  if (!LOOPBACK.test(host)) {
    throw new Refusal(
      421,
      'wrong_host',
      `This is VibeTea's local API; it answers to 127.0.0.1, [::1] and localhost, not to "${shown(host)}".`,
    )
  }

  const origins = headers.origin ?? []
  const foreign = origins.find((origin) => origin.toLowerCase() !== `http://${host.toLowerCase()}`)
  if (foreign !== undefined) {
    throw new Refusal(403, 'wrong_origin', `Pages of "${shown(foreign)}" may not use this API.`)
  }

  if (!request.url?.startsWith('/')) {
    throw new Refusal(400, 'invalid_request', 'The request must name a path that begins with "/".')
  }

  const site = headers['sec-fetch-site']?.join() ?? 'none'
  if (site !== 'same-origin' && site !== 'none' && !isNavigation(request, pathOf(request))) {
    throw new Refusal(403, 'cross_site', 'Other sites and other local servers may not use this API.')
  }
}
