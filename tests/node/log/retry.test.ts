import { describe, expect, test } from 'vitest'
import { untilStored } from '../../../node/log/retry.ts'

/** Timers that go off at once and tell how long they would have taken. */
function hurried() {
  const waits: number[] = []
  return {
    waits,
    now: () => 0,
    after(ms: number, call: () => void) {
      waits.push(ms)
      const timer = setImmediate(call)
      return () => clearImmediate(timer)
    },
  }
}

describe('Storing on a full disk', () => {
  test('is tried again, ever more slowly, until there is room, and said twice', async () => {
    const timers = hurried()
    const said: string[] = []
    let failures = 9
    await untilStored(
      async () => {
        if (failures-- > 0) throw new Error('batch failed', { cause: new Error('No space left on device') })
      },
      {
        timers,
        say: (level, sentence) => said.push(`${level}: ${sentence}`),
        signal: new AbortController().signal,
      },
    )
    expect(timers.waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
    expect(said).toEqual([
      expect.stringMatching(/^error: .*No space left on device.*Nothing is lost/),
      expect.stringMatching(/^info: The log can be written again/),
    ])
  })

  test('is given up with a sentence only when the node stops', async () => {
    const stopping = new AbortController()
    const stored = untilStored(() => Promise.reject(new Error('No space left on device')), {
      timers: { now: () => 0, after: () => () => undefined },
      say: () => undefined,
      signal: stopping.signal,
    })
    stopping.abort()
    await expect(stored).rejects.toMatchObject({ code: 'log_not_written' })
  })
})
