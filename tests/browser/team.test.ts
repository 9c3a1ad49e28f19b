import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { handleOf } from '../../core/handle.ts'
import { violations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { FakeBackend } from '../support/fake-backend.ts'
import { type FakeNode, startFakeNode } from '../support/fake-node.ts'
import { overlapOf } from '../support/fake-team.ts'
import { type FakeSession, PEOPLE, teamDay } from '../support/fake-world.ts'

const [ADA, BRUNO, CHANDRA] = PEOPLE as [(typeof PEOPLE)[0], (typeof PEOPLE)[0], (typeof PEOPLE)[0]]
const SENTENCE = 'Bruno Lima’s agent is in invite.ts too'

let browser: Browser
let context: BrowserContext
let page: Page
let node: FakeNode
let backend: FakeBackend
/** Of oneself. */
let mine: FakeSession
/** Of Bruno. */
let theirs: FakeSession
let complaints: string[]

beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

beforeEach(async () => {
  const day = teamDay(Date.now())
  mine = day.sessions[0]!
  theirs = day.sessions[2]!
  backend = new FakeBackend({ now: () => Date.now(), events: day.events })
  node = await startFakeNode(backend)
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
  complaints = []
  page = await context.newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await page.goto(node.openUrl())
  await page.getByRole('article').first().waitFor()
})
afterEach(async () => {
  await context.close()
  await node.stop()
})

/** Bruno's agent edits a file; `also` is who edits it too. */
function edit(context: string, ...also: FakeSession[]): void {
  const event = theirs.next(Date.now())
  const { sessionId, project, assistant } = event.payload
  const call = { tool: 'Edit', callId: 'ybndrfg8ejkm', status: 'completed', context } as const
  if (also.length) backend.team.overlaps = [overlapOf(context, ADA.source, Date.now(), theirs, ...also)]
  backend.add({
    ...event,
    eventType: 'tool',
    payload: { sessionId, project, assistant, ...call, fileTag: 'ybndrfg8ejkm' },
  })
}

const banner = () => page.getByRole('region', { name: 'Same file' })
const go = async (hash: string) => {
  await page.goto(`http://127.0.0.1:${node.port}/${hash}`)
  await page.locator('h1').waitFor()
}
const person = (name: string) => page.getByRole('row').filter({ hasText: name })

describe('“You are in the same file”', () => {
  it('stands on top of every screen as soon as it happens, and in the title', async () => {
    edit('invite.ts', mine)
    await banner().getByRole('alert').getByText(SENTENCE).waitFor()
    await expect.poll(() => page.title()).toContain('Same file: invite.ts')
    const box = (await banner().boundingBox())!
    expect(box.width).toBe(1440)
    for (const screen of ['heat', 'people', 'settings']) {
      await page.locator(`a[href="#/${screen}"]`).first().click()
      await expect.poll(() => banner().isVisible()).toBe(true)
    }
    await banner()
      .getByRole('link', { name: handleOf(theirs.id) })
      .click()
    await page.getByRole('heading', { name: handleOf(theirs.id) }).waitFor()
    await page.getByRole('main').getByText('Your agent is in invite.ts too').waitFor()
    expect(complaints).toEqual([])
  })

  it('is left with the keyboard alone, and not said again while it goes on', async () => {
    edit('invite.ts', mine)
    const name = `Got it: ${SENTENCE}`
    await page.getByRole('button', { name }).waitFor()
    const focused = () => page.evaluate<string | null>("document.activeElement.getAttribute('aria-label')")
    for (let i = 0; i < 20 && (await focused()) !== name; i++) await page.keyboard.press('Tab')
    expect(await focused()).toBe(name)
    await page.keyboard.press('Enter')
    await banner().waitFor({ state: 'detached' })
    expect(await page.title()).not.toContain('Same file')
    edit('invite.ts', mine)
    edit('kettle.ts')
    await page.getByRole('article').first().getByText('kettle.ts').waitFor()
    await page.reload()
    await page.getByRole('complementary').getByText(SENTENCE).waitFor()
    expect(await banner().count()).toBe(0)
  })

  it('moves only for those who like motion, and once', async () => {
    await page.evaluate(
      "window.began = []; document.addEventListener('animationstart', ({ animationName }) => window.began.push(animationName))",
    )
    edit('invite.ts', mine)
    await banner().waitFor()
    await page.keyboard.press('Escape')
    await banner().waitFor({ state: 'detached' })
    expect(await page.evaluate('window.began')).toEqual([])
    await page.emulateMedia({ reducedMotion: 'no-preference' })
    edit('schema.sql', mine)
    await banner().waitFor()
    await expect.poll(() => page.evaluate<unknown[]>('window.began')).toHaveLength(1)
    await expect.poll(() => page.evaluate<number>('document.getAnimations().length')).toBe(0)
  })

  it('says less where two teammates meet, or two agents of one’s own', async () => {
    const list = page.getByRole('region', { name: 'Who’s brewing' })
    const day = teamDay(Date.now())
    edit('login.tsx', day.sessions[4]!)
    await list.getByText('Chandra Rao’s agent is in login.tsx too').waitFor()
    backend.team.overlaps = [overlapOf('peer.rs', ADA.source, Date.now(), mine, day.sessions[1]!)]
    edit('peer.rs')
    await expect.poll(() => list.getByText('Two of your agents are in peer.rs').count()).toBe(2)
    expect(await banner().count()).toBe(0)
    expect(await page.title()).not.toContain('Same file')
  })
})

describe('the people', () => {
  it('change before one’s eyes', async () => {
    await go('#/people')
    await person('Chandra Rao').getByText('relayed').waitFor()
    backend.team.change(CHANDRA.source, { presence: 'offline', connection: 'offline', behind: 40 })
    await person('Chandra Rao').getByText('40 blocks behind').waitFor()
    expect(await person('Chandra Rao').getByText('offline').count()).toBe(2)
    backend.team.join({ source: 'mini-n6b2vd', name: 'Bruno Lima' })
    await person('Bruno Lima (mini)').getByText('direct').waitFor()
    await person('Bruno Lima (thinkpad)').waitFor()
    // By name, oneself first, whatever they do.
    const names = await page.getByRole('rowheader').getByTitle('the label of their events').allTextContents()
    const others = [
      'box-1-a7s3df',
      'mini-n6b2vd',
      BRUNO.source,
      CHANDRA.source,
      'framework-q8w4zc',
      'kiosk-e5r9to',
    ]
    expect(names).toEqual([ADA.source, ...others])
    expect(complaints).toEqual([])
  })

  it('lead to what one of them does', async () => {
    await go('#/people')
    await person('Bruno Lima').getByRole('link').click()
    await page.getByText('who: Bruno Lima').waitFor()
    await expect
      .poll(async () => new Set(await page.getByRole('article').locator('.person').allTextContents()))
      .toEqual(new Set(['Bruno Lima']))
  })
})

describe('an invitation', () => {
  it('is a key that is copied with one press', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await go('#/settings')
    await page.getByRole('button', { name: 'Show the team key' }).click()
    await page.getByText('Anyone with this key can read and join until you rotate it.').waitFor()
    await page.getByText('Only the key').click()
    await page.getByRole('button', { name: 'Copy the team key' }).click()
    await page.getByText('Copied', { exact: true }).waitFor()
    expect(await violations(page)).toEqual([])
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^vt1w\w{111}$/)
  })
})
