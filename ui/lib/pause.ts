import type { StatusAnswer } from '../../core/api.ts'
import { fullTime, shortTime } from './time.ts'

const DAY_MS = 86_400_000

/** Until when recording is paused, in words: `until 14:00`, `until you resume`; '' while it is not paused. */
export function pausedWords(status: StatusAnswer | null, now: number): string {
  const until = status?.node.pausedUntil ?? ''
  if (!until) return ''
  const ms = Date.parse(until)
  // Anything but a time is a pause without an end.
  if (Number.isNaN(ms)) return 'until you resume'
  if (ms <= now) return ''
  return `until ${ms - now < DAY_MS / 2 ? shortTime(ms) : fullTime(ms)}`
}
