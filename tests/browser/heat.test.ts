import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { DashboardPage } from '../support/dashboard-page.ts'

const NOW = Date.parse('2026-11-20T14:40:00Z')

let browser: Browser
let dashboard: DashboardPage
let page: Page

beforeAll(async () => {
  browser = await launchBrowser()
  dashboard = await DashboardPage.open(browser, { standsAt: NOW })
  page = dashboard.page
  await dashboard.go('#/heat')
})
afterAll(async () => {
  await dashboard.close()
  await browser.close()
})

const hour = (name: string) => page.getByRole('grid', { name: 'Whole team' }).getByRole('gridcell', { name })

describe('the heat map', () => {
  it('has the hours of a zone that is 5 h 45 min ahead, and lists the events of one', async () => {
    await dashboard.reopen(NOW, 'Asia/Kathmandu')
    const { aggregates } = await dashboard.backend.heatmap({
      days: 7,
      timeZone: 'Asia/Kathmandu',
      dayStart: 0,
      retry: false,
    })
    const events = aggregates
      .filter((one) => one.date === '2026-11-20' && one.hour === 19)
      .reduce((sum, { eventCount }) => sum + eventCount, 0)
    const focused = () => page.locator(':focus').getAttribute('aria-label')
    await hour(`20 Fri, 19:00–20:00: ${events.toLocaleString('en')} events`).focus()
    await page.keyboard.press('ArrowRight')
    // 14:40 UTC is 20:25 there.
    expect(await focused()).toMatch(/^20 Fri, 20:00–21:00: \d+ events/)
    await page.keyboard.press('ArrowRight')
    expect(await focused()).toBe('20 Fri, 21:00–22:00: still to come')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/#/history?from=2026-11-20T14:15:00.000Z&to=2026-11-20T15:15:00.000Z')
  })

  it.each([
    ['2026-10-25T12:00:00Z', '25 Sun, 01:00–02:00', 'clocks went back'],
    ['2026-03-29T12:00:00Z', '29 Sun, 01:00–02:00', 'no such hour, clocks went forward'],
  ])('tells of the hour that is twice or not at all, as at %s in London', async (now, name, words) => {
    await dashboard.go('#/heat')
    await dashboard.reopen(Date.parse(now), 'Europe/London')
    expect(await hour(name).getAttribute('aria-label')).toContain(words)
  })

  it('fits a narrow window, where history cannot be loaded until it is wanted again', async () => {
    await page.setViewportSize({ width: 400, height: 800 })
    await page.emulateMedia({ forcedColors: 'active' })
    dashboard.backend.history = { state: 'failed', fetchedAt: null, message: 'The archive answered 500.' }
    await dashboard.reopen(NOW, 'UTC')
    // Where colours are the system's the cells have numbers.
    const cell = hour('20 Fri, 13:00–14:00').first()
    expect(await cell.getAttribute('aria-label')).toContain(`: ${await cell.innerText()} event`)
    const alert = page.getByRole('alert').filter({ hasText: 'Unable to load history. Showing what' })
    await alert.waitFor()
    expect(await dashboard.overflow()).toBe(0)
    dashboard.backend.onHistoryRetry = () => (dashboard.backend.history = null)
    await alert.getByRole('button', { name: 'Retry' }).click()
    await alert.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'View as table' }).click()
    expect(await dashboard.overflow()).toBe(0)
  })
})
