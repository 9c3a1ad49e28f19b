import { describe, expect, test } from 'vitest'
import { VibeTeaError } from '../../../core/errors.ts'
import { ASSISTANTS } from '../../../core/events.ts'
import { PROJECT_FORM } from '../../../core/project-key.ts'
import { NOW, SOURCE, testApi } from './support.ts'

const SESSION = '0d9e3f0a-5a5c-4f1e-9a57-1f6f3d1b2c4d'

describe('a call', () => {
  test('for health needs no token', async () => {
    const api = await testApi()
    api.clock.pass(61_500)
    const answer = await api.ask('/api/health', { token: null })
    expect(answer.json).toEqual({ status: 'ok', version: '1.2.3', uptimeSeconds: 61 })
  })

  test.each([
    ['/api/status', 'status', undefined],
    ['/api/members', 'members', undefined],
    ['/api/overlaps', 'overlaps', undefined],
    ['/api/overlaps?from=0&to=60000', 'meetings', { from: 0, to: 60_000 }],
    ['/api/timeline?from=0&to=600000', 'timeline', { from: 0, to: 600_000, stepMs: 300_000 }],
    ['/api/timeline?from=0&to=600000&step=60', 'timeline', { from: 0, to: 600_000, stepMs: 60_000 }],
    ['/api/outbox', 'outbox', { limit: 200 }],
    ['/api/outbox?limit=1000', 'outbox', { limit: 1000 }],
    ['/api/outbox?before=abc.4.2&project=web', 'outbox', { limit: 200, before: 'abc.4.2', project: ['web'] }],
    ['/api/events', 'events', { limit: 200, order: 'arrival' }],
    [
      `/api/events?limit=1&before=c.7&order=time&from=2026-11-01T00:00:00Z&to=${NOW}&source=${SOURCE},a-ybndrf` +
        `&type=tool,error&project=web,api~ybndrfg8ejkm&assistant=claude,pi&first=oldest&session=${SESSION}&q=Edit%20invite.ts`,
      'events',
      {
        limit: 1,
        before: 'c.7',
        order: 'time',
        from: Date.parse('2026-11-01T00:00:00Z'),
        to: NOW,
        source: [SOURCE, 'a-ybndrf'],
        type: ['tool', 'error'],
        project: ['web', 'api~ybndrfg8ejkm'],
        assistant: ['claude', 'pi'],
        first: 'oldest',
        session: SESSION,
        q: 'Edit invite.ts',
      },
    ],
    ['/api/events?after=c.7', 'events', { limit: 200, order: 'arrival', after: 'c.7' }],
    [
      '/api/events?from=2026-11-01T00:00:00+02:00',
      'events',
      { limit: 200, order: 'arrival', from: Date.parse('2026-10-31T22:00:00Z') },
    ],
    ['/api/sessions', 'sessions', {}],
    ['/api/sessions?state=waiting,active&from=0', 'sessions', { state: ['waiting', 'active'], from: 0 }],
    ['/api/sessions?q=amber-kettle&limit=8', 'sessions', { q: 'amber-kettle', limit: 8 }],
    ['/api/heatmap', 'heatmap', { days: 7, timeZone: 'UTC', dayStart: 0, retry: false }],
    [
      `/api/heatmap?days=30&tz=Asia/Kathmandu&source=${SOURCE}&dayStart=4&retry=1`,
      'heatmap',
      { days: 30, timeZone: 'Asia/Kathmandu', source: [SOURCE], dayStart: 4, retry: true },
    ],
    ['/api/stats', 'stats', { days: 7, by: 'source', dayStart: 0 }],
    ['/api/stats?days=365&by=model', 'stats', { days: 365, by: 'model', dayStart: 0 }],
    [
      `/api/stats?by=day&tz=Asia/Kolkata&dayStart=4&source=${SOURCE}`,
      'stats',
      { days: 7, by: 'day', timeZone: 'Asia/Kolkata', dayStart: 4, source: [SOURCE] },
    ],
  ])('%s is understood', async (path, name, args) => {
    const api = await testApi()
    const answer = await api.ask(path)
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.json.asked).toBe(name)
    expect(api.calls).toEqual([{ name, args }])
  })

  test('for metrics gives the text that Prometheus reads', async () => {
    const api = await testApi()
    const answer = await api.ask('/metrics')
    expect(answer).toMatchObject({ status: 200, text: 'vibetea_events_total 3\n' })
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  })

  test('may be a HEAD', async () => {
    const api = await testApi()
    expect(await api.ask('/api/status', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
  })

  test('without a token says how to get one', async () => {
    const api = await testApi()
    const paths = [
      'status',
      'events',
      'sessions',
      'heatmap',
      'members',
      'stats',
      'overlaps',
      'timeline',
      'outbox',
    ]
    for (const path of [...paths.map((name) => `/api/${name}`), '/metrics']) {
      const answer = await api.ask(path, { token: null })
      expect(answer).toMatchObject({ status: 401, json: { error: 'missing_token' } })
      expect(answer.json.message).toContain('"vibetea open"')
    }
    expect(api.calls).toEqual([])
  })

  test('takes the token in its header and nowhere else', async () => {
    const api = await testApi()
    const { api: token } = api.tokens
    const refused = { status: 401, json: { error: 'missing_token' } }
    expect(await api.ask(`/api/status?token=${token}`, { token: null })).toMatchObject(refused)
    for (const headers of [
      { Cookie: `token=${token}` },
      { 'X-Api-Key': token },
      { Authorization: token },
      { Authorization: `Basic ${token}` },
      { Authorization: `Bearer ${token}x` },
      { Authorization: `Bearer ${token},` },
      { Authorization: 'Bearer ' },
      { 'Sec-WebSocket-Protocol': `bearer.${token}` },
    ]) {
      expect(await api.ask('/api/status', { token: null, headers })).toMatchObject(refused)
    }
    expect(
      await api.ask('/api/status', { token: null, headers: { Authorization: `bearer ${token}` } }),
    ).toMatchObject({
      status: 200,
    })
  })

  test('to a path that does not exist is 404, with the path cut short', async () => {
    const api = await testApi()
    expect(await api.ask('/api/nothing')).toMatchObject({
      status: 404,
      json: { error: 'not_found', message: 'There is nothing at "/api/nothing".' },
    })
    const { message } = (await api.ask(`/${'x'.repeat(2000)}`)).json as { message: string }
    expect(message.length).toBeLessThan(80)
  })

  test.each([
    ['POST', '/api/status', 'GET, HEAD'],
    ['OPTIONS', '/api/status', 'GET, HEAD'],
    ['DELETE', '/api/events', 'GET, HEAD'],
    ['PUT', '/metrics', 'GET, HEAD'],
    ['PATCH', '/', 'GET, HEAD'],
    ['POST', '/', 'GET, HEAD'],
    ['GET', '/api/session', 'POST'],
    ['GET', '/api/actions/resume', 'POST'],
    ['TRACE', '/api/status', 'GET, HEAD'],
  ])('by %s to %s is 405', async (method, path, allow) => {
    const api = await testApi()
    const answer = await api.ask(path, { method })
    expect(answer).toMatchObject({ status: 405, headers: { allow } })
    expect(answer.json).toEqual({
      error: 'method_not_allowed',
      message: `${method} is not possible here; allowed: ${allow}.`,
    })
    expect(api.calls).toEqual([])
  })

  test('that the node refuses gives its sentence and remedy', async () => {
    const api = await testApi()
    api.backend.events = () =>
      Promise.reject(new VibeTeaError('unknown_cursor', 'No such row.', 'Begin anew.'))
    expect(await api.ask('/api/events?after=c.9')).toMatchObject({
      status: 400,
      json: { error: 'unknown_cursor', message: 'No such row. Begin anew.' },
    })
    expect(api.logged).toEqual([])
  })

  test('that fails in the node tells the log why, and the caller only that', async () => {
    const api = await testApi()
    const error = new Error('SQLITE_CORRUPT in /home/ada/.vibetea')
    api.backend.status = () => Promise.reject(error)
    const answer = await api.ask('/api/status')
    expect(answer).toMatchObject({ status: 500, json: { error: 'internal_error' } })
    expect(answer.text).not.toContain('SQLITE')
    expect(api.logged).toEqual([
      { fields: { err: error, path: '/api/status' }, message: 'an API call failed' },
    ])
  })
})

describe('a wrong parameter', () => {
  test.each([
    ['/api/events?limit=0', '"limit" is "0"; allowed: a whole number from 1 to 1000.'],
    ['/api/events?limit=1001', '"limit" is "1001"; allowed: a whole number from 1 to 1000.'],
    ['/api/events?limit=1e2', '"limit" is "1e2"; allowed: a whole number from 1 to 1000.'],
    ['/api/events?limit=', '"limit" is ""; allowed: a whole number from 1 to 1000.'],
    ['/api/events?limit=-5', '"limit" is "-5"; allowed: a whole number from 1 to 1000.'],
    ['/api/events?limit=5&limit=6', '"limit" is given twice; once is allowed.'],
    ['/api/events?order=newest', '"order" is "newest"; allowed: arrival, time.'],
    [
      '/api/events?type=tool,tools',
      '"type" is "tool,tools"; allowed: session, activity, tool, agent, summary, error.',
    ],
    [
      '/api/events?source=macbook',
      '"source" is "macbook"; allowed: sources such as macbook-k3f9xq with commas between them.',
    ],
    [
      '/api/events?source=',
      '"source" is ""; allowed: sources such as macbook-k3f9xq with commas between them.',
    ],
    ['/api/events?project=../etc', `"project" is "../etc"; allowed: ${PROJECT_FORM}.`],
    [
      `/api/events?project=${'a,'.repeat(100)}a`,
      `"project" is "${'a,'.repeat(20)}…"; allowed: 1 to 100 names with commas between them.`,
    ],
    ['/api/events?session=1', '"session" is "1"; allowed: a session\'s id, a UUID in lower case.'],
    ['/api/events?after=%00', '"after" is "?"; allowed: a cursor that an earlier answer gave, unchanged.'],
    ['/api/events?before=a&after=b', '"after" is "b"; allowed: either "before" or "after", not both.'],
    [
      '/api/events?from=2026-02-30T00:00:00Z',
      '"from" is "2026-02-30T00:00:00Z"; allowed: a time such as 2026-11-20T08:00:00Z, or milliseconds since 1970.',
    ],
    [
      '/api/events?from=yesterday',
      '"from" is "yesterday"; allowed: a time such as 2026-11-20T08:00:00Z, or milliseconds since 1970.',
    ],
    [
      '/api/events?from=999999999999999',
      '"from" is "999999999999999"; allowed: a time such as 2026-11-20T08:00:00Z, or milliseconds since 1970.',
    ],
    ['/api/sessions?from=5&to=5', '"to" is "5"; allowed: a time after "from".'],
    [
      `/api/events?q=${'x'.repeat(201)}`,
      `"q" is "${'x'.repeat(40)}…"; allowed: 1 to 200 characters to search for.`,
    ],
    ['/api/events?q=%20', '"q" is " "; allowed: 1 to 200 characters to search for.'],
    ['/api/events?assistant=clippy', `"assistant" is "clippy"; allowed: ${ASSISTANTS.join(', ')}.`],
    ['/api/events?first=last', '"first" is "last"; allowed: newest, oldest.'],
    ['/api/sessions?limit=8', '"limit" is "8"; allowed: only with "q".'],
    ['/api/sessions?state=busy', '"state" is "busy"; allowed: active, waiting, inactive, ended.'],
    ['/api/heatmap?days=14', '"days" is "14"; allowed: 7, 30.'],
    [
      '/api/heatmap?tz=Mars/Olympus',
      '"tz" is "Mars/Olympus"; allowed: a time zone by its IANA name, such as Europe/Berlin.',
    ],
    [
      '/api/heatmap?tz=%2B05:30',
      '"tz" is "+05:30"; allowed: a time zone by its IANA name, such as Europe/Berlin.',
    ],
    ['/api/heatmap?dayStart=24', '"dayStart" is "24"; allowed: a whole number from 0 to 23.'],
    ['/api/heatmap?retry=yes', '"retry" is "yes"; allowed: 0, 1.'],
    [
      '/api/timeline?from=0',
      '"to" is missing; allowed: a time such as 2026-11-20T08:00:00Z, or milliseconds since 1970.',
    ],
    ['/api/timeline?from=9&to=9', '"to" is "9"; allowed: a time after "from".'],
    [
      '/api/timeline?from=0&to=691200001',
      '"to" is "691200001"; allowed: a time at most 8 days after "from".',
    ],
    [
      '/api/timeline?from=0&to=600000000&step=60',
      '"step" is "60"; allowed: seconds of which at most 2000 steps fill the time.',
    ],
    ['/api/overlaps?from=0', '"to" is missing; allowed: "from" and "to", or neither.'],
    ['/api/stats?by=person', '"by" is "person"; allowed: source, project, model, tool, assistant, day.'],
    ['/api/stats?days=366', '"days" is "366"; allowed: a whole number from 1 to 365.'],
    ['/api/status?limit=5', 'This call has no parameter "limit".'],
    ['/api/events?__proto__=1', 'This call has no parameter "__proto__".'],
    ['/api/events?%E2%80%AEtimil=5', 'This call has no parameter "?timil".'],
  ])('is named: %s', async (path, message) => {
    const api = await testApi()
    expect(await api.ask(path)).toMatchObject({ status: 400, json: { error: 'invalid_request', message } })
    expect(api.calls).toEqual([])
  })
})

describe('POST /api/session', () => {
  const swap = { method: 'POST', token: null } as const

  test('swaps a code for a token that works, once', async () => {
    const api = await testApi()
    const code = api.tokens.launchCode(1000)
    const answer = await api.ask('/api/session', { ...swap, body: { code } })
    expect(answer.status).toBe(200)
    const { token } = answer.json as { token: string }
    expect(await api.ask('/api/status', { token })).toMatchObject({ status: 200 })
    const again = await api.ask('/api/session', { ...swap, body: { code } })
    expect(again).toMatchObject({ status: 401, json: { error: 'invalid_code' } })
    expect(again.json.message).toContain('"vibetea open"')
    expect(await api.ask('/api/status', { token })).toMatchObject({ status: 200 })
  })

  test('stops listening to guesses for a while', async () => {
    const api = await testApi()
    const guesses = Array.from({ length: 20 }, () =>
      api.ask('/api/session', { ...swap, body: { code: 'guess' } }),
    )
    expect((await Promise.all(guesses)).every(({ status }) => status === 401)).toBe(true)
    const body = { code: api.tokens.launchCode(1000_000) }
    expect(await api.ask('/api/session', { ...swap, body })).toMatchObject({
      status: 429,
      headers: { 'retry-after': '60' },
      json: { error: 'too_many_attempts', message: 'Too many wrong codes; try again in 60 s.' },
    })
    api.clock.pass(60_000)
    expect(await api.ask('/api/session', { ...swap, body })).toMatchObject({ status: 200 })
  })

  test.each([
    [{ code: 5 }, 400, '"code" is "5"; allowed: the code of an address that "vibetea open" printed.'],
    [{}, 400, '"code" is missing; allowed: the code of an address that "vibetea open" printed.'],
    [{ code: 'a', next: 'b' }, 400, 'This call has no parameter "next".'],
    ['[]', 400, 'The body must be a JSON object such as {"project":"web"}.'],
    ['{"code":', 400, 'The body must be a JSON object such as {"project":"web"}.'],
    ['null', 400, 'The body must be a JSON object such as {"project":"web"}.'],
    ['', 400, 'The body must be a JSON object such as {"project":"web"}.'],
    [{ code: 'x'.repeat(1024) }, 413, 'The body is too large; at most 1024 bytes are allowed.'],
  ])('refuses %j', async (body, status, message) => {
    const api = await testApi()
    expect(await api.ask('/api/session', { ...swap, body })).toMatchObject({ status, json: { message } })
  })

  test('takes JSON only, as a page of another site cannot send it without asking', async () => {
    const api = await testApi()
    const code = api.tokens.launchCode(1000)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/json', '']) {
      const headers = { 'Content-Type': type }
      expect(await api.ask('/api/session', { ...swap, headers, body: { code } })).toMatchObject({
        status: 415,
      })
    }
    const headers = { 'Content-Type': 'application/json; charset=utf-8' }
    expect(await api.ask('/api/session', { ...swap, headers, body: { code } })).toMatchObject({ status: 200 })
  })

  test('counts what comes in pieces without a length', async () => {
    const api = await testApi()
    const headers = { 'Transfer-Encoding': 'chunked' }
    const body = `{"code":"${'x'.repeat(200_000)}"}`
    expect(await api.ask('/api/session', { ...swap, headers, body })).toMatchObject({ status: 413 })
  })
})

describe('POST /api/actions', () => {
  const post = (body: object) => ({ method: 'POST', body })

  test.each([
    ['share', { project: 'web' }, { project: 'web' }],
    ['private', { project: 'web~ybndrfg8ejkm' }, { project: 'web~ybndrfg8ejkm' }],
    ['exclude', { project: '.dotfiles' }, { project: '.dotfiles' }],
    ['share', { project: 'Mein Projekt' }, { project: 'Mein-Projekt' }],
    ['pause', {}, { until: null }],
    ['pause', { until: null }, { until: null }],
    ['pause', { duration: '1h' }, { until: '2026-11-20T09:00:00.000Z' }],
    ['pause', { duration: '90s' }, { until: '2026-11-20T08:01:30.000Z' }],
    ['pause', { until: '2026-11-20T10:00:00+01:00' }, { until: '2026-11-20T09:00:00.000Z' }],
    ['resume', {}, {}],
  ])('%s %j is done', async (name, body, args) => {
    const api = await testApi()
    const answer = await api.ask(`/api/actions/${name}`, post(body))
    expect(answer).toMatchObject({ status: 200, json: { asked: name, args } })
    expect(api.calls).toEqual([{ name, args }])
  })

  test.each([
    ['share', {}, `"project" is missing; allowed: ${PROJECT_FORM}.`],
    ['share', { project: '/etc/passwd' }, `"project" is "/etc/passwd"; allowed: ${PROJECT_FORM}.`],
    ['exclude', { project: ['a'] }, `"project" is "[?a?]"; allowed: ${PROJECT_FORM}.`],
    [
      'pause',
      { duration: '1 h' },
      '"duration" is "1 h"; allowed: a number and s, m, h or d, such as 30m, at most 365d.',
    ],
    [
      'pause',
      { duration: '0m' },
      '"duration" is "0m"; allowed: a number and s, m, h or d, such as 30m, at most 365d.',
    ],
    [
      'pause',
      { duration: '366d' },
      '"duration" is "366d"; allowed: a number and s, m, h or d, such as 30m, at most 365d.',
    ],
    [
      'pause',
      { until: '2026-11-20T07:59:59Z' },
      '"until" is "2026-11-20T07:59:59Z"; allowed: a time to come within a year, such as 2026-11-21T08:00:00Z, or null for until "resume".',
    ],
    [
      'pause',
      { until: '2026-11-20T10:00:00Z', duration: '1h' },
      '"duration" is "1h"; allowed: either "until" or "duration", not both.',
    ],
    ['resume', { project: 'web' }, 'This call has no parameter "project".'],
    ['open', { project: 'web' }, 'This call has no parameter "project".'],
  ])('%s %j is refused', async (name, body, message) => {
    const api = await testApi()
    const answer = await api.ask(`/api/actions/${name}`, post(body))
    expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_request', message } })
    expect(api.calls).toEqual([])
  })

  test('open gives an address that opens the dashboard once, within a minute', async () => {
    const api = await testApi()
    const { json } = await api.ask('/api/actions/open', post({}))
    const { code, url } = json as { code: string; url: string }
    expect(url).toBe(`http://127.0.0.1:${api.port}/#code=${code}`)
    api.clock.pass(59_999)
    expect(await api.ask('/api/session', { ...post({ code }), token: null })).toMatchObject({ status: 200 })
    expect(await api.ask('/api/session', { ...post({ code }), token: null })).toMatchObject({ status: 401 })
  })

  test('needs a token before it looks at what is asked', async () => {
    const api = await testApi()
    for (const name of ['share', 'pause', 'open', 'nonsense']) {
      expect(await api.ask(`/api/actions/${name}`, { ...post({}), token: null })).toMatchObject({
        status: 401,
      })
    }
    expect(api.calls).toEqual([])
  })

  test('refuses names that it does not know and bodies over 16 KB', async () => {
    const api = await testApi()
    for (const name of ['constructor', 'act', '__proto__']) {
      expect(await api.ask(`/api/actions/${name}`, post({}))).toMatchObject({
        status: 404,
        json: { message: `There is no action "${name}".` },
      })
    }
    const body = { project: 'x'.repeat(16 * 1024) }
    expect(await api.ask('/api/actions/share', post(body))).toMatchObject({ status: 413 })
  })
})
