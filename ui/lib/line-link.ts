import { describeBurst } from './describe-burst.ts'
import { type FeedItem, isBurst, isFold } from './feed-lines.ts'
import { type Filters, listOf } from './filters.ts'
import { formatHash } from './router.svelte.ts'

/** Where a line of a feed leads: to its session; to each row, where it stands for several. */
export function linkOf(item: FeedItem, filters: Filters): string {
  if (isFold(item))
    return linkOfHistory({ ...filters, source: [...item.bySource.keys()] }, [item.from, item.to])
  const { eventType, source, payload } = isBurst(item) ? item.rows[0]! : item
  if (!isBurst(item) || describeBurst(item.rows).times === 1) return formatHash('session', payload.sessionId)
  const only = { type: [eventType], source: [source], session: payload.sessionId }
  return linkOfHistory(
    only,
    item.rows.map(({ timestamp }) => Date.parse(timestamp)),
  )
}

function linkOfHistory(filters: Partial<Filters>, times: readonly number[]): string {
  const [from, to] = [Math.min(...times), Math.max(...times) + 1]
  return listOf('history', { ...filters, from, to })
}
