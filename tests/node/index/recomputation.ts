import type { EventRow, SessionRow, StatsBy, StatsRow } from '../../../core/api.ts'
import { bucketOf, byLocalHour, compare, localHours } from '../../../core/buckets.ts'
import type { Event } from '../../../core/events.ts'
import { weight } from '../../../core/events.ts'
import { handleOf } from '../../../core/handle.ts'
import type { SessionClock } from '../../../core/sessions.ts'
import { advance, NO_CLOCK, statusAt } from '../../../core/sessions.ts'
import type { MemoryLog, TestIndex } from './support.ts'
import { MINUTE } from './support.ts'

export const ZONE = 'Asia/Kathmandu'

/** All that can be asked, of the test's events. */
export interface Answers {
  feed: EventRow[]
  byTime: EventRow[]
  stats: Record<StatsBy, StatsRow[]>
  heatmap: unknown
  sessions: SessionRow[]
  found: string[]
}

interface Kept {
  row: number
  receivedAt: number
  event: Event
  at: number
}

/** The same answers by plain recomputation from the logs and the order of arrival. */
export function recomputed({ arrivals, now }: TestIndex, logs: readonly MemoryLog[]): Answers {
  const kept = new Map<string, Kept>()
  for (const { number, core, seq, blocks, receivedAt } of arrivals.ranges) {
    const log = logs.find((other) => other.core === core)!
    for (let i = Math.max(seq, log.floor); i < seq + blocks; i++) {
      log.blocks[i]!.forEach((event, place) => {
        const key = event.source + event.id
        const before = kept.get(key)
        if (before && weight(event) > weight(before.event)) before.event = event
        if (!before) kept.set(key, { row: (number + i - seq) * 512 + place, receivedAt, event, at: 0 })
      })
    }
  }
  const all = [...kept.values()].sort((a, b) => a.row - b.row)
  for (const entry of all) {
    entry.at = Math.min(Date.parse(entry.event.timestamp), entry.receivedAt + 10 * MINUTE)
  }
  const rowOf = ({ row, receivedAt, event }: Kept): EventRow => ({
    ...event,
    cursor: `${arrivals.orderId}.${row.toString(36)}`,
    receivedAt: new Date(receivedAt).toISOString(),
  })
  const sum = (entries: Kept[]) => {
    const count = (holds: (event: Event) => boolean) => entries.filter(({ event }) => holds(event)).length
    const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
    for (const { event } of entries) {
      if ('tokens' in event.payload) {
        for (const name of Object.keys(tokens) as (keyof typeof tokens)[])
          tokens[name] += event.payload.tokens[name]
      }
    }
    return {
      events: entries.length,
      tools: count(({ payload }) => 'status' in payload && payload.status === 'started'),
      failures: count(({ payload }) => 'status' in payload && payload.status === 'failed'),
      responses: count(({ payload }) => 'kind' in payload && payload.kind === 'response'),
      prompts: count(({ payload }) => 'kind' in payload && payload.kind === 'prompt'),
      errors: count(({ eventType }) => eventType === 'error'),
      tokens,
    }
  }
  const modelsOf = (entries: Kept[]): StatsRow['models'] => {
    const names = entries.flatMap(({ event: { payload } }) => ('model' in payload ? payload.model : []))
    return [...new Set(names)].sort(compare).map((model) => {
      const ofModel = entries.filter(({ event }) => 'model' in event.payload && event.payload.model === model)
      return { model, tokens: sum(ofModel).tokens }
    })
  }
  const toLocal = localHours(ZONE)
  const grouped = (key: (event: Event, at: number) => string | undefined): Map<string, Kept[]> => {
    const groups = new Map<string, Kept[]>()
    for (const entry of all) {
      const name = key(entry.event, entry.at)
      if (name !== undefined) groups.set(name, [...(groups.get(name) ?? []), entry])
    }
    return groups
  }
  const rows = (key: (event: Event, at: number) => string | undefined): StatsRow[] =>
    [...grouped(key)]
      .map(([name, entries]) => ({ key: name, ...sum(entries), models: modelsOf(entries) }))
      .sort((a, b) => compare(a.key, b.key))
  const buckets = all.map(({ event, at }) => ({ source: event.source, bucket: bucketOf(at), count: 1 }))
  return {
    feed: all.map(rowOf).reverse(),
    byTime: [...all].sort((a, b) => b.at - a.at || b.row - a.row).map(rowOf),
    stats: {
      source: rows(({ source }) => source),
      project: rows(({ payload }) => payload.project),
      assistant: rows(({ payload }) => payload.assistant),
      model: rows(({ payload }) => ('model' in payload ? payload.model : undefined)),
      tool: rows(({ payload }) => ('tool' in payload ? payload.tool : undefined)),
      day: rows((_, at) => toLocal(at).date),
    },
    heatmap: byLocalHour(buckets, localHours(ZONE), now, 7),
    sessions: [...grouped(({ source, payload }) => `${source} ${payload.sessionId}`)]
      .sort(([a], [b]) => compare(a, b))
      .map(([, entries]) => plainSession(entries, now, sum(entries))),
    found: all
      .filter(({ event }) => 'tool' in event.payload && event.payload.tool === 'Edit')
      .map((entry) => rowOf(entry).cursor)
      .reverse(),
  }
}

function plainSession(entries: Kept[], now: number, counts: Omit<StatsRow, 'key' | 'models'>): SessionRow {
  const iso = (ms: number) => new Date(ms).toISOString()
  const byTime = [...entries].sort((a, b) => a.at - b.at || a.row - b.row)
  const [first, last] = [byTime[0]!, byTime.at(-1)!]
  const clock = entries.reduce<SessionClock>(
    (before, { event, at }) => advance(before, { ...event, timestamp: iso(at) }),
    NO_CLOCK,
  )
  const status = statusAt({ ...clock, lastAt: clock.lastAt || first.at }, now)
  const shown = byTime.findLast(({ event }) => ['tool', 'activity', 'error'].includes(event.eventType))
  const step = (at: number) => Math.floor(at / (5 * MINUTE))
  const firstStep = step(byTime.find(({ at }) => step(last.at) - step(at) < 48)!.at)
  const density = Array.from({ length: step(last.at) - firstStep + 1 }, (_, i) => {
    return entries.filter(({ at }) => step(at) === firstStep + i).length
  })
  const { prompts, tools, failures, errors, tokens } = counts
  const { payload, source } = last.event
  return {
    sessionId: payload.sessionId,
    source,
    handle: handleOf(payload.sessionId),
    project: payload.project,
    projectTag: payload.projectTag!,
    assistant: payload.assistant,
    state: status.state,
    needs: status.needs,
    needsSince: status.needsSince === null ? null : iso(status.needsSince),
    startedAt: iso(first.at),
    lastEventAt: iso(last.at),
    endedAt: status.endedAt === null ? null : iso(status.endedAt),
    totals: { prompts, tools, failures, errors, tokens, durationMs: last.at - first.at },
    last: shown
      ? {
          eventType: shown.event.eventType,
          ...('tool' in shown.event.payload && { tool: shown.event.payload.tool, context: 'invite.ts' }),
        }
      : null,
    density: { from: iso(firstStep * 5 * MINUTE), stepMs: 5 * MINUTE, counts: density },
  }
}
