import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { StatusAnswer } from '../../core/api.ts'
import { ApiError } from '../../ui/lib/api.ts'
import { NodeInfo } from '../../ui/lib/node.svelte.ts'
import { TestPage } from './page.ts'
import { NOW, STATUS } from './support.ts'

const AWAY = new ApiError(500, 'internal', 'The node answered 500.')
let asked: number[] = []
let isAway = false
let node: NodeInfo
let status: StatusAnswer

beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
  asked = []
  isAway = false
  status = STATUS
  const again = (): void => void node.refresh().catch(() => undefined)
  const get = (): Promise<never> => {
    asked.push((Date.now() - NOW) / 1000)
    return isAway ? Promise.reject(AWAY) : Promise.resolve(status as never)
  }
  node = new NodeInfo({ get }, () => ({ tz: 'UTC', dayStart: 0 }), again)
})
afterEach(() => {
  node.stop()
  vi.useRealTimers()
})

it('a node whose state does not come is asked again by itself, more seldom each time, then as usual', async () => {
  await node.refresh()
  isAway = true
  await vi.advanceTimersByTimeAsync(1_000_000)
  expect(asked).toEqual([0, 30, 60, 120, 240, 480, 780])
  isAway = false
  await vi.advanceTimersByTimeAsync(110_000)
  expect(asked.slice(7)).toEqual([1080, 1110])
})

it('a node that reads what was there before is not asked each second while it fails', async () => {
  const backfill = { done: 1, total: 2 }
  status = { ...STATUS, sources: [{ backfill } as unknown as StatusAnswer['sources'][number]] }
  await node.refresh()
  await vi.advanceTimersByTimeAsync(2000)
  expect(asked).toEqual([0, 1, 2])
  isAway = true
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked).toEqual([0, 1, 2, 3, 33])
})

it('one request that fails after a later one came changes nothing', async () => {
  let fail: (error: Error) => void = () => undefined
  const answers: Promise<unknown>[] = [
    new Promise((_resolve, reject) => (fail = reject)),
    Promise.resolve(STATUS),
  ]
  const get = () => (answers.shift() ?? Promise.resolve(STATUS)) as Promise<never>
  const again = vi.fn()
  const other = new NodeInfo({ get }, () => ({ tz: 'UTC', dayStart: 0 }), again)
  const first = other.refresh()
  await other.refresh()
  fail(AWAY)
  await expect(first).rejects.toBe(AWAY)
  await vi.advanceTimersByTimeAsync(30_000)
  expect(again).toHaveBeenCalledTimes(1)
  other.stop()
})

it('a page that is closed asks no more, whatever is still on its way', async () => {
  isAway = true
  const last = node.refresh()
  node.stop()
  await expect(last).rejects.toBe(AWAY)
  node.refreshSoon()
  expect(vi.getTimerCount()).toBe(0)
})

it('a page says again how the node is once it answers, without a word from anybody', async () => {
  vi.useRealTimers()
  const page = new TestPage()
  try {
    page.api.instead.status = () => Promise.resolve(new Response('<h1>Oops</h1>', { status: 500 }))
    await page.open()
    const before = page.api.asked.filter(({ path }) => path === 'status').length
    delete page.api.instead.status
    await page.settle(31)
    expect(page.api.asked.filter(({ path }) => path === 'status').length).toBe(before + 1)
  } finally {
    page.close()
  }
})
