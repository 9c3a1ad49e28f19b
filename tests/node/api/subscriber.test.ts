import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ServerMessage } from '../../../core/api.ts'
import { Subscriber } from '../../../node/api/subscriber.ts'
import { row, TestClock, TestFeed } from './support.ts'

const numberOf = (cursor: string) => Number(cursor.slice(2))

/** A client that goes by what it is told: after a gap it has read up to the head over HTTP. */
class Reader {
  last = 0
  gaps = 0

  take(message: ServerMessage): void {
    if (message.type === 'gap' || (message.type === 'hello' && !message.resumed)) {
      expect(numberOf(message.head)).toBeGreaterThanOrEqual(this.last)
      this.last = numberOf(message.head)
    }
    if (message.type === 'gap') this.gaps++
    if (message.type === 'hello' && message.resumed) expect(numberOf(message.head)).toBe(this.last)
    if (message.type === 'events') {
      for (const { cursor } of message.events) expect(numberOf(cursor)).toBe(++this.last)
      expect(numberOf(message.head)).toBe(this.last)
    }
  }
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('index' as const), rows: fc.integer({ min: 1, max: 900 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('tell' as const), rows: fc.integer({ min: 1, max: 900 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 400 }) }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('come back' as const) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('read' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('drain' as const), isFull: fc.boolean() }) },
)

test('whatever comes in between, a client that resumes where it was misses and repeats no row', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const clock = new TestClock()
      const feed = new TestFeed()
      const reader = new Reader()
      let told = 0
      let buffered = 0
      let readRows = () => {}
      let reading = Promise.resolve()
      let subscriber: Subscriber | null = null

      const tell = (rows: number) => {
        const fresh = feed.rows.slice(told, told + rows)
        told += fresh.length
        if (fresh.length > 0) feed.tell(...fresh)
      }
      const comeBack = () => {
        subscriber?.stop()
        readRows()
        // The feed tells of a row moments after it can be read, long before a client that has it can be back.
        tell(Math.max(0, reader.last - told))
        feed.beforeRead = () => new Promise<void>((resolve) => (readRows = resolve))
        const next = new Subscriber({
          feed,
          filter: {},
          after: `c.${reader.last}`,
          intervalMs: 100,
          clock,
          send: (text) => reader.take(JSON.parse(text) as ServerMessage),
          bufferedBytes: () => buffered,
        })
        subscriber = next
        reading = next.start()
      }
      const read = async () => {
        readRows()
        await reading
      }

      comeBack()
      for (const now of steps) {
        if (now.does === 'index') {
          for (let n = 0; n < now.rows; n++) feed.rows.push(row(feed.rows.length + 1))
        }
        if (now.does === 'tell') tell(now.rows)
        if (now.does === 'pass') clock.pass(now.ms)
        if (now.does === 'come back') comeBack()
        if (now.does === 'read') await read()
        if (now.does === 'drain') buffered = now.isFull ? 2 ** 30 : 0
      }
      buffered = 0
      await read()
      tell(Infinity)
      clock.pass(60_000)
      expect(reader.last).toBe(feed.rows.length)
    }),
    { numRuns: 60 },
  )
})
