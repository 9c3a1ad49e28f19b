import type { EventRow } from '../../core/api.ts'
import { SESSION_GAP_MS } from '../../core/lifecycle.ts'

/** What comes this much after it happened was caught up on, and is folded into one line. */
const LATE_MS = 10 * 60_000
/** That a session is over is known half an hour after its last event, whose time its end bears: that is not late. */
const LATE_END_MS = 2 * SESSION_GAP_MS

/** Whether a row came long after it happened; `aheadMs` is how far the clock it was made by is ahead of the node's. */
export function isLate({ eventType, receivedAt, timestamp }: EventRow, aheadMs = 0): boolean {
  const late = eventType === 'session' || eventType === 'summary' ? LATE_END_MS : LATE_MS
  return Date.parse(receivedAt) - Date.parse(timestamp) + aheadMs > late
}
