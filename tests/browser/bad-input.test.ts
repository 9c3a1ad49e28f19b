import type { Browser, BrowserContext, Page, Route } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { FakeBackend } from '../support/fake-backend.ts'
import { type FakeNode, startFakeNode } from '../support/fake-node.ts'
import { teamDay } from '../support/fake-world.ts'

let browser: Browser
let node: FakeNode
let context: BrowserContext
let page: Page
/** Errors that nobody caught. */
const crashes: string[] = []

beforeAll(async () => {
  browser = await launchBrowser()
  const { events } = teamDay(Date.now())
  const backend = new FakeBackend({ now: () => Date.now(), events })
  const [bruno] = backend.team.peers()
  bruno!.clockAheadMs = 2 * 3_600_000
  backend.team.peers = () => [bruno!]
  node = await startFakeNode(backend)
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  page = await context.newPage()
  page.on('pageerror', ({ message }) => crashes.push(message))
})
afterAll(async () => {
  await browser.close()
  await node.stop()
})

const answer = (path: string, work: (route: Route) => Promise<void>) =>
  page.route(new RegExp(`/api/${path}(\\?|$)`), work)
const alert = (text: string) => page.getByRole('alert').filter({ hasText: text })

test('a page of bad answers goes on, panel by panel, and is whole again after Retry', async () => {
  const held: (() => void)[] = []
  await answer('events', async (route) => {
    const response = await route.fetch()
    const body = (await response.json()) as { events: { eventType: string }[] }
    body.events[0]!.eventType = 'ceremony'
    await route.fulfill({ response, json: body })
  })
  await answer('heatmap', (route) => route.fulfill({ status: 500, body: '<h1>Oops</h1>' }))
  await answer('sessions', (route) => route.fulfill({ status: 200, body: '{"sessions": [{"sess' }))
  await answer('stats', (route) => new Promise((resolve) => held.push(() => resolve(route.fallback()))))
  await page.goto(node.openUrl())

  await page.getByRole('feed').getByRole('article').first().waitFor()
  await alert('Unable to load the heat map.').waitFor()
  expect(await alert('Unable to load the heat map.').textContent()).toContain('The node answered 500.')
  expect(await alert('Unable to load the list of sessions.').textContent()).toContain('cannot be read')
  await page.getByText('Loading the sums of today: the node takes its time.').waitFor()
  await page.getByText('1 event type this version cannot show.').waitFor()
  await page.getByText(/’s clock is 2 h ahead of this machine’s\./).waitFor()
  expect(await page.locator('main').count()).toBe(1)

  await page.goto(`http://127.0.0.1:${node.port}/#/settings?section=outbox`)
  await page.getByRole('heading', { name: 'Outbox' }).waitFor()
  await page.goto(`http://127.0.0.1:${node.port}/#/live`)

  await page.unrouteAll({ behavior: 'ignoreErrors' })
  for (const release of held) release()
  for (const name of ['heat map', 'list of sessions']) {
    await alert(`Unable to load the ${name}.`).getByRole('button', { name: 'Retry' }).click()
  }
  await expect.poll(() => page.getByText(/Unable to load|takes its time/).count()).toBe(0)

  // A node that was updated meanwhile has other files; its page names them.
  await page.route('**/assets/Usage-*.js', (route) => route.fulfill({ status: 404 }))
  await page.goto(`http://127.0.0.1:${node.port}/#/usage`)
  const again = alert('VibeTea may have been updated').getByRole('button', { name: 'Try again' })
  await Promise.all([page.waitForEvent('load'), again.click()])
  await again.waitFor()
  await page.unrouteAll()
  await again.click()
  await page.getByRole('heading', { name: 'Usage' }).waitFor()
  expect(crashes).toEqual([])
}, 60_000)
