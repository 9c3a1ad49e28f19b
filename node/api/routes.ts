import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { HealthAnswer } from '../../core/api.ts'
import { VibeTeaError } from '../../core/errors.ts'
import type { Timers } from '../../core/timers.ts'
import { runAction } from './actions.ts'
import type { Backend } from './backend.ts'
import { bearerOf, missingToken } from './credentials.ts'
import * as parameters from './parameters.ts'
import { Refusal, shown } from './refusal.ts'
import type { StaticFiles } from './static-files.ts'
import { OPEN_CODE_MS, type Tokens } from './tokens.ts'

const SESSION_BODY_BYTES = 1024
const ACTION_BODY_BYTES = 16 * 1024

/** Where the API notes what it cannot answer for; pino's shape. */
export interface ApiLog {
  error(fields: object, message: string): void
}

export interface RouteOptions {
  backend: Backend
  tokens: Tokens
  clock: Timers
  version: string
  files: StaticFiles
  log: ApiLog
  /** The address that a browser on this machine opens, without a slash at the end. */
  url(): string
}

type Answer = (context: Context) => object | Promise<object>

const query = (context: Context): Record<string, string> =>
  parameters.queryOf(new URL(context.req.url).searchParams)

async function bodyOf(context: Context): Promise<Record<string, unknown>> {
  if (!/^application\/json\s*(;|$)/i.test(context.req.header('content-type') ?? '')) {
    throw new Refusal(
      415,
      'invalid_request',
      'The body must be JSON, sent as Content-Type: application/json.',
    )
  }
  const text = await context.req.text()
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Refusal(400, 'invalid_request', 'The body must be a JSON object such as {"project":"web"}.')
  }
  return body as Record<string, unknown>
}

const capped = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError: () => {
      const message = `The body is too large; at most ${maxSize} bytes are allowed.`
      throw new Refusal(413, 'body_too_large', message, { Connection: 'close' })
    },
  })

/** Every call of the local API over HTTP, and the page's files. Who may call at all is the guard's business. */
export function routes(options: RouteOptions): Hono {
  const { backend, tokens, clock, version, files, log } = options
  const startedAt = clock.now()
  const app = new Hono()

  const withToken = (context: Context): void => {
    if (!tokens.accepts(bearerOf(context.req.header('authorization')) ?? '')) throw missingToken()
  }

  /** A call: GET with a token, or what is said; another method is refused. */
  const call = (path: string, answer: Answer): void => {
    app.get(path, async (context) => {
      withToken(context)
      return context.json(await answer(context))
    })
    only('GET', path)
  }
  const only = (method: 'GET' | 'POST', path: string): void => {
    const allow = method === 'GET' ? 'GET, HEAD' : method
    app.all(path, (context) => {
      const message = `${shown(context.req.method)} is not possible here; allowed: ${allow}.`
      throw new Refusal(405, 'method_not_allowed', message, { Allow: allow })
    })
  }

  app.get('/api/health', (context) => {
    parameters.check(parameters.noParameters, query(context))
    const uptimeSeconds = Math.max(0, Math.floor((clock.now() - startedAt) / 1000))
    return context.json({ status: backend.health(), version, uptimeSeconds } satisfies HealthAnswer)
  })
  only('GET', '/api/health')

  const plain = (answer: () => Promise<object>): Answer => {
    return (context) => {
      parameters.check(parameters.noParameters, query(context))
      return answer()
    }
  }
  call(
    '/api/status',
    plain(() => backend.status()),
  )
  call(
    '/api/members',
    plain(() => backend.members()),
  )
  call('/api/overlaps', (context) => {
    const { from, to } = parameters.check(parameters.overlapsParameters, query(context))
    return from === undefined || to === undefined ? backend.overlaps() : backend.meetings({ from, to })
  })
  call('/api/timeline', (context) => {
    const { step, ...span } = parameters.check(parameters.timelineParameters, query(context))
    return backend.timeline({ ...span, stepMs: step * 1000 })
  })
  call('/api/events', (context) =>
    backend.events(parameters.check(parameters.eventsParameters, query(context))),
  )
  call('/api/sessions', (context) =>
    backend.sessions(parameters.check(parameters.sessionsParameters, query(context))),
  )
  call('/api/heatmap', (context) => {
    const { tz: timeZone, ...rest } = parameters.check(parameters.heatmapParameters, query(context))
    return backend.heatmap({ ...rest, timeZone })
  })
  call('/api/stats', (context) => {
    const { tz: timeZone, ...rest } = parameters.check(parameters.statsParameters, query(context))
    return backend.stats(timeZone === undefined ? rest : { ...rest, timeZone })
  })
  call('/api/outbox', (context) =>
    backend.outbox(parameters.check(parameters.outboxParameters, query(context))),
  )

  app.get('/metrics', async (context) => {
    withToken(context)
    return context.text(await backend.metrics(), 200, {
      'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
    })
  })
  only('GET', '/metrics')

  app.post('/api/session', capped(SESSION_BODY_BYTES), async (context) => {
    const { code } = parameters.check(parameters.sessionBody, await bodyOf(context))
    const redeemed = tokens.redeem(code)
    if ('token' in redeemed) return context.json(redeemed)
    if (redeemed.refused === 'too-many') {
      const seconds = Math.ceil(redeemed.retryAfterMs / 1000)
      const message = `Too many wrong codes; try again in ${seconds} s.`
      throw new Refusal(429, 'too_many_attempts', message, { 'Retry-After': String(seconds) })
    }
    throw new Refusal(
      401,
      'invalid_code',
      'This code is wrong, was used before or is too old; run "vibetea open" for a new one.',
    )
  })
  only('POST', '/api/session')

  app.post('/api/actions/:name', capped(ACTION_BODY_BYTES), async (context) => {
    withToken(context)
    const name = context.req.param('name')
    const body = await bodyOf(context)
    if (name === 'open') {
      parameters.check(parameters.noParameters, body)
      const code = tokens.launchCode(OPEN_CODE_MS)
      return context.json({ code, url: `${options.url()}/#code=${code}` })
    }
    const answer = await runAction(backend, name, body, clock.now())
    if (!answer) throw new Refusal(404, 'not_found', `There is no action "${shown(name)}".`)
    return context.json(answer)
  })
  only('POST', '/api/actions/:name')

  app.get('/ws', () => {
    throw new Refusal(426, 'upgrade_required', 'This is a WebSocket; connect to it as one.', {
      Upgrade: 'websocket',
    })
  })

  app.notFound((context) => {
    const file = files.get(context.req.path)
    if (!file) throw new Refusal(404, 'not_found', `There is nothing at "${shown(context.req.path)}".`)
    if (context.req.method !== 'GET' && context.req.method !== 'HEAD') {
      const message = `${shown(context.req.method)} is not possible here; allowed: GET, HEAD.`
      throw new Refusal(405, 'method_not_allowed', message, { Allow: 'GET, HEAD' })
    }
    return context.body(file.body, 200, { 'Content-Type': file.type, 'Cache-Control': file.cacheControl })
  })

  app.onError((error, context) => {
    // The caller left in the middle of its body.
    if (context.req.raw.signal.aborted) return context.body(null, 400)
    const refusal = asRefusal(error)
    if (refusal.status === 500) log.error({ err: error, path: context.req.path }, 'an API call failed')
    return context.json(refusal.body, refusal.status, refusal.headers)
  })

  return app
}

/** What a thrown thing is to the caller. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof VibeTeaError) return new Refusal(400, error.code, error.sentence)
  return new Refusal(500, 'internal_error', "The node could not answer; the node's log says why.")
}
