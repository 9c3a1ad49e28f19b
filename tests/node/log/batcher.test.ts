import { describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { Batcher } from '../../../node/log/batcher.ts'
import { promptAt } from '../../support/events.ts'

/** Timers that run when the test says so. */
function testTimers() {
  let now = 0
  const due: { at: number; callback: () => void }[] = []
  return {
    now: () => now,
    after(ms: number, callback: () => void) {
      due.push({ at: now + ms, callback })
      return () => undefined
    },
    async advance(ms: number) {
      now += ms
      for (const timer of due.splice(0)) {
        if (timer.at <= now) timer.callback()
        else due.push(timer)
      }
      await settled()
    },
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))
const events = (count: number): Event[] => Array.from({ length: count }, (_, i) => promptAt(i, { id: i }))

describe('A batcher', () => {
  test('appends the first event after silence at once and gathers what follows for 25 ms', async () => {
    const blocks: number[] = []
    const timers = testTimers()
    const batcher = new Batcher(
      async (batch) => void blocks.push(...batch.map((block) => block.length)),
      timers,
    )
    await batcher.add(events(1))
    expect(blocks).toEqual([1])
    const later = [batcher.add(events(2)), batcher.add(events(3))]
    await timers.advance(24)
    expect(blocks).toEqual([1])
    await timers.advance(1)
    await Promise.all(later)
    expect(blocks).toEqual([1, 5])
    await timers.advance(25)
    await batcher.add(events(1))
    expect(blocks).toEqual([1, 5, 1])
  })

  test('packs a backfill 100 a block without waiting', async () => {
    const blocks: number[] = []
    const batcher = new Batcher(
      async (batch) => void blocks.push(...batch.map((block) => block.length)),
      testTimers(),
    )
    await batcher.add(events(1))
    await batcher.add(events(250))
    expect(blocks).toEqual([1, 100, 100, 50])
  })

  test('lets a backfill wait for no interval', async () => {
    const blocks: number[] = []
    const batcher = new Batcher(
      async (batch) => void blocks.push(...batch.map((block) => block.length)),
      testTimers(),
    )
    await batcher.add(events(3), true)
    await batcher.add(events(2), true)
    expect(blocks).toEqual([3, 2])
  })

  test('says which events could not be stored, and goes on with the next', async () => {
    let isFull = true
    const stored: Event[] = []
    const timers = testTimers()
    const batcher = new Batcher(async (batch) => {
      if (isFull) throw new Error('disk full')
      stored.push(...batch.flat())
    }, timers)
    await expect(batcher.add(events(1))).rejects.toThrow('disk full')
    isFull = false
    await timers.advance(25)
    await batcher.add(events(2))
    expect(stored).toHaveLength(2)
  })
})
