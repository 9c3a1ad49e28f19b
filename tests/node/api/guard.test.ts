import { createConnection } from 'node:net'
import { describe, expect, test } from 'vitest'
import { testApi, type TestApi } from './support.ts'

/** What the server answers to these bytes. */
function raw(api: TestApi, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = createConnection(api.port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (chunk) => (text += chunk.toString()))
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
}

describe('the Host of a request', () => {
  test.each(['127.0.0.1', '127.0.0.1:9', '[::1]:8832', 'localhost', 'LOCALHOST:65535'])(
    'may be %s, so that forwarded ports work',
    async (host) => {
      const api = await testApi()
      expect(await api.ask('/api/status', { headers: { Host: host } })).toMatchObject({ status: 200 })
    },
  )

  test.each([
    'evil.test',
    'evil.test:8832',
    '127.0.0.1.evil.test',
    'localhost.evil.test',
    'localhost:',
    '127.0.0.2',
    '0.0.0.0',
    '2130706433',
    '127.1',
    '::1',
    'localhost:8832:1',
    'user@localhost',
  ])('may not be "%s": nothing is told to a page whose name was bound to this machine', async (host) => {
    const api = await testApi()
    for (const path of ['/', '/api/health', '/api/status', '/nowhere']) {
      const answer = await api.ask(path, { headers: { Host: host } })
      expect(answer).toMatchObject({ status: 421, json: { error: 'wrong_host' } })
    }
    expect(api.calls).toEqual([])
  })

  test('is named back without what could mislead a reader', async () => {
    const api = await testApi()
    const answer = await api.ask('/', { headers: { Host: `"${'x'.repeat(300)}` } })
    expect(answer.json.message).toMatch(/^This is VibeTea's local API; .* not to "\?x{39}…"\.$/)
  })

  test('counts once: a second one is refused', async () => {
    const api = await testApi()
    const answer = await raw(api, `GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.test\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1.1 4(00|21) /)
    expect(answer).not.toContain('uptimeSeconds')
  })
})

describe('the Origin of a request', () => {
  test('may be the page of this very address', async () => {
    const api = await testApi()
    for (const host of [`127.0.0.1:${api.port}`, 'localhost:4000', '[::1]:4000', 'localhost']) {
      const headers = { Host: host, Origin: `http://${host}` }
      expect(await api.ask('/api/status', { headers })).toMatchObject({ status: 200 })
    }
  })

  test.each([
    'null',
    'https://evil.test',
    'http://localhost:4000',
    'http://127.0.0.1',
    'https://127.0.0.1:8832',
    'http://127.0.0.1:88321',
    'http://127.0.0.1:8832.evil.test',
    'chrome-extension://abcdefghijklmnop',
    'moz-extension://0d9e3f0a',
    'file://',
  ])('may not be %s, token or not', async (origin) => {
    const api = await testApi()
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const headers = { Host: '127.0.0.1:8832', Origin: origin }
      const answer = await api.ask('/api/actions/resume', { method, headers })
      expect(answer).toMatchObject({ status: 403, json: { error: 'wrong_origin' } })
    }
    expect(api.calls).toEqual([])
  })
})

describe('Sec-Fetch-Site', () => {
  test.each(['same-origin', 'none'])('may be %s', async (site) => {
    const api = await testApi()
    expect(await api.ask('/api/status', { headers: { 'Sec-Fetch-Site': site } })).toMatchObject({
      status: 200,
    })
  })

  test.each(['cross-site', 'same-site', 'anything'])('may not be %s', async (site) => {
    const api = await testApi()
    for (const path of ['/', '/assets/app.js', '/api/health', '/api/status']) {
      const answer = await api.ask(path, { headers: { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'no-cors' } })
      expect(answer).toMatchObject({ status: 403, json: { error: 'cross_site' } })
    }
  })

  const navigation = {
    'Sec-Fetch-Site': 'cross-site',
    'Sec-Fetch-Mode': 'navigate',
    'Sec-Fetch-Dest': 'document',
  }

  test('of another site may lead to the page in a tab of its own', async () => {
    const api = await testApi()
    expect(await api.ask('/', { headers: navigation, token: null })).toMatchObject({ status: 200 })
    expect(await api.ask('/index.html', { headers: navigation, token: null })).toMatchObject({ status: 200 })
  })

  test('of another site leads to nothing else, in no frame and not by a form', async () => {
    const api = await testApi()
    const refused = { status: 403, json: { error: 'cross_site' } }
    for (const path of ['/api/health', '/api/events', '/metrics', '/assets/app.js', '/ws']) {
      expect(await api.ask(path, { headers: navigation })).toMatchObject(refused)
    }
    for (const dest of ['iframe', 'frame', 'embed', 'object']) {
      const headers = { ...navigation, 'Sec-Fetch-Dest': dest }
      expect(await api.ask('/', { headers })).toMatchObject(refused)
    }
    expect(await api.ask('/', { method: 'POST', headers: navigation })).toMatchObject(refused)
  })
})

describe('every answer', () => {
  test('forbids to embed, sniff, cache or read it elsewhere, sets no cookie and allows no other origin', async () => {
    const api = await testApi()
    const answers = await Promise.all([
      api.ask('/'),
      api.ask('/api/health'),
      api.ask('/api/status', { token: null }),
      api.ask('/api/events?limit=0'),
      api.ask('/metrics'),
      api.ask('/nowhere'),
      api.ask('/', { headers: { Host: 'evil.test' } }),
      api.ask('/api/status', { method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'GET' } }),
      api.ask('/api/session', { method: 'POST', body: { code: 'x' } }),
      api.ask('/api/session', { method: 'POST', body: { code: api.tokens.launchCode(1000) } }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 401, 400, 200, 404, 421, 405, 401, 200])
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cross-origin-resource-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'origin-agent-cluster': '?1',
      })
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
          "require-trusted-types-for 'script'; trusted-types svelte-trusted-html",
      )
      const names = Object.keys(headers)
      expect(
        names.filter((name) => /^access-control-|^set-cookie$|^x-powered-by$|^server$/.test(name)),
      ).toEqual([])
    }
    for (const { headers } of answers.slice(1)) expect(headers['cache-control']).toBe('no-store')
  })
})

describe('what is not HTTP', () => {
  test.each([
    [
      'a target that is a whole address',
      'GET http://127.0.0.1/api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
    ],
    ['a target without a slash', 'GET * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['an empty Host', 'GET / HTTP/1.1\r\nHost: \r\n\r\n'],
    ['no Host in an old version', 'GET / HTTP/1.0\r\n\r\n'],
    ['noise', 'hello\r\n\r\n'],
    ['a header of 20 KB', `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
    [
      'two lengths',
      'POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
    ],
  ])('is refused: %s', async (_what, bytes) => {
    const api = await testApi()
    const answer = await raw(api, bytes)
    expect(answer).toMatch(/^HTTP\/1.1 4(00|21) /)
    expect(await api.ask('/api/health')).toMatchObject({ status: 200 })
  })
})
