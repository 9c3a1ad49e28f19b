import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemTimers } from '../../node/system-timers.ts'
import { launchBrowser } from '../support/browser.ts'
import { FakeBackend } from '../support/fake-backend.ts'
import { type FakeNode, startFakeNode, UI_DIRECTORY } from '../support/fake-node.ts'
import { teamDay } from '../support/fake-world.ts'

const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

let browser: Browser
let context: BrowserContext
let node: FakeNode
let backend: FakeBackend
let now: number

beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

beforeEach(async () => {
  now = Date.parse('2026-11-20T14:40:00Z')
  backend = new FakeBackend({ now: () => now, events: teamDay(now).events })
  node = await startFakeNode(backend, UI_DIRECTORY, { ...systemTimers, now: () => now })
})
afterEach(async () => {
  await context.close()
  await node.stop()
})

async function openHeat(hash: string, options: BrowserContextOptions = {}): Promise<Page> {
  context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    ...options,
  })
  const page = await context.newPage()
  await page.clock.setFixedTime(now)
  await page.goto(node.openUrl())
  await page.getByRole('feed').waitFor()
  await page.goto(`http://127.0.0.1:${node.port}/${hash}`)
  await page.getByRole('grid').or(page.getByRole('table')).first().waitFor()
  return page
}

const team = (page: Page) => page.getByRole('grid', { name: 'Whole team' })
const hour = (page: Page, name: string) => team(page).getByRole('gridcell', { name })

/** What the node counts of all in an hour of a zone. */
async function counted(timeZone: string, date: string, at: number): Promise<number> {
  const { aggregates } = await backend.heatmap({ days: 30, timeZone, dayStart: 0, retry: false })
  return aggregates
    .filter((one) => one.date === date && one.hour === at)
    .reduce((sum, { eventCount }) => sum + eventCount, 0)
}

describe('the heat map', () => {
  it('has the hours of a zone that is 5 h 45 min ahead, and lists the events of one', async () => {
    const page = await openHeat('#/heat', { timezoneId: 'Asia/Kathmandu' })
    const events = await counted('Asia/Kathmandu', '2026-11-20', 19)
    await hour(page, `20 Fri, 19:00–20:00: ${events.toLocaleString('en')} events`).focus()
    await page.keyboard.press('ArrowRight')
    // 14:40 UTC is 20:25 there.
    expect(await page.locator(':focus').getAttribute('aria-label')).toMatch(
      /^20 Fri, 20:00–21:00: \d+ events/,
    )
    await page.keyboard.press('ArrowRight')
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('20 Fri, 21:00–22:00: still to come')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/#/history?from=2026-11-20T14:15:00.000Z&to=2026-11-20T15:15:00.000Z')
  })

  it('has the days on which clocks change', async () => {
    now = Date.parse('2026-10-25T12:00:00Z')
    const page = await openHeat('#/heat', { timezoneId: 'Europe/London' })
    expect(await hour(page, '25 Sun, 01:00–02:00').getAttribute('aria-label')).toContain('clocks went back')
    await context.close()
    now = Date.parse('2026-03-29T12:00:00Z')
    const spring = await openHeat('#/heat', { timezoneId: 'Europe/London' })
    expect(await hour(spring, '29 Sun, 01:00–02:00').getAttribute('aria-label')).toContain('no such hour')
  })

  it('is without fault for assistive technology in both views, fits a narrow window, and has numbers where colours are the system’s', async () => {
    backend.history = { state: 'failed', fetchedAt: null, message: 'The archive answered 500.' }
    const page = await openHeat('#/heat', { timezoneId: 'UTC', colorScheme: 'dark' })
    const faults = async () => {
      const { violations } = await new AxeBuilder({ page }).withTags(AXE_TAGS).analyze()
      return violations.map(({ id, nodes }) => `${id} ${nodes[0]!.html}`)
    }
    expect(await faults()).toEqual([])
    await page.getByRole('button', { name: 'View as table' }).click()
    await page.setViewportSize({ width: 400, height: 800 })
    expect(await faults()).toEqual([])
    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
    expect(overflow).toBe(0)
    backend.onHistoryRetry = () => (backend.history = null)
    await page.getByRole('alert').getByRole('button', { name: 'Retry' }).click()
    await page.getByText('Unable to load history').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'View as colours' }).click()
    await page.emulateMedia({ forcedColors: 'active' })
    const cell = hour(page, '20 Fri, 13:00–14:00')
    expect(await cell.getAttribute('aria-label')).toContain(`: ${await cell.innerText()} events`)
  })
})
