import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { ClaudeSession } from '../support/claude-session.ts'
import { startNode, vibetea } from '../support/cli.ts'
import { emptyMachine } from '../support/machine.ts'

/** Time in which a busy machine does what a person would call at once. */
const SOON = { timeout: 10_000 }
const CODE = '/code/tea-house'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

/** An empty machine and a browser on it. */
async function machine() {
  const { directory, variables } = emptyMachine()
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
  })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  return {
    page,
    start: () => startNode(variables),
    /** A session of the assistant's that begins now. */
    brew: () => new ClaudeSession(join(directory, 'claude'), randomUUID(), CODE, Date.now() - 30_000),
    /** Opens the address that `vibetea open` gives. */
    open: async (): Promise<void> => {
      const { stdout } = await vibetea(['open', '--print'], variables)
      await page.goto(stdout.trim())
    },
  }
}

const rows = (page: Page) => page.getByRole('feed').getByRole('article')
const newest = (page: Page) => rows(page).first()
const count = (page: Page) => newest(page).getAttribute('aria-setsize')
/** How many rows in view say something. */
const shown = (page: Page, text: RegExp) => rows(page).filter({ hasText: text }).count()
const edit = (session: ClaudeSession, file: string) =>
  session.tool('Edit', { file_path: `${CODE}/${file}`, old_string: 'a', new_string: 'b' }, { content: 'ok' })

describe('the dashboard of a real node', () => {
  it('greets at the first run, then shows each line of a session file as it is written', async () => {
    const { page, start, brew, open } = await machine()
    await start()
    await open()
    await page.getByText('Kettle’s on.').waitFor()
    await page.getByText('No assistant found yet').waitFor()
    const session = brew().prompt('the secret recipe of the house blend')
    await expect.poll(() => shown(page, /prompt/), SOON).toBe(1)
    edit(session, 'kettle.ts')
    await expect.poll(() => shown(page, /Edit kettle\.ts · completed/), SOON).toBe(1)
    edit(session, 'teapot.ts').turnEnds()
    await expect.poll(() => newest(page).textContent(), SOON).toContain('turn over')
    const overview = page.getByRole('complementary', { name: 'Overview' })
    await expect.poll(() => overview.textContent(), SOON).toContain('1 to review')

    await page.goto(`${new URL(page.url()).origin}/#/live?q=kettle`)
    await expect.poll(() => rows(page).count(), SOON).toBe(1)
    edit(session, 'kettle.ts')
    await expect.poll(() => newest(page).textContent(), SOON).toMatch(/Edit kettle\.ts · completed.*×2/s)
    expect(await shown(page, /teapot/)).toBe(0)
    expect(await page.content()).not.toMatch(/secret|old_string|\/code\//)
  })

  it('shows after a kill what it showed before, and what was written meanwhile, each once', async () => {
    const { page, start, brew, open } = await machine()
    const session = edit(brew().prompt('brew'), 'kettle.ts').turnEnds()
    const first = await start()
    await open()
    await expect.poll(() => newest(page).textContent(), SOON).toContain('turn over')
    const known = await count(page)
    const facts = async (): Promise<string | null> => {
      await page.goto(`${new URL(page.url()).origin}/#/session/${session.sessionId}`)
      await newest(page).waitFor()
      return page.getByRole('region', { name: 'Facts' }).textContent()
    }
    const before = await facts()
    expect(before).toMatch(/prompts\s+1\s+tools\s+1/)

    await first.end('SIGKILL')
    await page.getByRole('alert').getByText('The node does not answer.').waitFor()
    expect(await newest(page).textContent()).toContain('turn over')
    const second = await start()
    await open()
    await expect.poll(() => count(page), SOON).toBe(known)
    expect(await facts()).toBe(before)

    await second.end('SIGKILL')
    session.prompt('stronger')
    await start()
    await open()
    await expect.poll(() => newest(page).textContent(), SOON).toContain('prompt')
    expect(await count(page)).toBe(String(Number(known) + 1))
    expect(await facts()).toMatch(/prompts\s+2\s+tools\s+1/)
    edit(session, 'lemon.ts')
    await expect.poll(() => shown(page, /lemon\.ts · completed/), SOON).toBe(1)
  })
})
