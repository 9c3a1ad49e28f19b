import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Browser, CDPSession, Page } from 'playwright-core'
import type { ServerMessage } from '../../core/api.ts'
import { launchBrowser } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { FakeBackend } from '../support/fake-backend.ts'
import { type FakeNode, startFakeNode } from '../support/fake-node.ts'
import { type FakeSession, teamDay } from '../support/fake-world.ts'
import { type PageWeight, weighPage } from './page-weight.ts'
import type { Figure } from './table.ts'
import { quantile } from './table.ts'

const LOADED = 100_000
/** Past its capacity a page lets go of the oldest rows, some thousands at a time. */
const HELD_AT_LEAST = 90_000
const RATE = 500
const MEASURED_S = 10
const OPENINGS = 7
/** Below what makes a client lag. */
const LOADING_BATCH = 2000
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

/** A window that Playwright drives is never hidden by others, so the page is told so; a hidden one is not drawn either. */
const HIDE = `
Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })
Object.defineProperty(document, 'hidden', { get: () => true })
document.dispatchEvent(new Event('visibilitychange'))
`

interface Cost {
  /** CPU time of the main thread, ms in a second. */
  cpu: number
  /** How long its tasks took, and scripts among them; neighbours on the machine make it longer. */
  task: number
  script: number
}

interface Costs {
  busy: Cost
  hidden: Cost
  idle: Cost
  /** Megabytes after a collection, and how many rows are held in them. */
  heap: number
  rows: number
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

/** Costs over some seconds in which something happens. */
async function measure(cdp: CDPSession, happen: (ms: number) => Promise<unknown>): Promise<Cost> {
  await happen(2000)
  const before = await metrics(cdp)
  await happen(MEASURED_S * 1000)
  const after = await metrics(cdp)
  const perSecond = (name: string) =>
    ((after[name]! - before[name]!) * 1000) / (after.Timestamp! - before.Timestamp!)
  return {
    cpu: perSecond('ThreadTime'),
    task: perSecond('TaskDuration'),
    script: perSecond('ScriptDuration'),
  }
}

/** Megabytes after a collection. */
async function heapOf(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.enable')
  await cdp.send('HeapProfiler.collectGarbage')
  return (await metrics(cdp)).JSHeapUsedSize! / 1e6
}

/** How many rows of events a page holds, whoever holds them. */
async function rowsHeld(cdp: CDPSession): Promise<number> {
  const { result: prototype } = await cdp.send('Runtime.evaluate', { expression: 'Object.prototype' })
  const { objects } = await cdp.send('Runtime.queryObjects', { prototypeObjectId: prototype.objectId! })
  const { result } = await cdp.send('Runtime.callFunctionOn', {
    objectId: objects.objectId!,
    functionDeclaration:
      "function () { return this.filter((each) => Object.hasOwn(each, 'receivedAt') && Object.hasOwn(each, 'eventType')).length }",
    returnByValue: true,
  })
  await cdp.send('Runtime.releaseObject', { objectId: objects.objectId! })
  return result.value as number
}

/** Follows how far a page has come. */
function following(page: Page): { head: () => string | null } {
  let head: string | null = null
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => {
      const message = JSON.parse(String(payload)) as ServerMessage
      if (message.type === 'gap') throw new Error('The page fell behind.')
      if ('head' in message) head = message.head
    })
  })
  return { head: () => head }
}

/** Adds events of all sessions in turn. */
function source(backend: FakeBackend, sessions: readonly FakeSession[]) {
  let turn = 0
  const add = (count: number) => {
    const events = Array.from({ length: count }, () => sessions[turn++ % sessions.length]!.next(Date.now()))
    backend.addRows(events)
  }
  /** As fast as the page takes it: one that falls behind starts over, and holds little. */
  const load = async (count: number, { head }: ReturnType<typeof following>) => {
    for (let left = count; left > 0; left -= LOADING_BATCH) {
      add(Math.min(left, LOADING_BATCH))
      while (head() !== backend.live.head) await sleep(STEP_MS)
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

/** Costs of a page that holds as many rows as it can. */
async function costsOf(
  browser: Browser,
  node: FakeNode,
  { load, arrive }: ReturnType<typeof source>,
): Promise<Costs> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  const followed = following(page)
  await page.goto(node.openUrl())
  await page.waitForSelector('article')
  await load(LOADED, followed)
  const cdp = await context.newCDPSession(page)
  await cdp.send('Performance.enable')
  const busy = await measure(cdp, arrive)
  const heap = await heapOf(cdp)
  const idle = await measure(cdp, sleep)
  await page.evaluate(HIDE)
  const hidden = await measure(cdp, arrive)
  const rows = await rowsHeld(cdp)
  if (rows < HELD_AT_LEAST) throw new Error(`The page holds ${rows} rows, so it has fallen behind.`)
  await context.close()
  return { busy, idle, hidden, heap, rows }
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
  const nodes = [await startFakeNode(backend, uiDirectory), await startFakeNode(backend, directory)] as const
  const browser = await launchBrowser({ flags: ['--enable-precise-memory-info'] })
  try {
    const first = [await firstRow(browser, nodes[0]), await firstRow(browser, nodes[1])] as const
    const weight = await weighPage(browser, nodes[0], uiDirectory, sessions[0]!.id)
    const events = source(backend, sessions)
    const page = await costsOf(browser, nodes[0], events)
    const bare = await costsOf(browser, nodes[1], events)
    return [...weightFigures(weight), ...costFigures(first, page, bare)]
  } finally {
    await browser.close()
    await Promise.all(nodes.map((node) => node.stop()))
    rmSync(directory, { recursive: true, force: true })
  }
}

function weightFigures({ first, lazy }: PageWeight): Figure[] {
  const kb = (value: number) => `${value.toFixed(1)} KB`
  const bare = kb(gzipSync(BARE_SCRIPT).length / 1024)
  const figure = { bare: '–', ratio: '', target: '' }
  return [
    {
      ...figure,
      what: 'script before another screen is opened, gzipped',
      measured: kb(first.script),
      bare,
      target: '≤ 80 KB',
    },
    { ...figure, what: 'styles, gzipped; fonts', measured: `${kb(first.style)}; ${kb(first.font)}` },
    ...lazy.map(({ screen, weight }) => ({
      ...figure,
      what: `${screen}, when it is opened: script, styles`,
      measured: [
        kb(weight.script),
        kb(weight.style),
        ...(weight.font ? [`font ${kb(weight.font)}`] : []),
      ].join(', '),
    })),
  ]
}

function costFigures(first: readonly [number, number], page: Costs, bare: Costs): Figure[] {
  const under = `${LOADED.toLocaleString('en')} events loaded`
  const figure = (what: string, values: readonly [number, number], unit: string, target: string): Figure => ({
    what,
    measured: `${values[0].toFixed(unit === 'MB' ? 1 : 0)} ${unit}`,
    bare: `${values[1].toFixed(unit === 'MB' ? 1 : 0)} ${unit}`,
    ratio: values[1] > 0 ? (values[0] / values[1]).toFixed(1) : '',
    target,
  })
  const both = (pick: (costs: Costs) => number) => [pick(page), pick(bare)] as const
  return [
    figure(`first row, median of ${OPENINGS} new windows`, first, 'ms', '≤ 300 ms'),
    figure(
      `${under}, ${RATE}/s arriving: CPU a second`,
      both(({ busy }) => busy.cpu),
      'ms',
      '≤ 150 ms',
    ),
    figure(
      'the same: time in tasks a second',
      both(({ busy }) => busy.task),
      'ms',
      '',
    ),
    figure(
      'the same: of it in scripts',
      both(({ busy }) => busy.script),
      'ms',
      '',
    ),
    figure(
      `the same, the page hidden: CPU a second`,
      both(({ hidden }) => hidden.cpu),
      'ms',
      '',
    ),
    figure(
      `${under}, nothing arriving: CPU a second`,
      both(({ idle }) => idle.cpu),
      'ms',
      '',
    ),
    figure(
      `${under}: heap after a collection`,
      both(({ heap }) => heap),
      'MB',
      '≤ 25 MB',
    ),
    figure(
      `${under}: rows that are held`,
      both(({ rows }) => rows),
      'rows',
      `≥ ${HELD_AT_LEAST}`,
    ),
  ]
}
