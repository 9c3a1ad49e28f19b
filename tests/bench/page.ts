import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { launchBrowser } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { FakeBackend } from '../support/fake-backend.ts'
import { type FakeNode, startFakeNode } from '../support/fake-node.ts'
import { type FakeSession, teamDay } from '../support/fake-world.ts'
import type { Figure } from './table.ts'
import { quantile } from './table.ts'

const LOADED = 100_000
const RATE = 500
const MEASURED_S = 10
const OPENINGS = 7
/** Below what makes a client lag. */
const LOADING_BATCH = 2000
const LOADING_PAUSE_MS = 500
const STEP_MS = 20

/** The least that a page can do: the same calls and messages, parsed; one line of text for the first row. */
const BARE_SCRIPT = `
const code = location.hash.slice(6)
const post = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ code }) }
const { token } = await (await fetch('/api/session', post)).json()
const headers = { Authorization: 'Bearer ' + token }
const socket = new WebSocket('ws://' + location.host + '/ws', ['vibetea.v1', 'bearer.' + token])
globalThis.kept = []
socket.onmessage = async ({ data }) => {
  const message = JSON.parse(data)
  if (message.type === 'events') globalThis.kept.push(...message.events)
  if (message.type !== 'hello') return
  const { events } = await (await fetch('/api/events?limit=500&order=time', { headers })).json()
  const row = document.createElement('article')
  row.textContent = events[0].timestamp
  document.body.append(row)
}
`
const BARE_PAGE =
  '<!doctype html><title>bare</title><body><script type="module" src="/assets/bare.js"></script>'

const FIRST_ROW = `
new MutationObserver((_, observer) => {
  if (!document.querySelector('article')) return
  globalThis.firstRowAt = performance.now()
  observer.disconnect()
}).observe(document, { childList: true, subtree: true })
`

interface Cost {
  /** CPU time of the main thread, ms in a second. */
  cpu: number
  /** How long its tasks took, and scripts among them; neighbours on the machine make it longer. */
  task: number
  script: number
  /** Megabytes after a collection. */
  heap: number
}

function gzippedKb(directory: string): number {
  const scripts = [join(directory, 'first-paint.js')]
  for (const name of readdirSync(join(directory, 'assets'))) {
    if (name.endsWith('.js')) scripts.push(join(directory, 'assets', name))
  }
  return scripts.reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0) / 1024
}

/** Median ms from the navigation to the first row, of several new windows. */
async function firstRow(browser: Browser, node: FakeNode): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < OPENINGS; i++) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    await page.addInitScript(FIRST_ROW)
    await page.goto(node.openUrl())
    await page.waitForSelector('article')
    times.push(await page.evaluate<number>('globalThis.firstRowAt'))
    await context.close()
  }
  return quantile(times, 0.5)
}

async function metrics(cdp: CDPSession): Promise<Record<string, number>> {
  const { metrics } = await cdp.send('Performance.getMetrics')
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]))
}

/** Costs over some seconds in which events arrive. */
async function measure(page: Page, arrive: (ms: number) => Promise<void>): Promise<Cost> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable')
  await arrive(2000)
  const before = await metrics(cdp)
  await arrive(MEASURED_S * 1000)
  const after = await metrics(cdp)
  const perSecond = (name: string) =>
    ((after[name]! - before[name]!) * 1000) / (after.Timestamp! - before.Timestamp!)
  await cdp.send('HeapProfiler.enable')
  await cdp.send('HeapProfiler.collectGarbage')
  const heap = (await metrics(cdp)).JSHeapUsedSize! / 1e6
  return {
    cpu: perSecond('ThreadTime'),
    task: perSecond('TaskDuration'),
    script: perSecond('ScriptDuration'),
    heap,
  }
}

/** Adds events of all sessions in turn. */
function source(backend: FakeBackend, sessions: readonly FakeSession[]) {
  let turn = 0
  const add = (count: number) => {
    const events = Array.from({ length: count }, () => sessions[turn++ % sessions.length]!.next(Date.now()))
    backend.addRows(events)
  }
  const load = async (count: number) => {
    for (let left = count; left > 0; left -= LOADING_BATCH) {
      add(Math.min(left, LOADING_BATCH))
      await sleep(LOADING_PAUSE_MS)
    }
  }
  const arrive = async (ms: number) => {
    const start = performance.now()
    const ids = new Set(sessions.map(({ id }) => id))
    for (let done = 0, told = 0; performance.now() - start < ms;) {
      const due = Math.floor(((performance.now() - start) * RATE) / 1000)
      if (due > done) add(due - done)
      done = Math.max(due, done)
      if (performance.now() - start > told * 1000) {
        backend.tellSessions(ids)
        told++
      }
      await sleep(STEP_MS)
    }
  }
  return { load, arrive }
}

/** What the dashboard costs, beside a blank page that is sent the same. `uiDirectory` holds the built page. */
export async function benchPage(uiDirectory: string): Promise<Figure[]> {
  process.env.VIBETEA_CHROMIUM = findChromium()
  const directory = mkdtempSync(join(tmpdir(), 'vibetea-bare-page-'))
  mkdirSync(join(directory, 'assets'))
  writeFileSync(join(directory, 'index.html'), BARE_PAGE)
  writeFileSync(join(directory, 'assets', 'bare.js'), BARE_SCRIPT)
  const { sessions, events } = teamDay(Date.now())
  const backend = new FakeBackend({ now: () => Date.now(), events })
  const { load, arrive } = source(backend, sessions)
  const nodes = [await startFakeNode(backend, uiDirectory), await startFakeNode(backend, directory)] as const
  const browser = await launchBrowser({ flags: ['--enable-precise-memory-info'] })
  try {
    const [full, bare] = [await firstRow(browser, nodes[0]), await firstRow(browser, nodes[1])]
    const costs: Cost[] = []
    for (const node of nodes) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
      const page = await context.newPage()
      await page.goto(node.openUrl())
      await page.waitForSelector('article')
      await load(LOADED)
      costs.push(await measure(page, arrive))
      await context.close()
    }
    const [dashboard, blank] = costs as [Cost, Cost]
    const ms = (value: number) => `${value.toFixed(0)} ms`
    const under = `${LOADED.toLocaleString('en')} events loaded, ${RATE}/s arriving`
    const kb = gzippedKb(uiDirectory)
    return [
      {
        what: 'script, gzipped',
        measured: `${kb.toFixed(1)} KB`,
        bare: '–',
        ratio: '',
        target: '≤ 80 KB',
      },
      {
        what: `first row, median of ${OPENINGS} new windows`,
        measured: ms(full),
        bare: ms(bare),
        ratio: (full / bare).toFixed(1),
        target: '≤ 300 ms',
      },
      {
        what: `${under}: CPU a second`,
        measured: ms(dashboard.cpu),
        bare: ms(blank.cpu),
        ratio: (dashboard.cpu / blank.cpu).toFixed(1),
        target: '≤ 150 ms',
      },
      {
        what: `${under}: time in tasks a second, in scripts`,
        measured: `${ms(dashboard.task)}, ${ms(dashboard.script)}`,
        bare: `${ms(blank.task)}, ${ms(blank.script)}`,
        ratio: (dashboard.task / blank.task).toFixed(1),
        target: '',
      },
      {
        what: `${under}: heap`,
        measured: `${dashboard.heap.toFixed(0)} MB`,
        bare: `${blank.heap.toFixed(0)} MB`,
        ratio: (dashboard.heap / blank.heap).toFixed(1),
        target: '',
      },
    ]
  } finally {
    await browser.close()
    await Promise.all(nodes.map((node) => node.stop()))
    rmSync(directory, { recursive: true, force: true })
  }
}
