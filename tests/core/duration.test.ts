import { expect, test } from 'vitest'
import { parseDuration } from '../../core/duration.ts'

test.each([
  ['1s', 1000],
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['1h', 3_600_000],
  ['365d', 31_536_000_000],
])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

test.each(['', '1', 'h', '0m', '366d', '-1h', '1.5h', '1h30m', '１h', '99999999999s'])(
  '"%s" is no length of time',
  (text) => expect(parseDuration(text)).toBeNull(),
)
