import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { whenWords } from '../../ui/lib/heat-words.ts'
import { launchBrowser } from '../support/browser.ts'
import { startNode } from '../support/cli.ts'
import { promptAt } from '../support/events.ts'
import { emptyMachine } from '../support/machine.ts'
import needsBuild from '../support/needs-build.ts'
import { postBatches } from './calls.ts'
import { Stack, SUBSCRIBER_TOKEN } from './stack.ts'
import { TestDevice, TestTeam } from './team.ts'

/** The dashboard of a real node in a real browser, with what a real archive knows. */

const HOUR_MS = 3_600_000
/** A teammate of whom nothing is on this machine. */
const GONE = new TestDevice('gone')
/** Hours, as far back, and how many events there were. */
const BUSY = [
  { at: Date.now() - 26 * HOUR_MS, events: 3 },
  { at: Date.now() - 100 * HOUR_MS, events: 7 },
]

let stack: Stack
let browser: Browser
beforeAll(async () => {
  needsBuild()
  const team = new TestTeam()
  ;[stack, browser] = await Promise.all([
    Stack.start({ secrets: { VIBETEA_TEAM_ID: team.idText } }),
    launchBrowser(),
  ])
  const records = [team.nextEpoch()]
  const events = BUSY.flatMap(({ at, events }, i) =>
    Array.from({ length: events }, (_, j) => promptAt(at, { id: 100 * i + j, source: GONE.source })),
  )
  const { status, answer } = await postBatches(stack, { records, batches: [team.batch(GONE, 0, events)] })
  expect([status, answer.inserted]).toEqual([200, 10])
})
afterAll(async () => {
  await browser.close()
  await stack.stop()
})

/** A machine where nothing ever happened, in a team with an archive. */
function machine(token = SUBSCRIBER_TOKEN) {
  const { variables } = emptyMachine()
  const archive = { VIBETEA_SUPABASE_URL: stack.functionsUrl, VIBETEA_SUBSCRIBER_TOKEN: token }
  return { ...variables, ...archive }
}

/** Starts its node, and opens the heat map in the browser. */
async function openHeat(variables: ReturnType<typeof machine>) {
  const node = await startNode(variables)
  const context = await browser.newContext({ timezoneId: 'UTC', reducedMotion: 'reduce' })
  onTestFinished(() => context.close())
  await context.addInitScript(`localStorage.setItem('vibetea.token', '${node.token()}')`)
  const page = await context.newPage()
  await page.goto(`${node.url}/#/heat`)
  return { node, page }
}

/** Waits for both hours in the map of everyone. */
async function untilShown(page: Page): Promise<void> {
  const grid = page.getByRole('grid', { name: 'Whole team' })
  for (const { at, events } of BUSY) {
    const [date = '', time = ''] = new Date(at).toISOString().split('T')
    const hour = whenWords({ date, hour: Number(time.slice(0, 2)) })
    await grid.getByRole('gridcell', { name: `${hour}: ${events} events` }).waitFor()
  }
}

const alert = (page: Page) => page.getByRole('alert').filter({ hasText: 'Unable to load history.' })

test('the heat map has a teammate’s hours that only the archive knows, and has them again without the local index', async () => {
  const variables = machine()
  const { node, page } = await openHeat(variables)
  await untilShown(page)
  await node.end('SIGTERM')

  const index = readdirSync(node.home).filter((name) => name.startsWith('index.db'))
  expect(index).toContain('index.db')
  for (const name of index) rmSync(join(node.home, name))
  stack.gateway.instead = (_, response) => Boolean(response.destroy())
  const { page: later } = await openHeat(variables)
  const said = alert(later)
  await said.getByText('The archive does not answer.').waitFor()
  stack.gateway.instead = null
  await said.getByRole('button', { name: 'Retry' }).click()
  await untilShown(later)
  await said.waitFor({ state: 'detached' })
})

test('a wrong token is said to be one, with what to do', async () => {
  const { page } = await openHeat(machine('wrong'))
  await alert(page).getByText('refused the token (401). See that VIBETEA_SUBSCRIBER_TOKEN').waitFor()
  expect(await page.getByRole('gridcell', { name: /: [1-9]\d* event/ }).count()).toBe(0)
})
