import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readdirSync } from 'node:fs'
import { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openBrowser } from '../../node/api/open-browser.ts'
import { pageDirectory, row, TestClock, testApi, type TestApi } from '../node/api/support.ts'
import { launchBrowser } from '../support/browser.ts'

/** What the tests' own page does, as the dashboard does it: code to token, address cleaned, WebSocket. */
const APP = `
  const code = new URLSearchParams(location.hash.slice(1)).get('code')
  history.replaceState(null, '', location.pathname)
  if (code) {
    const headers = { 'Content-Type': 'application/json' }
    const answer = await fetch('/api/session', { method: 'POST', headers, body: JSON.stringify({ code }) })
    document.body.dataset.session = answer.status
    if (answer.ok) localStorage.setItem('token', (await answer.json()).token)
  }
  const token = localStorage.getItem('token')
  const status = await fetch('/api/status', { headers: token ? { Authorization: 'Bearer ' + token } : {} })
  document.body.dataset.status = status.status
  if (token) {
    const socket = new WebSocket('ws://' + location.host + '/ws', ['vibetea.v1', 'bearer.' + token])
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data)
      if (message.type === 'hello') document.body.dataset.hello = socket.protocol
      if (message.type === 'events') {
        const line = document.createElement('p')
        line.textContent = message.events[0].payload.tool
        document.body.append(line)
      }
    }
  }
`
const PAGE = `<!doctype html><title>VibeTea</title><link rel="stylesheet" href="/assets/app.css">
<body><script type="module" src="/assets/app.js"></script>
<script>document.title = 'inline script ran'</script></body>`

let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser({ hosts: { 'evil.test': '127.0.0.1', 'other.test': '127.0.0.1' } })
})
afterAll(() => browser.close())

async function context(): Promise<BrowserContext> {
  const made = await browser.newContext()
  made.setDefaultTimeout(10_000)
  onTestFinished(() => made.close())
  return made
}

function node(): Promise<TestApi> {
  const files = { 'index.html': PAGE, 'assets/app.js': APP, 'assets/app.css': 'body { color: rgb(1, 2, 3) }' }
  return testApi({ uiDirectory: pageDirectory(files) })
}

/** Another server of this machine, that an attacker has; keeps what it was sent. */
async function attacker(html = '<!doctype html><title>attacker</title>') {
  const seen: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers)
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(html)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return { seen, port: (server.address() as AddressInfo).port }
}

/** Waits until the page has been greeted on its WebSocket, and for what it says of its calls besides. */
async function isLive(page: Page, calls = ''): Promise<void> {
  await page.waitForSelector(`body[data-hello="vibetea.v1"]${calls}`, { state: 'attached' })
}

/** Opens the node's page as its user does, and waits until it is live. */
async function openDashboard(api: TestApi, where: BrowserContext): Promise<Page> {
  const page = await where.newPage()
  await page.goto(`${api.url}/#code=${api.tokens.launchCode(60_000)}`)
  await isLive(page)
  return page
}

/** What comes of a WebSocket to the node, opened by a page with whatever it could know. */
function tryWebSocket(page: Page, url: string, protocols: string[]): Promise<string> {
  return page.evaluate(
    ([url, protocols]) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(url, protocols)
        socket.onopen = () => resolve('open')
        socket.onmessage = ({ data }) => resolve(`leaked ${String(data)}`)
        socket.onerror = () => resolve('refused')
      }),
    [url, protocols] as const,
  )
}

/** What a page can read of an answer. */
function tryFetch(page: Page, url: string, init: RequestInit = {}): Promise<string> {
  return page.evaluate(
    ([url, init]) =>
      fetch(url, init).then(
        async (answer) => `${answer.status} ${answer.type} ${await answer.text()}`,
        () => 'refused',
      ),
    [url, init] as const,
  )
}

describe('a name that was bound to this machine', () => {
  test('gets neither the page nor data nor events, even with a token', async () => {
    const api = await node()
    const page = await (await context()).newPage()
    const evil = `http://evil.test:${api.port}`
    const answer = await page.goto(`${evil}/`)
    expect(answer!.status()).toBe(421)
    expect(await tryFetch(page, '/api/health')).toMatch(/^421 /)
    const headers = { Authorization: `Bearer ${api.tokens.api}` }
    expect(await tryFetch(page, '/api/status', { headers })).toMatch(/^421 /)
    expect(
      await tryWebSocket(page, `ws://evil.test:${api.port}/ws`, ['vibetea.v1', `bearer.${api.tokens.api}`]),
    ).toBe('refused')
    expect(api.calls).toEqual([])
    expect(api.feed.listeners).toBe(0)
  })
})

describe.each([
  ['another server of this machine', (port: number) => `http://127.0.0.1:${port}/`],
  ['another name of this machine', (port: number) => `http://localhost:${port}/`],
  ['another site', (port: number) => `http://other.test:${port}/`],
])('%s', (_who, address) => {
  async function onItsPage() {
    const api = await node()
    const where = await context()
    await openDashboard(api, where)
    const { port, seen } = await attacker()
    const page = await where.newPage()
    await page.goto(address(port))
    api.calls.length = 0
    return { api, page, seen, listeners: api.feed.listeners }
  }

  test('opens no WebSocket, even with a token', async () => {
    const { api, page, listeners } = await onItsPage()
    const socket = `ws://127.0.0.1:${api.port}/ws`
    expect(await tryWebSocket(page, socket, [])).toBe('refused')
    expect(await tryWebSocket(page, socket, ['vibetea.v1'])).toBe('refused')
    expect(await tryWebSocket(page, socket, ['vibetea.v1', `bearer.${api.tokens.api}`])).toBe('refused')
    expect(await tryWebSocket(page, `ws://localhost:${api.port}/ws`, ['vibetea.v1'])).toBe('refused')
    expect(api.feed.listeners).toBe(listeners)
  })

  test('reads nothing', async () => {
    const { api, page } = await onItsPage()
    const headers = { Authorization: `Bearer ${api.tokens.api}` }
    for (const path of ['/', '/api/health', '/api/status', '/metrics']) {
      expect(await tryFetch(page, api.url + path)).toBe('refused')
      expect(await tryFetch(page, api.url + path, { credentials: 'include' })).toBe('refused')
      expect(await tryFetch(page, api.url + path, { headers })).toBe('refused')
      // A page gets an empty, opaque answer, or none.
      expect(await tryFetch(page, api.url + path, { mode: 'no-cors' })).toMatch(/^(0 opaque |refused)$/)
    }
    expect(api.calls).toEqual([])
  })

  test('does nothing, by no-cors POST or by form', async () => {
    const { api, page } = await onItsPage()
    const body = JSON.stringify({ code: api.tokens.launchCode(60_000) })
    for (const path of ['/api/actions/pause', '/api/actions/open', '/api/session']) {
      const blind = { method: 'POST', mode: 'no-cors', body, credentials: 'include' } as const
      expect(await tryFetch(page, api.url + path, blind)).toMatch(/^(0 opaque |refused)$/)
    }
    const answer = page.waitForResponse((response) => response.url().startsWith(api.url))
    await page.evaluate(`
      const form = Object.assign(document.createElement('form'), {
        method: 'POST',
        action: '${api.url}/api/actions/resume',
      })
      document.body.append(form)
      form.submit()
    `)
    expect((await answer).status()).toBe(403)
    expect(api.calls).toEqual([])
    // The code that was sent is still good: nobody looked at it.
    const sent = { method: 'POST', token: null, body }
    expect(await api.ask('/api/session', sent)).toMatchObject({ status: 200 })
  })

  test('embeds neither the page nor a script of it', async () => {
    const { api, page } = await onItsPage()
    const frame = page.waitForResponse(`${api.url}/`)
    await page.evaluate(`
      document.body.append(Object.assign(document.createElement('iframe'), { src: '${api.url}/' }))
    `)
    expect((await frame).status()).toBe(403)
    const script = await page.evaluate(`
      new Promise((resolve) => {
        const script = Object.assign(document.createElement('script'), { src: '${api.url}/assets/app.js' })
        script.onload = () => resolve('loaded')
        script.onerror = () => resolve('refused')
        document.body.append(script)
      })
    `)
    expect(script).toBe('refused')
  })

  test('is sent no cookie of the node, for there is none', async () => {
    const { page, seen } = await onItsPage()
    expect(seen.length).toBeGreaterThan(0)
    for (const headers of seen) expect(headers.cookie).toBeUndefined()
    expect(await page.context().cookies()).toEqual([])
  })

  test('cannot reach into a page that it opened', async () => {
    const { api, page } = await onItsPage()
    const opened = page.context().waitForEvent('page')
    await page.evaluate(`void (window.opened = window.open('${api.url}/'))`)
    const dashboard = await opened
    await dashboard.waitForSelector('body[data-status]', { state: 'attached' })
    expect(await dashboard.evaluate('window.opener === null')).toBe(true)
    await expect.poll(() => page.evaluate('window.opened.closed')).toBe(true)
  })
})

describe("the node's own page", () => {
  test('opens from the redirect file: code to token, a clean address, events, and again after a reload', async () => {
    const api = await node()
    const where = await context()
    const page = await where.newPage()
    const directory = join(pageDirectory(), 'open')
    const clock = new TestClock()
    const spawn = () => {
      const child = new ChildProcess()
      child.unref = () => undefined
      process.nextTick(() => child.emit('spawn'))
      return child
    }
    const desktop = { platform: 'darwin', release: '', env: {}, spawn, clock } as const
    const code = api.tokens.launchCode(60_000)
    await openBrowser(`${api.url}/#code=${code}`, { directory, desktop })
    const answers: { url: string; cookie: string | undefined }[] = []
    page.on('response', (response) => {
      answers.push({ url: response.url(), cookie: response.headers()['set-cookie'] })
    })

    await page.goto(pathToFileURL(join(directory, readdirSync(directory)[0]!)).href)
    await page.waitForURL(`${api.url}/`)
    await isLive(page, '[data-session="200"][data-status="200"]')
    expect(page.url()).toBe(`${api.url}/`)
    api.feed.add(row(1))
    await page.getByText('Read').waitFor()

    await page.reload()
    await isLive(page, '[data-status="200"]:not([data-session])')
    expect(answers.some(({ url }) => url === `${api.url}/api/status`)).toBe(true)
    expect(answers.filter(({ url, cookie }) => url.includes(code) || cookie)).toEqual([])
    expect(await where.cookies()).toEqual([])
    expect(await page.evaluate('document.referrer')).toBe('')
  })

  test('lets its code be used once, its tabs share the token, and another browser gets nothing', async () => {
    const api = await node()
    const where = await context()
    const code = api.tokens.launchCode(60_000)
    const address = `${api.url}/#code=${code}`
    const first = await where.newPage()
    await first.goto(address)
    await first.waitForSelector('body[data-session="200"]', { state: 'attached' })
    const second = await where.newPage()
    await second.goto(api.url)
    await isLive(second)

    const stranger = await (await context()).newPage()
    await stranger.goto(address)
    await stranger.waitForSelector('body[data-session="401"][data-status="401"]', { state: 'attached' })
    expect(await stranger.evaluate("localStorage.getItem('token')")).toBeNull()
  })

  test('runs under its policy: its own script and style do, an inline script does not', async () => {
    const api = await node()
    const page = await openDashboard(api, await context())
    expect(await page.title()).toBe('VibeTea')
    expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(1, 2, 3)')
    const made = await page.evaluate(`
      try {
        document.body.innerHTML = '<img src=x onerror="1">'
        'made markup'
      } catch (error) {
        error.name
      }
    `)
    expect(made).toBe('TypeError')
    const { port, seen } = await attacker()
    expect(await tryFetch(page, `http://127.0.0.1:${port}/steal`, { mode: 'no-cors' })).toBe('refused')
    expect(seen).toEqual([])
  })

  test('works over a forwarded port under another name', async () => {
    const api = await node()
    const page = await (await context()).newPage()
    await page.goto(`http://localhost:${api.port}/#code=${api.tokens.launchCode(60_000)}`)
    await isLive(page, '[data-session="200"][data-status="200"]')
  })
})
