import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { ArchiveStatus } from '../../core/api.ts'
import { violations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { DashboardPage, type DashboardOptions } from '../support/dashboard-page.ts'
import { overlapOf } from '../support/fake-team.ts'
import { PEOPLE } from '../support/fake-world.ts'

const MANY_SCREENS_MS = 120_000
const [ADA, , CHANDRA] = PEOPLE as [(typeof PEOPLE)[0], (typeof PEOPLE)[0], (typeof PEOPLE)[0]]

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

/** A team that has something of everything that a screen can show. */
async function busyTeam(options: DashboardOptions = {}): Promise<DashboardPage> {
  const dashboard = await DashboardPage.open(browser, { archive: refusingArchive(), ...options })
  onTestFinished(() => dashboard.close())
  const { backend, sessions } = dashboard
  const [mine, second, theirs, , fifth] = sessions
  backend.team.overlaps = [
    overlapOf('invite.ts', ADA.source, Date.now(), theirs!, mine!),
    overlapOf('schema.sql', ADA.source, Date.now(), mine!, fifth!),
    overlapOf('README.md', ADA.source, Date.now(), mine!, second!),
  ]
  backend.team.change(CHANDRA.source, { problem: 'Its log grew by 210 MB in an hour and is not read on.' })
  backend.team.status.reach = {
    state: 'unreachable',
    message: 'The bootstrap 10.0.0.9:49737 does not answer.',
  }
  backend.team.join({ source: 'mini-n6b2vd', name: 'Bruno Lima' })
  backend.add(edit(dashboard, 'invite.ts'))
  await dashboard.page.getByRole('article').first().getByText('invite.ts').waitFor()
  await dashboard.page.getByRole('link', { name: 'Archive refuses' }).waitFor()
  return dashboard
}

/** An archive of which there is all to tell that there can be. */
function refusingArchive(): ArchiveStatus {
  return {
    state: 'refused',
    url: 'https://harbour.supabase.co/functions/v1',
    behind: 12,
    sent: 340,
    inserted: 12,
    rejected: { too_old: 1204 },
    lastSuccessAt: null,
    retryAt: new Date(Date.now() + 60_000).toISOString(),
    problem: 'The archive refused the call (401). See that VIBETEA_SUPABASE_KEY is the project’s.',
    held: [{ source: CHANDRA.source, problem: 'The archive does not know this log’s certificate.' }],
  }
}

/** A teammate's edit of a file of the team's. */
function edit({ sessions }: DashboardPage, context: string) {
  const event = sessions[2]!.next(Date.now())
  const { sessionId, project, assistant } = event.payload
  const call = { tool: 'Edit', callId: 'ybndrfg8ejkm', status: 'completed', context } as const
  const payload = { sessionId, project, assistant, ...call, fileTag: 'ybndrfg8ejkm' }
  return { ...event, eventType: 'tool' as const, payload }
}

/** Every screen, and states of one that are laid out in another way. */
function places({ sessions }: DashboardPage): string[] {
  return [
    '#/live',
    '#/live?type=error&q=nothing-is-called-this',
    '#/timeline',
    '#/heat',
    '#/heat?days=30&view=table&zone=utc',
    '#/people',
    '#/usage',
    `#/session/${sessions[2]!.id}`,
    '#/history',
    '#/settings',
    '#/welcome',
  ]
}

/** How far the page as a whole can be scrolled down, px. */
const overflowBelow = (page: Page) =>
  page.evaluate<number>('document.documentElement.scrollHeight - innerHeight')

const animations = (page: Page) =>
  page.evaluate<string[]>(
    "document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime === Infinity).map((each) => each.animationName ?? '')",
  )

describe('every screen', () => {
  it(
    'is accessible (WCAG 2.2 AA), without a complaint of the browser’s and without motion that never ends',
    async () => {
      const dashboard = await busyTeam({ colorScheme: 'dark', reducedMotion: 'no-preference' })
      const { page, node } = dashboard
      for (const place of places(dashboard)) {
        await dashboard.go(place)
        expect(await violations(page), place).toEqual([])
        expect(await animations(page), place).toEqual([])
      }
      for (const key of ['?', '/']) {
        await page.keyboard.press(key)
        await page.getByRole('dialog').waitFor()
        expect(await violations(page), `the dialog of ${key}`).toEqual([])
        await page.keyboard.press('Escape')
        await page.getByRole('dialog').waitFor({ state: 'hidden' })
      }
      await node.stop()
      await page.getByRole('alert').getByText('The node does not answer.').waitFor()
      expect(await violations(page), 'the node is away').toEqual([])
      await node.restartAnew()
      await page.getByText('npx vibetea open').waitFor({ timeout: 15_000 })
      expect(await violations(page), 'locked').toEqual([])
      expect(dashboard.complaints).toEqual([])
    },
    MANY_SCREENS_MS,
  )

  it(
    'can be read in the light theme',
    async () => {
      const dashboard = await busyTeam({ colorScheme: 'light' })
      for (const place of places(dashboard)) {
        await dashboard.go(place)
        expect(await violations(dashboard.page, ['color-contrast']), place).toEqual([])
      }
    },
    MANY_SCREENS_MS,
  )

  it(
    'can be read in forced colours, with more room, also where colour is all that there is elsewhere',
    async () => {
      const dashboard = await busyTeam({ forcedColors: 'active', chosen: { density: 'comfortable' } })
      for (const place of ['#/live', '#/timeline', '#/heat', '#/usage']) {
        await dashboard.go(place)
        expect(await violations(dashboard.page, ['color-contrast']), place).toEqual([])
      }
    },
    MANY_SCREENS_MS,
  )

  it(
    'has what can be pressed in the reach of a finger on the narrow screen beside an editor',
    async () => {
      const dashboard = await busyTeam({ viewport: { width: 400, height: 800 } })
      const { page } = dashboard
      const rules = ['target-size', 'scrollable-region-focusable', 'aria-hidden-focus', 'region']
      for (const place of places(dashboard)) {
        await dashboard.go(place)
        expect(await violations(page, rules), place).toEqual([])
      }
      await dashboard.go('#/live')
      await page.getByRole('button', { name: 'Who' }).click()
      await page.getByRole('heading', { name: 'Who’s brewing' }).waitFor()
      expect(await violations(page), 'who').toEqual([])
      expect(dashboard.complaints).toEqual([])
    },
    MANY_SCREENS_MS,
  )

  it(
    'fits into 320 pixels and into a window of any other size',
    async () => {
      const dashboard = await busyTeam()
      for (const place of places(dashboard)) {
        await dashboard.go(place)
        // 320 by 256 is a window of 1280 by 1024 at 400 %, 720 by 450 one of 1440 by 900 at 200 %.
        for (const [width, height] of [
          [320, 256],
          [420, 800],
          [720, 450],
          [900, 800],
          [2560, 1440],
        ] as const) {
          await dashboard.page.setViewportSize({ width, height })
          expect(await dashboard.overflow(), `${place} ${width}`).toBeLessThanOrEqual(0)
          // The bars stay where they are; what is longer than the window scrolls between them.
          if (width > 320) expect(await overflowBelow(dashboard.page), `${place} ${width}`).toBe(0)
        }
      }
    },
    MANY_SCREENS_MS,
  )

  it(
    'is reached with the keyboard alone, and so is everything on it',
    async () => {
      const dashboard = await busyTeam({ viewport: { width: 1280, height: 800 } })
      const { page } = dashboard
      const press = async (...keys: string[]) => {
        for (const key of keys) await page.keyboard.press(key)
      }
      const leadsTo = async (screen: string) => {
        await expect.poll(() => page.url()).toContain(`#/${screen}`)
        await page.locator('h1').first().waitFor()
        await dashboard.settled()
        expect(await unreached(page), screen).toEqual([])
      }
      const letters = {
        t: 'timeline',
        h: 'heat',
        p: 'people',
        u: 'usage',
        y: 'history',
        s: 'settings',
        l: 'live',
      }
      for (const [letter, screen] of Object.entries(letters)) {
        await press('g', letter)
        await leadsTo(screen)
      }
      await press('j', 'Enter')
      await leadsTo('session')
      await press('/')
      await page.keyboard.type('first steps')
      await page.getByRole('option', { name: 'First steps', exact: true }).waitFor()
      await press('Enter')
      await leadsTo('welcome')
    },
    MANY_SCREENS_MS,
  )
})

/** What the Tab key does not come to, or where one cannot see that it has come to it; it goes around the page once. */
async function unreached(page: Page): Promise<string[]> {
  await page.evaluate(`
    globalThis.reached = new Set()
    globalThis.unseen = new Set()
    globalThis.nameOf = (each) => each.tagName.toLowerCase() + ' ' + (each.getAttribute('aria-label') ?? each.textContent).trim().slice(0, 40)
    const start = document.createElement('span')
    start.tabIndex = -1
    document.body.prepend(start)
    start.focus()
    start.remove()
  `)
  const count = await page.evaluate<number>(`(${TABBABLE}).length`)
  for (let i = 0; i < count + 10; i++) {
    await page.keyboard.press('Tab')
    const isDone = await page.evaluate<boolean>(`(() => {
      const focused = document.activeElement
      if (focused === document.body) return globalThis.reached.size > 0
      globalThis.reached.add(focused)
      // A field's ring may be drawn around it and what stands beside it; of a date the part that is typed into is marked.
      const isRinged = (each) => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(each)
        return (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none'
      }
      const isSeen = isRinged(focused) || focused.type === 'date' || (focused.tagName === 'INPUT' && isRinged(focused.parentElement))
      if (!isSeen) globalThis.unseen.add(globalThis.nameOf(focused))
      return false
    })()`)
    if (isDone) break
  }
  return page.evaluate<string[]>(`[
    ...(${TABBABLE}).filter((each) => !globalThis.reached.has(each)).map((each) => 'not reached: ' + globalThis.nameOf(each)),
    ...[...globalThis.unseen].map((each) => 'focus not seen: ' + each),
  ]`)
}

/** What can be pressed or filled in, is in view of the page's layout, and is not left to arrow keys. */
const TABBABLE = `[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex]')].filter(
  (each) => each.tabIndex >= 0 && !each.disabled && each.checkVisibility({ visibilityProperty: true }) && !each.closest('[inert]')
    && (each.type !== 'radio' || each.checked),
)`
