import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { violations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { FakeBackend } from '../support/fake-backend.ts'
import { type FakeNode, startFakeNode } from '../support/fake-node.ts'
import { teamDay } from '../support/fake-world.ts'

const HOUR_MS = 3_600_000

let browser: Browser
let node: FakeNode
let backend: FakeBackend
let page: Page
/** What the page complained about. */
const complaints: string[] = []

beforeAll(async () => {
  browser = await launchBrowser()
  backend = new FakeBackend({ now: () => Date.now(), events: teamDay(Date.now()).events })
  node = await startFakeNode(backend)
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  page = await context.newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  await page.goto(node.openUrl())
  await page.getByRole('feed').getByRole('article').first().waitFor()
})
afterAll(async () => {
  await browser.close()
  await node.stop()
})

const go = (hash: string) => page.evaluate(`location.hash = '${hash}'`)
const texts = () => page.getByRole('feed', { name: 'History' }).getByRole('article').allTextContents()
/** The times of the rows in view, the topmost first. */
const inView = () =>
  page.evaluate<number[]>(`(() => {
    const list = document.querySelector('[role=feed]')
    const { top } = list.getBoundingClientRect()
    return [...list.querySelectorAll('article')]
      .filter((article) => article.getBoundingClientRect().top >= top - 1)
      .map((article) => Date.parse(article.querySelector('time').dateTime))
  })()`)

describe('the palette', () => {
  it('finds by name what happened, opens it with the keyboard alone, and gives the focus back', async () => {
    const [event] = backend.rows
    const payload = { ...event!.payload, tool: 'Edit', context: 'unheard-of.ts' } as const
    const { sessionId, project, assistant, tool, context } = payload
    backend.add({
      id: `evt_${'z'.repeat(20)}`,
      source: event!.source,
      timestamp: new Date().toISOString(),
      eventType: 'tool',
      payload: { sessionId, project, assistant, tool, context, callId: 'ybndrfg8ejkm', status: 'completed' },
    })
    await page.keyboard.press('Control+k')
    await page.keyboard.type('unheard')
    await page.getByRole('option', { name: /Edit unheard-of\.ts/ }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/#/history?q=unheard')
    await expect.poll(texts).toEqual([expect.stringContaining('unheard-of.ts')])
    const search = page.getByRole('button', { name: 'Search or jump' })
    await search.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('combobox').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.evaluate(`document.activeElement.matches('button.search')`)).toBe(true)
  })
})

describe('the history', () => {
  it('begins at a time, and holds still while what came later is read above it', async () => {
    const at = Date.now() - HOUR_MS
    await go(`#/history?at=${new Date(at).toISOString()}`)
    const kept = backend.rows.map(({ timestamp }) => Date.parse(timestamp)).sort((a, b) => b - a)
    await expect.poll(async () => (await inView())[0]).toBe(kept.find((time) => time < at))
    await page.getByRole('feed').hover()
    for (let [from] = await inView(); from !== kept[0];) {
      await page.mouse.wheel(0, -2500)
      await expect.poll(async () => (await inView())[0]).toBeGreaterThan(from!)
      const times = await inView()
      const begin = kept.indexOf(times[0]!)
      expect(times).toEqual(kept.slice(begin, begin + times.length))
      from = times[0]
    }
  })

  it('is reached by a copied link, filters and all', async () => {
    await go('#/history?type=error')
    await page.getByText('type: error').waitFor()
    await page.keyboard.press('c')
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    const link = await page.evaluate<string>('navigator.clipboard.readText()')
    const other = await page.context().newPage()
    await other.goto(link)
    await other.getByRole('heading', { name: 'History' }).waitFor()
    await other.getByText('type: error').waitFor()
    await other.close()
  })

  it('lists the keys, and lets filters be chosen with the keyboard alone', async () => {
    await go('#/history')
    await page.getByRole('feed').waitFor()
    await page.keyboard.press('?')
    await page.getByRole('heading', { name: 'Keys' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.keyboard.press('f')
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.waitForURL('**/#/history?type=tool')
    await page.keyboard.press('Escape')
    await page.keyboard.press('x')
    await page.waitForURL('**/#/history')
    expect(complaints).toEqual([])
  })
})
