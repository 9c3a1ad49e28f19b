import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { DashboardPage } from '../support/dashboard-page.ts'
import { Pictures, RENEWS } from '../support/pictures.ts'

/** A Friday afternoon. */
const STANDS_AT = Date.parse('2026-11-20T14:40:00Z')
const WIDTHS = { 1440: 900, 420: 800 }
const SCREENS = ['live', 'timeline', 'heat', 'people', 'usage', 'history', 'settings', 'welcome']
/** A page that is still drawing looks as it should a moment later. */
const PATIENCE = { timeout: 4000, interval: 80 }

let browser: Browser
let pictures: Pictures
beforeAll(async () => {
  browser = await launchBrowser({ flags: ['--font-render-hinting=none', '--disable-lcd-text'] })
  pictures = new Pictures(browser.version())
})
afterAll(() => browser.close())

it.each(['dark', 'light'] as const)(
  'the main screens look in the %s theme as they are known',
  async (colorScheme) => {
    const dashboard = await DashboardPage.open(browser, {
      standsAt: STANDS_AT,
      colorScheme,
      timezoneId: 'Europe/Berlin',
      locale: 'en-GB',
    })
    onTestFinished(() => dashboard.close())
    const wrong: string[] = []
    for (const screen of SCREENS) {
      await dashboard.page.setViewportSize({ width: 1440, height: 900 })
      await dashboard.go(`#/${screen}`)
      for (const [width, height] of Object.entries(WIDTHS)) {
        await dashboard.page.setViewportSize({ width: Number(width), height })
        const differs = await lasting(dashboard, `${screen}-${colorScheme}-${width}`)
        if (differs !== null) wrong.push(differs)
      }
    }
    expect(wrong).toEqual([])
    if (RENEWS) return
    // A part that is not there is seen, and by another browser at least that there is nothing.
    await dashboard.page.setViewportSize({ width: 1440, height: 900 })
    await dashboard.go('#/live')
    const without = async (part: string) => {
      await dashboard.page.evaluate(`document.querySelector('${part}').style.visibility = 'hidden'`)
      return dashboard.page.screenshot({ animations: 'disabled' })
    }
    const name = `live-${colorScheme}-1440`
    expect(pictures.difference(name, await without('aside'))).toContain('looks otherwise')
    expect(new Pictures('1.0').difference(name, await without('main'))).toContain('looks otherwise')
  },
  120_000,
)

/** What is wrong with the look of a page once it stands still. */
async function lasting({ page }: DashboardPage, name: string): Promise<string | null> {
  const end = performance.now() + PATIENCE.timeout
  for (;;) {
    const before = await page.screenshot({ animations: 'disabled' })
    await page.waitForTimeout(PATIENCE.interval)
    const picture = await page.screenshot({ animations: 'disabled' })
    const isStill = picture.equals(before)
    const differs = isStill || performance.now() > end ? pictures.difference(name, picture) : ''
    if (differs === null || performance.now() > end) return differs
  }
}
