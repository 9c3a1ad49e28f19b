import { ARCHIVE_ERRORS, type ArchiveError } from './core.js'

/** A call that is answered with an error of the contract. */
export class Refused extends Error {
  readonly code: ArchiveError

  constructor(code: ArchiveError, message: string) {
    super(message)
    this.code = code
  }
}

/** Any page may call: what lets one in is a signature or a token, which no browser adds by itself. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers':
    'authorization, apikey, content-type, x-client-info, x-source-id, x-signature',
  'access-control-max-age': '86400',
}

function reply(status: number, answer: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(answer), {
    status,
    headers: { ...CORS, 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })
}

/**
 * Answers a call of one method with what `handle` gives, or with its error: `{error, message}`. What is no `Refused` is
 * told to `log` alone.
 */
export async function respond(
  request: Request,
  method: 'GET' | 'POST',
  log: (error: unknown) => void,
  handle: () => Promise<unknown>,
): Promise<Response> {
  if (request.method === 'OPTIONS') {
    return new Response(null, {
      status: 204,
      headers: { ...CORS, 'access-control-allow-methods': `${method}, OPTIONS` },
    })
  }
  if (request.method !== method) {
    await readBody(request, 0)
    const allow = { allow: `${method}, OPTIONS` }
    return reply(405, { error: 'invalid_request', message: `This is called with ${method}.` }, allow)
  }
  try {
    return reply(200, await handle())
  } catch (error) {
    if (error instanceof Refused) {
      return reply(ARCHIVE_ERRORS[error.code], { error: error.code, message: error.message })
    }
    log(error)
    const message = 'The archive failed; its own log says why. Try again later.'
    return reply(ARCHIVE_ERRORS.internal_error, { error: 'internal_error', message })
  }
}

/** Who sends more than so many times what is allowed is cut off. */
const PATIENCE = 4
const LEAST_READ = 1024 * 1024

/**
 * The body of a request, null where it has more than `maxBytes`. It is read to its end even then, as the gateway takes
 * an answer that comes earlier for a failure.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = []
  let size = 0
  if (request.body) {
    const reader = (request.body as ReadableStream<Uint8Array>).getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      size += read.value.length
      if (size <= maxBytes) parts.push(read.value)
      else if (size > Math.max(LEAST_READ, PATIENCE * maxBytes)) {
        await reader.cancel()
        break
      }
    }
  }
  if (size > maxBytes) return null
  const body = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    body.set(part, at)
    at += part.length
  }
  return body
}
