import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { DashboardPage } from '../support/dashboard-page.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

let browser: Browser
let dashboard: DashboardPage
let page: Page

beforeAll(async () => {
  browser = await launchBrowser()
  dashboard = await DashboardPage.open(browser)
  page = dashboard.page
})
afterAll(async () => {
  await dashboard.close()
  await browser.close()
})

const feed = () => page.getByRole('feed', { name: 'Live feed' })
const rows = () => feed().getByRole('article')
const pulse = () => page.getByRole('slider', { name: 'Time of the live feed' })

interface Seen {
  /** How far the first line begins below the list's upper edge, px. */
  above: number
  /** How far the last one ends above its lower edge, px. */
  below: number
  /** The time of the first, ms. */
  time: number
}

/** The lines that are seen at least in part. */
function seen(): Promise<Seen> {
  return page.evaluate<Seen>(`(() => {
    const list = document.querySelector('[role=feed]')
    const frame = list.getBoundingClientRect()
    const lines = [...list.querySelectorAll('article')]
      .map((line) => ({ line, box: line.getBoundingClientRect() }))
      .filter(({ box }) => box.bottom > frame.top + 1 && box.top < frame.bottom)
    return {
      above: lines[0].box.top - frame.top,
      below: frame.bottom - lines.at(-1).box.bottom,
      time: Date.parse(lines[0].line.querySelector('time').dateTime),
    }
  })()`)
}

/** Some calls of a tool in one session, all at once. */
function calls(count: number) {
  return Array.from({ length: count }, (_, n) => {
    const event = dashboard.sessions[0]!.next(Date.now())
    const { sessionId, project, assistant } = event.payload
    const call = {
      tool: 'NotebookEdit',
      callId: 'ybndrfg8ejk'.padEnd(12, 'mcpqxo'[n]),
      status: 'completed',
    } as const
    return { ...event, eventType: 'tool' as const, payload: { sessionId, project, assistant, ...call } }
  })
}

describe('the live feed', () => {
  it('folds a burst into one line, which leads to each of its events', async () => {
    dashboard.backend.add(...calls(4))
    const line = rows().filter({ hasText: 'NotebookEdit' })
    await line.filter({ hasText: '×4' }).waitFor()
    expect(await line.count()).toBe(1)
    await line.click()
    await page.waitForURL(/#\/history\?.*session=/)
    const listed = page.getByRole('main').getByText('NotebookEdit')
    await expect.poll(() => listed.count()).toBe(4)
  })

  it('goes back in time by the pulse and by the hour, loads what it needs, and comes back to now', async () => {
    await dashboard.go('#/live')
    const box = (await pulse().boundingBox())!
    const [right, middle] = [box.x + box.width - 1, box.y + box.height / 2]
    await page.mouse.move(right, middle)
    await page.mouse.down()
    // Ten of its fifteen minutes.
    await page.mouse.move(box.x + box.width / 3, middle, { steps: 5 })
    await page.mouse.up()
    await expect.poll(async () => (await seen()).above).toBeCloseTo(0, 0)
    const tenBefore = Date.now() - 10 * MINUTE_MS
    expect((await seen()).time).toBeLessThanOrEqual(tenBefore + 15_000)
    expect((await seen()).time).toBeGreaterThan(tenBefore - 2 * MINUTE_MS)
    expect(await pulse().getAttribute('aria-valuetext')).toMatch(/^(9|10) min ago/)

    await page.keyboard.press('[')
    await expect.poll(async () => (await seen()).time).toBeLessThanOrEqual(tenBefore + 15_000 - HOUR_MS)
    expect((await seen()).time).toBeGreaterThan(tenBefore - HOUR_MS - 2 * MINUTE_MS)
    expect((await seen()).above).toBeCloseTo(0, 0)
    await page.keyboard.press('.')
    await page.getByRole('button', { name: /Following/ }).waitFor()
    expect(await pulse().getAttribute('aria-valuetext')).toMatch(/^now/)
  })

  it('fills a wall, however far one has scrolled', async () => {
    await dashboard.go('#/live?kiosk=1')
    await expect.poll(() => page.getByRole('navigation', { name: 'Screens' }).count()).toBe(0)
    for (const top of [0, 3000, 100]) {
      await page.evaluate(`document.querySelector('[role=feed]').scrollTo({ top: ${top} })`)
      await expect.poll(async () => (await seen()).above).toBeLessThanOrEqual(0)
      await expect.poll(async () => (await seen()).below).toBeLessThanOrEqual(0)
    }
    expect((await rows().first().boundingBox())!.height).toBeGreaterThan(40)
    await page.keyboard.press('Escape')
    await page.getByRole('navigation', { name: 'Screens' }).waitFor()
  })
})
