import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { EventRow } from '../../core/api.ts'
import { toolAt } from '../support/events.ts'
import { TestPage } from './page.ts'
import { memberRow, NOW, rowOf, sessionRow } from './support.ts'

const SECONDS = 20
let page: TestPage
beforeEach(() => {
  page = new TestPage()
  page.api.answers.members = {
    members: [memberRow({ isSelf: true }), memberRow({ source: 'emi-cpqxot', device: 'e' })],
  }
  page.api.answers.sessions = { sessions: [sessionRow()] }
})
afterEach(() => {
  vi.restoreAllMocks()
  page.close()
})

function edit(n: number): EventRow {
  const row = rowOf(toolAt(NOW + n * 100, 'completed', { id: n }), n)
  if (row.eventType !== 'tool') throw new Error('It is an edit.')
  return { ...row, payload: { ...row.payload, fileTag: 'ybndrfg8ejkm' } }
}

/** How often each timer goes off from now on, by what it does. */
function countTimers(): Map<string, number> {
  const counts = new Map<string, number>()
  const original = globalThis.setTimeout
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, ms?: number) =>
    original(() => {
      counts.set(String(work), (counts.get(String(work)) ?? 0) + 1)
      work()
    }, ms)) as typeof setTimeout)
  return counts
}

it.each(['#/live', '#/timeline', '#/heat', '#/history'])(
  'a hidden tab at %s draws nothing by itself and does each thing once a second at most, however much comes',
  async (hash) => {
    await page.open([edit(0)])
    await page.go(hash)
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)
    document.dispatchEvent(new Event('visibilitychange'))
    await page.settle()
    const frames = vi.spyOn(window, 'requestAnimationFrame')
    const intervals = vi.spyOn(globalThis, 'setInterval')
    const timers = countTimers()
    const before = page.api.asked.length
    for (let n = 1; n <= SECONDS * 10; n++) {
      page.socket.say({ type: 'events', events: [edit(n)], head: `c.${n}` })
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(frames).not.toHaveBeenCalled()
    expect(intervals).not.toHaveBeenCalled()
    expect(Math.max(...timers.values())).toBeLessThanOrEqual(SECONDS + 1)
    const asked = new Map<string, number>()
    for (const { path } of page.api.asked.slice(before)) asked.set(path, (asked.get(path) ?? 0) + 1)
    expect(Math.max(...asked.values())).toBeLessThanOrEqual(SECONDS + 1)
  },
)
