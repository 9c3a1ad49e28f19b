import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { handleOf } from '../../core/handle.ts'
import { launchBrowser } from '../support/browser.ts'
import { FakeBackend } from '../support/fake-backend.ts'
import { type FakeNode, startFakeNode } from '../support/fake-node.ts'
import { type FakeSession, teamDay } from '../support/fake-world.ts'

let browser: Browser
let context: BrowserContext
let page: Page
let node: FakeNode
let backend: FakeBackend
let sessions: FakeSession[]
/** What the page complained about; an absent node is no complaint. */
let complaints: string[]

beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

beforeEach(async () => {
  const day = teamDay(Date.now())
  sessions = day.sessions
  backend = new FakeBackend({ now: () => Date.now(), events: day.events })
  node = await startFakeNode(backend)
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
  complaints = []
  page = await openPage()
})
afterEach(async () => {
  await context.close()
  await node.stop()
})

async function openPage(url = node.openUrl()): Promise<Page> {
  const opened = await context.newPage()
  opened.on('pageerror', (error) => complaints.push(error.message))
  opened.on('console', (message) => {
    const text = message.text()
    if (
      message.type() === 'error' &&
      !/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|401|HTTP Authentication failed/.test(text)
    ) {
      complaints.push(text)
    }
  })
  await opened.goto(url)
  await rows(opened).first().waitFor()
  return opened
}

const rows = (of: Page) => of.getByRole('feed').getByRole('article')
const first = (of: Page) => rows(of).first()
const base = () => `http://127.0.0.1:${node.port}/`
const session = (i: number) => sessions[i]!

/** A tool call that no other event looks like, in a session that has been silent long enough for it to stand alone. */
function edit(context: string, of = session(4)) {
  const event = of.next(Date.now())
  const { sessionId, project, assistant } = event.payload
  const payload = {
    sessionId,
    project,
    assistant,
    tool: 'Edit',
    callId: 'ybndrfg8ejkm',
    status: 'completed' as const,
  }
  return { ...event, eventType: 'tool' as const, payload: { ...payload, context } }
}

describe('the live screen', () => {
  it('shows an event as it happens, without a complaint of the browser’s about the page', async () => {
    backend.add(edit('kettle.ts'))
    await expect.poll(() => first(page).textContent()).toMatch(/Edit\s+kettle\.ts/)
    expect(complaints).toEqual([])
    expect(page.url()).not.toContain('code')
    await expect.poll(() => page.evaluate<number>('document.getAnimations().length')).toBe(0)
  })

  it('lists only what passes the filters that are chosen', async () => {
    await page.getByRole('button', { name: 'filter', exact: true }).click()
    await page.getByRole('checkbox', { name: 'web-app' }).check()
    await page.getByRole('checkbox', { name: 'agent' }).check()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.url()).toContain('#/live?type=agent&project=web-app')
    await expect
      .poll(async () => new Set(await rows(page).locator('.project').allTextContents()))
      .toEqual(new Set(['web-app']))
    await expect
      .poll(async () => new Set(await rows(page).locator('.word').allTextContents()))
      .toEqual(new Set(['agent']))
    await page.keyboard.press('x')
    await expect.poll(() => page.url()).not.toContain('type')
  })

  it('finds whatever was indexed by its name, and leads there', async () => {
    backend.add(edit('unheard-of.ts'))
    await page.keyboard.press('/')
    await page.keyboard.type('unheard')
    await page.getByRole('option').filter({ hasText: 'unheard-of.ts' }).first().click()
    await expect.poll(() => page.url()).not.toContain('#/live')
    await rows(page).filter({ hasText: 'unheard-of.ts' }).first().waitFor()
  })

  it('counts in its title who waits for an answer, and puts them on top', async () => {
    await expect.poll(() => page.title()).toBe('(1) VibeTea')
    backend.add(session(0).waiting(Date.now(), 'permission'))
    await expect.poll(() => page.title()).toBe('(2) VibeTea')
    const names = page.getByRole('region', { name: 'Who’s brewing' }).locator('b')
    expect(await names.first().textContent()).toBe(handleOf(session(1).id))
    backend.add(edit('go-on.ts', session(0)))
    await expect.poll(() => page.title()).toBe('(1) VibeTea')
  })

  it('reads on into the past as one scrolls', async () => {
    // Once the line stands the feed starts over.
    await page.getByText(/^Live ·/).waitFor()
    await page.getByRole('feed').hover()
    const scrollToEnd = async () => {
      await page.mouse.wheel(0, 1_000_000)
      return rows(page).last().locator('time').getAttribute('datetime')
    }
    const [oldest] = backend.rows.map(({ timestamp }) => timestamp).sort()
    await expect.poll(scrollToEnd, { timeout: 15_000 }).toBe(oldest)
    const before = await rows(page).last().textContent()
    backend.add(edit('far-above.ts'))
    await page.getByRole('button', { name: '1 new' }).waitFor()
    expect(await rows(page).last().textContent()).toBe(before)
    await page.keyboard.press('.')
    await expect.poll(() => first(page).textContent()).toContain('far-above.ts')
  })

  it('is the same in two tabs, of which the second needs no code', async () => {
    const other = await openPage(base())
    backend.add(edit('both.ts'))
    for (const tab of [page, other]) await expect.poll(() => first(tab).textContent()).toContain('both.ts')
  })
})

describe('a page whose node goes away', () => {
  it('says so, stays readable, and goes on without loss or repeat', async () => {
    backend.add(edit('before.ts', session(3)))
    await expect.poll(() => first(page).textContent()).toContain('before.ts')
    const known = Number(await first(page).getAttribute('aria-setsize'))
    await node.stop()
    await page.getByRole('alert').getByText('The node does not answer.').waitFor()
    expect(await first(page).textContent()).toContain('before.ts')
    await page.getByText('npx vibetea status').waitFor()
    backend.add(edit('meanwhile-1.ts'), edit('meanwhile-2.ts', session(5)))
    await node.restart()
    await page
      .getByRole('button', { name: 'Retry' })
      .click({ timeout: 3000 })
      .catch(() => undefined)
    await expect.poll(() => first(page).textContent(), { timeout: 15_000 }).toContain('meanwhile-2.ts')
    expect(await rows(page).nth(1).textContent()).toContain('meanwhile-1.ts')
    expect(await first(page).getAttribute('aria-setsize')).toBe(String(known + 2))
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  it('is locked by a node that started anew, until the dashboard is opened again', async () => {
    await node.stop()
    await page.getByRole('alert').waitFor()
    await node.restartAnew()
    await page.getByText('npx vibetea open').waitFor({ timeout: 15_000 })
    // Opened in a tab that shows the page already, only what is after the # changes.
    await page.goto(node.openUrl())
    await first(page).waitFor()
    const other = await openPage(base())
    backend.add(edit('again.ts'))
    for (const tab of [page, other]) await expect.poll(() => first(tab).textContent()).toContain('again.ts')
  })
})
