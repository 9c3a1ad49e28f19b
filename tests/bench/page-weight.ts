import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import type { FakeNode } from '../support/fake-node.ts'

/** What a page loads later by itself has come by then. */
const SETTLED_MS = 1500
const LAZY = ['timeline', 'heat', 'people', 'usage', 'session', 'history', 'settings', 'welcome'] as const

/** Kilobytes: scripts and styles gzipped, fonts as they are, for they are packed. */
export interface Weight {
  script: number
  style: number
  font: number
}

export interface PageWeight {
  /** What is loaded before another screen than the first is opened. */
  first: Weight
  /** What each of the other screens loads besides when it is the first that is opened. */
  lazy: { screen: string; weight: Weight }[]
}

function weightOf(directory: string, paths: Iterable<string>): Weight {
  const weight = { script: 0, style: 0, font: 0 }
  for (const path of paths) {
    const bytes = readFileSync(join(directory, path))
    if (path.endsWith('.js')) weight.script += gzipSync(bytes).length / 1024
    else if (path.endsWith('.css')) weight.style += gzipSync(bytes).length / 1024
    else if (path.endsWith('.woff2')) weight.font += bytes.length / 1024
  }
  return weight
}

/** What a browser loads of a built page that a node serves from `directory`; `sessionId` is a session that it knows. */
export async function weighPage(
  browser: Browser,
  node: FakeNode,
  directory: string,
  sessionId: string,
): Promise<PageWeight> {
  const lazy: PageWeight['lazy'] = []
  let first: Weight | null = null
  for (const screen of LAZY) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    const loaded = new Set<string>()
    page.on('response', (response) => {
      const { pathname } = new URL(response.url())
      if (/\.(js|css|woff2)$/.test(pathname)) loaded.add(pathname)
    })
    await page.goto(node.openUrl())
    await page.waitForSelector('article')
    await sleep(SETTLED_MS)
    first ??= weightOf(directory, loaded)
    const before = new Set(loaded)
    await page.goto(`http://127.0.0.1:${node.port}/#/${screen}${screen === 'session' ? `/${sessionId}` : ''}`)
    await sleep(SETTLED_MS)
    const weight = weightOf(
      directory,
      [...loaded].filter((path) => !before.has(path)),
    )
    if (weight.script === 0) throw new Error(`The screen ${screen} has loaded nothing.`)
    lazy.push({ screen, weight })
    await context.close()
  }
  return { first: first!, lazy }
}
