import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { EventsAnswer } from '../../core/api.ts'
import { launchBrowser } from '../support/browser.ts'
import { createTeam, Laptop, startBootstrap } from '../support/team.ts'

/** Time in which laptops on a busy machine find each other. */
const SOON = { timeout: 20_000 }
const LONG_AGO_MS = 2 * 3_600_000

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

/** A laptop's dashboard, as `vibetea open` opens it. */
async function open(laptop: Laptop): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
  })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const { stdout } = await laptop.run('open', '--print')
  await page.goto(stdout.trim())
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  return page
}

it('a teammate is seen to join, work, wait, go away, and come back with what happened meanwhile', async () => {
  const network = await startBootstrap()
  const [ada, bruno] = [new Laptop('Ada', network), new Laptop('Bruno', network)]
  const { teamKey } = await createTeam(ada, '--name', 'Ada')
  await ada.start()
  ada.session('api').prompt('brew')
  const page = await open(ada)
  const rows = page.getByRole('feed').getByRole('article')
  await rows.first().waitFor(SOON)
  await page.goto(`${new URL(page.url()).origin}/#/people`)

  await bruno.start('join', teamKey, '--share', 'all', '--backfill', '1d', '--name', 'Bruno')
  const row = page.getByRole('row').filter({ hasText: 'Bruno' })
  await row.getByText('direct').waitFor(SOON)

  await page.goto(`${new URL(page.url()).origin}/#/live`)
  const session = bruno.session('web-app').prompt('brew')
  await rows.filter({ hasText: 'Bruno' }).filter({ hasText: 'prompt' }).first().waitFor(SOON)
  session.tool('AskUserQuestion', { questions: [] })
  const overview = page.getByRole('complementary', { name: 'Overview' })
  await overview.getByText('needs an answer').first().waitFor(SOON)

  await bruno.node.end('SIGKILL')
  const earlier = bruno.session('web-app', Date.now() - LONG_AGO_MS)
  for (let i = 0; i < 12; i++) earlier.prompt(`thought of on the train, ${i}`).wait(60)
  await bruno.start()
  const caughtUp = rows.filter({ hasText: /caught up/i })
  await caughtUp.first().waitFor(SOON)
  // Its start and end and their sum are among them.
  const held = async () =>
    (await ada.node.get<EventsAnswer>(`/api/events?session=${earlier.sessionId}`)).events.length
  await expect.poll(held, SOON).toBe(15)
  await expect
    .poll(() => caughtUp.allTextContents(), SOON)
    .toEqual([expect.stringContaining('15 events from Bruno')])
  expect(await page.content()).not.toMatch(/on the train/)
}, 90_000)
