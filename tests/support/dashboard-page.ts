import type { Browser, BrowserContext, BrowserContextOptions, CDPSession, Page } from 'playwright-core'
import type { StatusAnswer } from '../../core/api.ts'
import { systemTimers } from '../../node/system-timers.ts'
import { FakeBackend } from './fake-backend.ts'
import { type FakeNode, startFakeNode } from './fake-node.ts'
import { type FakeSession, teamDay } from './fake-world.ts'

export interface DashboardOptions extends BrowserContextOptions {
  /** Where the page's and the node's clocks stand, ms since 1970; they run where it is absent. */
  standsAt?: number
  /** Preferences that are chosen before the page is opened. */
  chosen?: Readonly<Record<string, string | number | boolean>>
  /** How the node stands with its archive, from the page's first look on. */
  archive?: StatusAnswer['archive']
}

/** Where clocks stand, ms since 1970; they run where it is undefined. */
interface Clock {
  standsAt: number | undefined
}

/** What the browser says of a node that is away or wants a new token is no complaint about the page. */
const OF_AN_ABSENT_NODE = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|401|HTTP Authentication failed/

/** The browser may lose the end of a request, and draws no frame of a window that it takes for hidden. */
const LONGEST_WAIT_MS = 5000
const NEXT_FRAME =
  'new Promise((done) => { requestAnimationFrame(() => setTimeout(done, 0)); setTimeout(done, 1000) })'

/** The built dashboard in a window of its own, before a scripted node with a team's day. */
export class DashboardPage {
  readonly page: Page
  readonly context: BrowserContext
  readonly backend: FakeBackend
  readonly node: FakeNode
  readonly sessions: readonly FakeSession[]
  /** What the browser complained about. */
  readonly complaints: string[] = []
  readonly #clock: Clock
  #devTools: CDPSession | undefined
  /** Requests without an answer yet. */
  #open = 0

  private constructor(
    page: Page,
    backend: FakeBackend,
    node: FakeNode,
    sessions: readonly FakeSession[],
    clock: Clock,
  ) {
    this.#clock = clock
    this.page = page
    this.context = page.context()
    this.backend = backend
    this.node = node
    this.sessions = sessions
    page.on('request', () => this.#open++)
    page.on('requestfinished', () => this.#open--)
    page.on('requestfailed', () => this.#open--)
    page.on('pageerror', (error) => this.complaints.push(error.message))
    page.on('console', (message) => {
      const isComplaint = message.type() === 'error' || message.type() === 'warning'
      if (isComplaint && !OF_AN_ABSENT_NODE.test(message.text())) this.complaints.push(message.text())
    })
  }

  static async open(
    browser: Browser,
    { standsAt, chosen, archive = null, ...options }: DashboardOptions = {},
  ): Promise<DashboardPage> {
    const clock: Clock = { standsAt }
    const now = () => clock.standsAt ?? Date.now()
    const { sessions, events } = teamDay(now())
    const backend = new FakeBackend({ now, events })
    backend.archive = archive
    const node = await startFakeNode(backend, undefined, { ...systemTimers, now })
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
      ...options,
    })
    if (standsAt !== undefined) await context.clock.setFixedTime(standsAt)
    if (chosen) {
      const text = JSON.stringify(JSON.stringify(chosen))
      await context.addInitScript(`localStorage.setItem('vibetea.preferences', ${text})`)
    }
    const dashboard = new DashboardPage(await context.newPage(), backend, node, sessions, clock)
    await dashboard.page.goto(node.openUrl())
    await dashboard.page.getByRole('article').first().waitFor()
    return dashboard
  }

  async close(): Promise<void> {
    await this.context.close()
    await this.node.stop()
  }

  /** Goes to a place of the page, `#/heat`, and waits until it has what it shows. */
  async go(hash: string): Promise<void> {
    await this.page.goto(`http://127.0.0.1:${this.node.port}/${hash}`)
    await this.page.locator('h1').first().waitFor()
    await this.settled()
  }

  /** Opens the page anew where it is, at another time, ms since 1970, and in another time zone. */
  async reopen(standsAt: number, timezoneId: string): Promise<void> {
    this.#clock.standsAt = standsAt
    await this.context.clock.setFixedTime(standsAt)
    this.#devTools ??= await this.context.newCDPSession(this.page)
    await this.#devTools.send('Emulation.setTimezoneOverride', { timezoneId })
    await this.page.reload()
    await this.settled()
  }

  /** Waits until all that the page has asked for is there and has been drawn. */
  async settled(): Promise<void> {
    const end = performance.now() + LONGEST_WAIT_MS
    do {
      await this.page.evaluate(NEXT_FRAME)
    } while (this.#open > 0 && performance.now() < end)
    await this.page.evaluate('document.fonts.ready.then(() => undefined)')
  }

  /** By how many pixels the page is wider than its window. */
  overflow(): Promise<number> {
    return this.page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
  }
}
